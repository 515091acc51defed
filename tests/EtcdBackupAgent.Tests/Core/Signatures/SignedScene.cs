using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Signatures;

namespace EtcdBackupAgent.Tests.Core.Signatures;

/// <summary>
/// A repository with a signer, in a directory, and someone who can write to the directory but has no signing key.
/// </summary>
internal sealed class SignedScene : IDisposable
{
    private readonly UseCaseFixture _fixture = new();

    public SigningKey Key { get; } = SigningKey.Create();

    public UseCaseFixture Fixture => _fixture;

    public string Root => _fixture.RepositoryPath;

    /// <summary>Creates the repository, with its signer unless told otherwise.</summary>
    public async Task<BackupRepository> InitAsync(bool isSigned = true)
    {
        await BackupRepository.InitAsync(
            _fixture.Store,
            new Unprotected { Signers = isSigned ? [Key.PublicKey] : [] },
            TimeProvider.System,
            CancellationToken.None);
        return await OpenAsync();
    }

    public Task<BackupRepository> OpenAsync(SigningKey? key = null) => BackupRepository.OpenAsync(
        _fixture.Store, new DocumentSigning { Key = key ?? Key }, TimeProvider.System, CancellationToken.None);

    /// <summary>Makes a backup on a day of this year; the number also decides its content.</summary>
    public Task<BackupOutcome> BackUpAsync(BackupRepository repository, int day) => _fixture.BackUpAsync(
        repository, SnapshotBytes.Create(512, day), new ShiftedTime(SampleSnapshots.NewYear.AddDays(day)));

    public static Task<Inventory> InventoryAsync(BackupRepository repository) =>
        repository.TakeInventoryAsync(CancellationToken.None);

    public static Task<PruneReport> PruneAsync(BackupRepository repository, BackupOutcome like, int retain) =>
        new PruneRun(repository, "test", TimeProvider.System).ExecuteAsync(
            new RetentionRule
            {
                Policy = like.Manifest.Policy,
                ClusterId = like.Manifest.ClusterId,
                Retention = PolicyRetention.Newest(retain),
            },
            dryRun: false,
            CancellationToken.None);

    /// <summary>Removes the folder of a snapshot, as someone who does not use the agent.</summary>
    public void Remove(SnapshotFolder folder) => Directory.Delete(PathOf(folder), recursive: true);

    public string PathOf(SnapshotFolder folder) => Path.Combine(Root, folder.ToString().TrimEnd('/'));

    /// <summary>
    /// Stores a snapshot like another one, with another ID and another date, as someone who has no signing key.
    /// </summary>
    public SnapshotFolder Forge(BackupOutcome like, string id, DateTimeOffset startedAt, SigningKey? forger = null)
    {
        SnapshotFolder folder = new(startedAt, SnapshotId.TryParse(id, out SnapshotId parsed) ? parsed : default);
        Directory.CreateDirectory(PathOf(folder));
        foreach (ArtifactManifest artifact in like.Manifest.Artifacts)
        {
            File.Copy(
                Path.Combine(Root, artifact.Key.Value),
                Path.Combine(Root, folder.Key(artifact.Key.Value.Split('/')[^1]).Value));
        }

        SnapshotManifest manifest = like.Manifest with
        {
            Id = folder.Id,
            StartedAt = startedAt,
            CompletedAt = startedAt,
            Etcd = like.Manifest.Etcd! with { Revision = like.Manifest.Etcd.Revision + 1000 },
            Chain = like.Manifest.Chain! with { Number = like.Manifest.Chain.Number + 1 },
            Artifacts =
            [
                .. like.Manifest.Artifacts.Select(a => a with { Key = folder.Key(a.Key.Value.Split('/')[^1]) }),
            ],
        };
        byte[] utf8 = RepositoryJson.Write(manifest);
        Write(folder.ManifestKey.Value, utf8);
        if (forger is not null)
        {
            Write($"{folder.ManifestKey}.sig", SshSignature.Sign(forger, SignatureNamespace.Manifest, utf8));
        }

        return folder;
    }

    public void Write(string key, byte[] bytes)
    {
        string path = Path.Combine(Root, key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Copies a directory, as a backup of the bucket or another bucket.</summary>
    public static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }

    public void Dispose()
    {
        Key.Dispose();
        _fixture.Dispose();
    }
}
