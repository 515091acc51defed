using EtcdBackupAgent.Archive.Signatures;

namespace EtcdBackupAgent.Core.Signatures;

/// <summary>The keys whose signatures count.</summary>
/// <param name="signers">The keys.</param>
/// <param name="isPinned">
/// Whether they were named outside of the repository: by the user, or by a pin. Otherwise the repository itself lists
/// them, and whoever can write to it may have changed the list.
/// </param>
/// <param name="now">Keys can be limited to a time; it is compared with this one.</param>
public sealed class TrustedSigners(IReadOnlyList<AllowedSigner> signers, bool isPinned, DateTimeOffset now)
{
    public bool IsPinned { get; } = isPinned;

    /// <summary>The keys, in the form <c>type base64</c>.</summary>
    public IEnumerable<string> Keys => signers.Select(signer => $"{signer.Key}");

    /// <summary>The keys that a repository lists.</summary>
    public static TrustedSigners Of(IEnumerable<string> publicKeys, bool isPinned) => new(
        [.. publicKeys.Select(text => new AllowedSigner { Key = SshPublicKey.Parse(text) })],
        isPinned,
        DateTimeOffset.UnixEpoch);

    /// <summary>Whether a key may sign documents of a namespace.</summary>
    public bool Allow(SshPublicKey key, string @namespace) =>
        signers.Any(signer => signer.Key.Equals(key) && signer.Allows(@namespace, now));
}
