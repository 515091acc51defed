using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Resources.Binding;
using EtcdBackupAgent.Tests.Architecture;
using Xunit;

namespace EtcdBackupAgent.Tests.Resources.Binding;

public sealed class SettingFieldsTests
{
    [Fact]
    public void Every_named_field_is_declared()
    {
        string definition = File.ReadAllText(
            Path.Combine(SourceTree.Root, "manifests/crd/backuplocations.yaml"));
        string[] named = [.. Enum.GetValues<Setting>().Select(SettingFields.NameOf).OfType<string>()];

        Assert.NotEmpty(named);
        Assert.All(named, name =>
        {
            Assert.EndsWith(" of the BackupLocation", name, StringComparison.Ordinal);
            Assert.Contains($" {name.Split(' ')[0]}:\n", definition, StringComparison.Ordinal);
        });
    }
}
