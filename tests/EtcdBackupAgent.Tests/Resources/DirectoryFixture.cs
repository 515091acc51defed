using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Resources;

/// <summary>A directory of documents for one test.</summary>
internal sealed class DirectoryFixture : IDisposable
{
    public const string Header = "apiVersion: kubedr.catalogicsoftware.com/v1alpha1\n";

    /// <summary>A valid recipient of age.</summary>
    public const string Recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

    /// <summary>A valid location: a directory without encryption, which needs no Secret.</summary>
    public const string Disk = Header + """
        kind: BackupLocation
        metadata: {name: disk}
        spec:
          url: file:///var/backups
          encryption: None

        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("eba-resources-");

    public string Path => _directory.FullName;

    public string this[string file] => System.IO.Path.Combine(Path, file);

    public static string Policy(params string[] spec) =>
        Header + "kind: MetadataBackupPolicy\nmetadata:\n  name: p\nspec:\n"
        + string.Concat(new[] { "destination: disk", "etcdEndpoint: http://127.0.0.1:2379" }
            .Where(line => !spec.Any(own => own.StartsWith(line[..line.IndexOf(':')] + ":", StringComparison.Ordinal)))
            .Concat(spec)
            .Select(line => $"  {line}\n"));

    /// <summary>A location that needs no passphrase.</summary>
    public static string Location(params string[] spec) => BareLocation([.. spec, "encryption: None"]);

    /// <summary>A location with these lines and no others.</summary>
    public static string BareLocation(params string[] spec) =>
        Header
        + "kind: BackupLocation\nmetadata:\n  name: l\nspec:\n"
        + string.Concat(spec.Select(line => $"  {line}\n"));

    public static string Secret(string name, params string[] keys) =>
        $"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\nstringData:\n"
        + string.Concat(keys.Select(key => $"  {key}: value\n"));

    public DirectoryFixture With(string file, params string[] documents)
    {
        File.WriteAllText(this[file], string.Join("\n---\n", documents));
        return this;
    }

    public Task<ResourceSet> LoadAsync() => new DirectoryResourceStore(Path).LoadAsync(CancellationToken.None);

    /// <summary>Loads the documents and expects exactly these problems. Each text is the beginning of a reported
    /// problem, with its severity and position.</summary>
    public async Task<ResourceSet> ExpectAsync(params string[] problems)
    {
        ResourceSet set = await LoadAsync();
        string[] actual = [.. set.Problems.Select(p => $"{p.Severity}: {p}")];
        Assert.True(
            actual.Length == problems.Length
                && actual.Zip(problems).All(pair => pair.First.StartsWith(pair.Second, StringComparison.Ordinal)),
            $"Expected:\n{string.Join('\n', problems)}\nActual:\n{string.Join('\n', actual)}");
        return set;
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
