
namespace EtcdBackupAgent.Archive.Age;

/// <summary>Finds the file key of a header with the given identities.</summary>
internal static class HeaderUnlock
{
    /// <remarks>
    /// 1. The stanza of a passphrase must be the only one: a reader may assume that the writer of the file knows the
    /// passphrase (spec, "scrypt recipient stanza").
    /// 2. The first identity that matches decrypts the file key.
    /// 3. The header's MAC must be correct under that key.
    /// </remarks>
    /// <exception cref="AgeException">One of these conditions is not met.</exception>
    public static FileKey Unlock(this AgeHeader header, IReadOnlyList<IAgeIdentity> identities)
    {
        // 1
        bool toPassphrase = header.Stanzas.Any(stanza => stanza.Type == ScryptStanza.Type);
        if (toPassphrase && header.Stanzas.Count > 1)
        {
            throw new AgeException(
                AgeFailure.MalformedHeader,
                $"The age header has {header.Stanzas.Count} stanzas; the stanza of a passphrase must be the only one.");
        }

        // 2
        FileKey fileKey = identities
            .Select(identity => identity.Unwrap(header.Stanzas))
            .FirstOrDefault(key => key is not null)
            ?? throw NoMatch(toPassphrase, identities);

        // 3
        if (!header.IsAuthentic(fileKey))
        {
            fileKey.Dispose();
            throw new AgeException(AgeFailure.HeaderTampered, "The age header was changed: its MAC is wrong.");
        }

        return fileKey;
    }

    private static AgeException NoMatch(bool toPassphrase, IReadOnlyList<IAgeIdentity> identities)
    {
        bool hasPassphrase = identities.Any(identity => identity is AgePassphrase);
        return (toPassphrase, hasPassphrase) switch
        {
            (true, true) => new AgeException(
                AgeFailure.WrongPassphrase, "The passphrase is not the one that the age file is encrypted to."),
            (true, false) => new AgeException(
                AgeFailure.NoMatchingIdentity,
                "The age file is encrypted to a passphrase, but no passphrase was given."),
            (false, _) => new AgeException(
                AgeFailure.NoMatchingIdentity,
                identities.All(identity => identity is AgePassphrase)
                    ? "The age file is encrypted to recipients, not to a passphrase: it needs an identity."
                    : "The age file is encrypted to other recipients: none of the given identities can open it."),
        };
    }
}
