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
        string[] named = [.. Enum.GetValues<Setting>().Select(SettingFields.NameOf).OfType<string>()];

        Assert.NotEmpty(named);
        Assert.All(named, name =>
        {
            string[] words = name.Split(" of the ");
            string definition = File.ReadAllText(
                Path.Combine(SourceTree.Root, $"manifests/crd/{words[1].ToLowerInvariant()}s.yaml"));
            Assert.Contains($" {words[0]}:\n", definition, StringComparison.Ordinal);
        });
    }
}
