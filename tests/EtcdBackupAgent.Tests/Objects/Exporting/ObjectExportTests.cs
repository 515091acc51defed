using System.Text;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Objects.Exporting;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Exporting;

public sealed class ObjectExportTests : IDisposable
{
    private static readonly OmittedObjects Omitted = new(new HashSet<(string, string)>());

    private static readonly FoundObject Settings = Found(
        "configmaps", "settings",
        """
        {"apiVersion":"v1","data":{"yes":"yes"},"kind":"ConfigMap","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"},"name":"settings","namespace":"web","uid":"u"}}
        """);

    private static readonly FoundObject Password = Found(
        "secrets",
        "password",
        """{"apiVersion":"v1","data":{"p":"cA=="},"kind":"Secret","metadata":{"name":"password"}}""");

    private readonly TestDirectory _directory = new();

    [Fact]
    public void Objects_become_files_that_can_be_applied()
    {
        ExportSummary summary = Export([Settings, Password], new ExportOptions { Omitted = Omitted });

        Assert.Equal((2, 2, 1), (summary.Objects, summary.Files, summary.Secrets));
        Assert.Equal(
            "apiVersion: v1\ndata:\n  \"yes\": \"yes\"\n"
            + "kind: ConfigMap\nmetadata:\n  name: settings\n  namespace: web\n",
            File.ReadAllText(_directory["to/namespaces/web/configmaps/settings.yaml"]));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(_directory["to/namespaces/web/secrets/password.yaml"]));
        Assert.Equal(["namespaces"], Directory.GetFileSystemEntries(_directory["to"]).Select(Path.GetFileName));
    }

    [Fact]
    public void Secrets_can_be_left_out()
    {
        ExportSummary summary = Export([Settings, Password], new ExportOptions { WithoutSecrets = true });

        Assert.Equal((2, 1, 0), (summary.Objects, summary.Files, summary.Secrets));
        Assert.Equal(1, Assert.Single(summary.Omitted).Value);
        Assert.False(Directory.Exists(_directory["to/namespaces/web/secrets"]));
    }

    [Fact]
    public void What_is_stored_can_be_written_as_it_is()
    {
        Export([Settings], new ExportOptions { AsRead = true });

        string text = File.ReadAllText(_directory["to/namespaces/web/configmaps/settings.yaml"]);
        Assert.Contains("uid: u", text, StringComparison.Ordinal);
        Assert.Contains("last-applied-configuration", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_object_of_the_same_place_is_counted_and_not_written()
    {
        ExportSummary summary = Export([Settings, Settings], new ExportOptions { Omitted = Omitted });

        Assert.Equal((2, 1), (summary.Objects, summary.Files));
        Assert.Equal(["stored twice, under two prefixes"], summary.Omitted.Keys);
    }

    [Fact]
    public void Hostile_names_stay_in_the_directory()
    {
        string[] names = ["..", ".", "../../etc", "a\0b", "/etc/passwd", "-rf", ".git", new('x', 5000)];

        ExportSummary summary = Export(
            [.. names.Select(name => Found("configmaps", name, "{}", name))],
            new ExportOptions { Omitted = Omitted });

        Assert.Equal(names.Length, summary.Files);
        Assert.Equal(["to"], Directory.GetFileSystemEntries(_directory.Path).Select(Path.GetFileName));
        string[] files = Directory.GetFiles(_directory["to/namespaces"], "*.yaml", SearchOption.AllDirectories);
        Assert.Equal(names.Length, files.Length);
    }

    [Fact]
    public void A_directory_that_is_not_empty_is_refused_and_stays_as_it_is()
    {
        Directory.CreateDirectory(_directory["to"]);
        File.WriteAllText(_directory["to/mine"], "kept");

        BackupException refused = Assert.Throws<BackupException>(() => Export([Settings], new ExportOptions()));

        Assert.Equal(FailureReason.TargetUnusable, refused.Reason);
        Assert.Contains("is not empty: it contains 'mine'", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["mine"], Directory.GetFileSystemEntries(_directory["to"]).Select(Path.GetFileName));
    }

    [Fact]
    public void An_export_that_fails_leaves_nothing()
    {
        Assert.Throws<InvalidDataException>(() => Export(Failing(), new ExportOptions()));

        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));

        static IEnumerable<FoundObject> Failing()
        {
            yield return Settings;
            throw new InvalidDataException();
        }
    }

    public void Dispose() => _directory.Dispose();

    private ExportSummary Export(IEnumerable<FoundObject> objects, ExportOptions options)
    {
        using RestoreTarget target = ObjectExport.Claim(_directory["to"]);
        return new ObjectExport(target, options).Write(objects, CancellationToken.None);
    }

    private static FoundObject Found(string resource, string name, string json, string ns = "web") => new(
        new StorageKey(new GroupResource("", resource), ns, name),
        new StoredObject
        {
            Outcome = ReadOutcome.Read,
            KeyContent = KeyContent.Object,
            Kind = new GroupVersionKind("v1", resource == "secrets" ? "Secret" : "ConfigMap"),
            Json = Encoding.UTF8.GetBytes(json),
        },
        ModRevision: 1,
        CreateRevision: 1);
}
