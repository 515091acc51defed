using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Signatures;

/// <summary>
/// Writes and checks the signatures beside the documents of a repository (<c>docs/spec/signatures.md</c>).
/// </summary>
/// <param name="store">The store of the repository.</param>
/// <param name="trusted">The keys that count; null if the repository has no signers, and nothing is signed.</param>
/// <param name="key">The key to sign with; null if nothing will be signed.</param>
internal sealed class SignedDocuments(IObjectStore store, TrustedSigners? trusted, SigningKey? key)
{
    /// <summary>Whether documents count only with a signature.</summary>
    public bool AreRequired => trusted is not null;

    /// <summary>The keys that count; null without signers.</summary>
    public TrustedSigners? Trusted => trusted;

    /// <summary>Returns the key of a document's signature.</summary>
    public static ObjectKey KeyOf(ObjectKey document) => new($"{document}{ObjectRoots.SignatureEnd}");

    /// <summary>Refuses to write documents that would not count.</summary>
    /// <param name="purpose">What needs the signature, such as <c>make a backup</c>.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/>: there is no key, or not one of the repository's signers.
    /// </exception>
    public void RequireKey(string purpose)
    {
        if (trusted is null)
        {
            return;
        }

        if (key is null)
        {
            throw new BackupException(
                FailureReason.KeyRefused,
                $"The repository at {store.Address} has signers, so a signing key is needed to {purpose}: without a "
                + "signature it would not count.")
            {
                Hint = "Give the private key of one of its signers.",
                Settings = [Setting.SigningKey],
            };
        }

        if (!trusted.Allow(key.PublicKey, SignatureNamespace.Manifest))
        {
            throw new BackupException(
                FailureReason.KeyRefused,
                $"The signing key {key.PublicKey.Fingerprint} is not one of the signers of the repository at "
                + $"{store.Address}.")
            {
                Hint = "'etcd-backup-agent key list' shows its signers. 'key new-signer' adds one.",
                Settings = [Setting.SigningKey],
            };
        }
    }

    /// <summary>Signs a document, unless the repository has no signers.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/>, as <see cref="RequireKey"/>; or the store's reason.
    /// </exception>
    public async Task SignAsync(
        ObjectKey document, string @namespace, byte[] utf8, CancellationToken cancellationToken)
    {
        if (!await TrySignAsync(document, @namespace, utf8, cancellationToken))
        {
            throw new BackupException(
                FailureReason.StoreFailed,
                $"{KeyOf(document)} in {store.Address} exists already, so {document} cannot be signed.")
            {
                Hint = "Another agent writes the same document. Repeat the command.",
            };
        }
    }

    /// <summary>As <see cref="SignAsync"/>; returns false if there is a signature already.</summary>
    /// <exception cref="BackupException">As <see cref="SignAsync"/>.</exception>
    public async Task<bool> TrySignAsync(
        ObjectKey document, string @namespace, byte[] utf8, CancellationToken cancellationToken)
    {
        RequireKey($"write {document}");
        return trusted is null
            || await store.TryCreateAsync(
                KeyOf(document), SshSignature.Sign(key!, @namespace, utf8), cancellationToken);
    }

    /// <summary>Checks the signature of a document that was read.</summary>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public async Task<DocumentSignature> CheckAsync(
        ObjectKey document, string @namespace, ReadOnlyMemory<byte> utf8, CancellationToken cancellationToken)
    {
        if (trusted is null)
        {
            return DocumentSignature.NotNeeded;
        }

        byte[]? armored;
        try
        {
            armored = (await StoredDocument.TryReadAsync(
                store, KeyOf(document), SshSignature.BytesMax, cancellationToken))?.Utf8;
        }
        catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
        {
            return DocumentSignature.Absent;
        }

        return Check(armored, @namespace, utf8.Span);
    }

    private DocumentSignature Check(byte[]? armored, string @namespace, ReadOnlySpan<byte> utf8)
    {
        try
        {
            SshSignature signature = SshSignature.Read(armored ?? throw new SignatureException("is too large"));
            return !signature.Verifies(@namespace, utf8)
                    ? DocumentSignature.Invalid("its signature is of other bytes")
                : !trusted!.Allow(signature.Key, @namespace)
                    ? DocumentSignature.Invalid(
                        $"it is signed by {signature.Key.Fingerprint}, which is not a trusted signer")
                : DocumentSignature.Valid(signature.Key.Fingerprint);
        }
        catch (SignatureException e)
        {
            return DocumentSignature.Invalid($"its signature {e.Message}");
        }
    }
}
