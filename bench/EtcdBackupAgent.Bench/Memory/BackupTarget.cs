using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.Bench.Memory;

/// <summary>A place for backups, as on the agent's command line.</summary>
/// <param name="Name">The name in the table.</param>
/// <param name="WritesToDisk">Whether the agent itself writes the stored data to a disk of this machine.</param>
/// <param name="Repository">Returns the repository URL of a case.</param>
internal sealed record BackupTarget(string Name, bool WritesToDisk, Func<string, string> Repository)
{
    public IReadOnlyList<string> Options { get; private init; } = [];

    public IReadOnlyDictionary<string, string?> Environment { get; private init; } = new Dictionary<string, string?>();

    /// <summary>The options of <c>init</c> that protect the repository.</summary>
    public IReadOnlyList<string> Protection { get; private init; } = ["--unencrypted"];

    /// <summary>The same place without encryption; null if this place is not encrypted.</summary>
    public BackupTarget? Plain { get; private init; }

    /// <summary>Returns the same place, encrypted to a recipient.</summary>
    public BackupTarget Encrypted(string recipient) => this with
    {
        Name = $"{Name}, age",
        Repository = name => Repository($"{name}-age"),
        Protection = ["--recipient", recipient],
        Plain = this,
    };

    public static BackupTarget Folder(string root) =>
        new("directory", WritesToDisk: true, name => $"file://{root}/{name}");

    public static BackupTarget S3(RgwServer server, string caFile) => new(
        "S3", WritesToDisk: false, name => $"s3://{name}/etcd")
    {
        Options =
        [
            "--s3-endpoint", server.HttpsEndpoint.GetLeftPart(UriPartial.Authority),
            "--s3-region", "us-east-1",
            "--s3-ca-file", caFile,
        ],
        Environment = new Dictionary<string, string?>
        {
            ["AWS_ACCESS_KEY_ID"] = server.AccessKey,
            ["AWS_SECRET_ACCESS_KEY"] = server.SecretKey,
        },
    };
}
