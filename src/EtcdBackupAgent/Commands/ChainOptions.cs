using System.CommandLine;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Verification;

namespace EtcdBackupAgent.Commands;

/// <summary>What the user knows from elsewhere about the newest snapshot, and what the agent says about that.</summary>
internal sealed class ChainOptions
{
    private readonly Option<int?> _number = new("--expect-number")
    {
        Description = "Refuse unless the chain of signed snapshots reaches this number, which a record, a metric or "
            + "the output of a backup shows.",
        HelpName = "N",
    };

    private readonly Option<string?> _digest = new("--expect-digest")
    {
        Description = "Refuse unless a trusted snapshot has a manifest with this documentSha256.",
        HelpName = "SHA256",
    };

    public void AddTo(Command verb)
    {
        verb.Add(_number);
        verb.Add(_digest);
    }

    /// <summary>
    /// Compares the repository with what the user expects, and warns about what its signed documents report.
    /// </summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="repository">The repository.</param>
    /// <param name="idText">The snapshot that is read; null for the newest one.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing behind.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.ProtectionChanged"/>; <see cref="FailureReason.InvalidInput"/> if the repository has no
    /// signers, or an option is malformed.
    /// </exception>
    public async Task RequireAsync(
        ParseResult parsed, BackupRepository repository, string? idText, CancellationToken cancellationToken)
    {
        ChainExpectation expected = Read(parsed);
        if (repository.Signers is not { } signers)
        {
            if (expected != new ChainExpectation(null, null))
            {
                throw new BackupException(
                    FailureReason.InvalidInput,
                    $"The repository at {repository.Store.Address} has no signers, so its snapshots have no numbers.");
            }

            return;
        }

        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        Snapshot? wanted = inventory.Snapshots.Count > 0
            ? inventory.Find(idText ?? "latest", repository.Store.Address)
            : null;
        string? chain = wanted?.Manifest.Chain?.Id;
        expected.Require(inventory, repository.Store.Address, chain);
        foreach (string finding in inventory.Findings)
        {
            FailureText.WriteWarning(finding);
        }

        if (!signers.IsPinned)
        {
            FailureText.WriteWarning(
                "The signers are those that the repository itself lists: anyone who can write to it may have replaced "
                + "them. Name yours with --signer.");
        }

        if (expected.Number is null && ChainExpectation.NewestNumber(inventory, chain) is { } newest)
        {
            FailureText.WriteWarning(
                $"The newest signed snapshot has the number {newest}. Nothing in the repository proves that there was "
                + $"no {newest + 1}: if you know the last number, add --expect-number.");
        }
    }

    private ChainExpectation Read(ParseResult parsed)
    {
        if (parsed.GetValue(_number) is < 1)
        {
            throw new BackupException(
                FailureReason.InvalidInput, "--expect-number must be 1 or more: the first snapshot has the number 1.");
        }

        if (parsed.GetValue(_digest) is not { } text)
        {
            return new ChainExpectation(parsed.GetValue(_number), null);
        }

        return Sha256Digest.TryParse(text, out Sha256Digest digest)
            ? new ChainExpectation(parsed.GetValue(_number), digest)
            : throw new BackupException(
                FailureReason.InvalidInput,
                $"--expect-digest '{text}' is not a SHA-256: 64 lower-case hexadecimal digits.");
    }
}
