
namespace EtcdBackupAgent.Archive.Age;

/// <summary>From a header and identities to the key of the file.</summary>
internal static class HeaderUnlock
{
    /// <remarks>
    /// 1. A passphrase's stanza must be alone: who decrypts with one may take the file as written by somebody who knows it
    /// (spec, "scrypt recipient stanza"). 2. The first identity that fits gives the file key. 3. The header must be as the
    /// holder of that key wrote it.
    /// </remarks>
    /// <exception cref="AgeException">One of these does not hold.</exception>
    public static FileKey Unlock(this AgeHeader header, IReadOnlyList<IAgeIdentity> identities)
    {
        // 1
        bool toPassphrase = header.Stanzas.Any(stanza => stanza.Type == ScryptStanza.Type);
        if (toPassphrase && header.Stanzas.Count > 1)
        {
            throw new AgeException(
                AgeFailure.MalformedHeader,
                $"The age header has {header.Stanzas.Count} stanzas, one of them of a passphrase, which must be alone.");
        }

        // 2
        FileKey fileKey = identities.Select(identity => identity.Unwrap(header.Stanzas)).FirstOrDefault(key => key is not null)
            ?? throw NothingFits(toPassphrase, identities);

        // 3
        if (!header.IsAuthentic(fileKey))
        {
            fileKey.Dispose();
            throw new AgeException(AgeFailure.HeaderTampered, "The age header was changed: its MAC is wrong.");
        }

        return fileKey;
    }

    private static AgeException NothingFits(bool toPassphrase, IReadOnlyList<IAgeIdentity> identities)
    {
        bool hasPassphrase = identities.Any(identity => identity is AgePassphrase);
        return (toPassphrase, hasPassphrase) switch
        {
            (true, true) => new AgeException(
                AgeFailure.WrongPassphrase, "The passphrase is not the one that the age file was encrypted to."),
            (true, false) => new AgeException(
                AgeFailure.NoMatchingIdentity, "The age file is encrypted to a passphrase, and none was given."),
            (false, _) => new AgeException(
                AgeFailure.NoMatchingIdentity,
                identities.All(identity => identity is AgePassphrase)
                    ? "The age file is encrypted to recipients, not to a passphrase: it needs an identity."
                    : "The age file is encrypted to recipients of which none of the identities given is one."),
        };
    }
}
