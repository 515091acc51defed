using System.Globalization;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>
/// The document of a repository: <c>repository.json</c>, and the documents <c>repository.&lt;n&gt;.json</c> that
/// replaced it (<c>docs/spec/signatures.md</c>).
/// </summary>
internal sealed class RepositoryDocuments(IObjectStore store)
{
    public static readonly ObjectKey FirstKey = new("repository.json");

    private const string NameEnd = ".json";

    /// <summary>Reads the document that counts.</summary>
    /// <remarks>
    /// 1. Read the first. 2. Unless it is of format version 1, which is never replaced by another object, list the
    /// others. 3. Take each that replaces the current one, in the order of their numbers.
    /// </remarks>
    /// <returns>The document, and why others do not count.</returns>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.ObjectNotFound"/>, <see cref="FailureReason.RepositoryUnsupported"/>,
    /// <see cref="FailureReason.DataDamaged"/>, or the store's reason.
    /// </exception>
    public async Task<(RepositoryDocument Document, IReadOnlyList<string> Ignored)> ReadAsync(
        CancellationToken cancellationToken)
    {
        // 1
        byte[] utf8 = (await StoredDocument.ReadAsync(store, FirstKey, cancellationToken)).Utf8;
        RepositoryDocument current = RepositoryJson.ReadRepository(utf8, What(FirstKey));
        current.Validate(What(FirstKey));
        if (current.FormatVersion == RepositoryJson.FormatVersion)
        {
            return (current, []);
        }

        // 2, 3
        List<string> ignored = [];
        foreach (int number in await ListNumbersAsync(cancellationToken))
        {
            try
            {
                current = await ReadNextAsync(current, number, cancellationToken);
            }
            catch (BackupException e) when (e.Reason is FailureReason.DataDamaged or FailureReason.ObjectNotFound)
            {
                ignored.Add(e.Message);
            }
        }

        return (current, ignored);
    }

    /// <summary>Stores the first document of a repository; returns false if one exists.</summary>
    public Task<bool> TryCreateAsync(RepositoryDocument first, CancellationToken cancellationToken) =>
        store.TryCreateAsync(FirstKey, RepositoryJson.Write(first), cancellationToken);

    /// <summary>
    /// Replaces the document: in one write, if it is of format version 1; otherwise by a new one, which a signer signs.
    /// </summary>
    /// <param name="current">The document that counts now.</param>
    /// <param name="next">The changed document; its number and version are set here.</param>
    /// <param name="key">The key to sign with; null if the repository has no signers.</param>
    /// <param name="cancellationToken">A cancelled call may or may not have replaced it.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/> if it must be signed and there is no key of a signer, or the store's
    /// reason.
    /// </exception>
    public async Task<RepositoryDocument> ReplaceAsync(
        RepositoryDocument current, RepositoryDocument next, SigningKey? key, CancellationToken cancellationToken)
    {
        if (current.FormatVersion == RepositoryJson.FormatVersion)
        {
            RepositoryDocument rewritten = RepositoryJson.Sealed(next.WithFormatVersion());
            using MemoryStream utf8 = new(RepositoryJson.Write(rewritten));
            await store.PutAsync(FirstKey, utf8, cancellationToken);
            return rewritten;
        }

        SignedDocuments signed = new(store, SignersOf(current), key);
        signed.RequireKey("change the repository");
        int number = (await ListNumbersAsync(cancellationToken)).LastOrDefault(1) + 1;
        RepositoryDocument added = RepositoryJson.Sealed(next with
        {
            FormatVersion = RepositoryJson.SignedFormatVersion,
            Number = number,
            PreviousSha256 = current.DocumentSha256,
        });
        byte[] bytes = RepositoryJson.Write(added);
        if (!await store.TryCreateAsync(KeyOf(number), bytes, cancellationToken))
        {
            throw new BackupException(
                FailureReason.StoreFailed,
                $"Another agent changed the repository at {store.Address} at the same time: {KeyOf(number)} exists.")
            {
                Hint = "Nothing was changed. Repeat the command.",
            };
        }

        await signed.SignAsync(KeyOf(number), SignatureNamespace.Repository, bytes, cancellationToken);
        return added;
    }

    /// <summary>The signers that a document lists; null if it lists none.</summary>
    public static TrustedSigners? SignersOf(RepositoryDocument document) =>
        document.HasSigners ? TrustedSigners.Of(document.Signers!, isPinned: false) : null;

    private static ObjectKey KeyOf(int number) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{ObjectRoots.Documents}{number}{NameEnd}"));

    private async Task<RepositoryDocument> ReadNextAsync(
        RepositoryDocument current, int number, CancellationToken cancellationToken)
    {
        ObjectKey key = KeyOf(number);
        byte[] utf8 = (await StoredDocument.ReadAsync(store, key, cancellationToken)).Utf8;
        RepositoryDocument next = RepositoryJson.ReadRepository(utf8, What(key));
        next.Validate(What(key));
        string? problem = next.Number != number ? $"it has the number {next.Number ?? 1}"
            : next.Id != current.Id ? $"it is of repository {next.Id}"
            : next.PreviousSha256 != current.DocumentSha256 ? "it does not replace the document that counts"
            : (await new SignedDocuments(store, SignersOf(current), key: null)
                .CheckAsync(key, SignatureNamespace.Repository, utf8, cancellationToken)).Problem;
        return problem is null
            ? next
            : throw new BackupException(FailureReason.DataDamaged, $"{What(key)} does not count: {problem}.");
    }

    private async Task<IReadOnlyList<int>> ListNumbersAsync(CancellationToken cancellationToken)
    {
        List<int> numbers = [];
        await foreach (StoredObject found in store.ListAsync(ObjectRoots.Documents, cancellationToken))
        {
            string name = found.Key.Value;
            if (name.EndsWith(NameEnd, StringComparison.Ordinal)
                && name.Length > ObjectRoots.Documents.Length + NameEnd.Length
                && int.TryParse(
                    name[ObjectRoots.Documents.Length..^NameEnd.Length],
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out int n)
                && n > 1 && KeyOf(n) == found.Key)
            {
                numbers.Add(n);
            }
        }

        return [.. numbers.Order()];
    }

    private string What(ObjectKey key) => $"{key} in {store.Address}";
}
