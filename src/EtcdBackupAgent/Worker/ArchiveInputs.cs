using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Worker;

/// <summary>
/// What the change log of a policy is written with. If any of it differs after the resources were read again, the log
/// must be written with the new values.
/// </summary>
internal sealed record ArchiveInputs
{
    public required BackupPolicy Policy { get; init; }

    /// <summary>The resources in which the policy was found.</summary>
    public required ResourceSet Resources { get; init; }

    private BackupLocation? Location => Resources.Locations.GetValueOrDefault(Policy.Destination);

    private SecretContent? EtcdSecret => Resources.Secrets.GetValueOrDefault(Policy.EtcdCredentials);

    private SecretContent? StoreSecret =>
        Location?.Credentials is { } name ? Resources.Secrets.GetValueOrDefault(name) : null;

    /// <summary>Whether the policy, its location and their Secrets have the same values.</summary>
    public bool AreSameAs(ArchiveInputs other) =>
        AreSame(Policy, other.Policy)
        && AreSame(Location, other.Location)
        && AreSame(EtcdSecret, other.EtcdSecret)
        && AreSame(StoreSecret, other.StoreSecret);

    private static bool AreSame(BackupPolicy one, BackupPolicy other) =>
        one.EtcdEndpoints.SequenceEqual(other.EtcdEndpoints)
        && AreSame(one.Options, other.Options, string.Equals)
        && one with { EtcdEndpoints = other.EtcdEndpoints, Options = other.Options } == other;

    private static bool AreSame(BackupLocation? one, BackupLocation? other) =>
        one is null || other is null
            ? ReferenceEquals(one, other)
            : AreSame(one.Objects.Tags, other.Objects.Tags, string.Equals)
                && AreSame(one.Encryption, other.Encryption)
                && one with
                {
                    Objects = one.Objects with { Tags = other.Objects.Tags },
                    Encryption = other.Encryption,
                } == other;

    private static bool AreSame(LocationEncryption one, LocationEncryption other) => (one, other) switch
    {
        (RecipientLocation mine, RecipientLocation others) => mine.Recipients.SequenceEqual(others.Recipients),
        _ => one == other,
    };

    private static bool AreSame(SecretContent? one, SecretContent? other) =>
        one is null || other is null
            ? ReferenceEquals(one, other)
            : AreSame(one.Data, other.Data, (mine, others) => mine.AsSpan().SequenceEqual(others));

    private static bool AreSame<T>(
        IReadOnlyDictionary<string, T> one, IReadOnlyDictionary<string, T> other, Func<T, T, bool> areEqual) =>
        one.Count == other.Count
        && one.All(pair => other.TryGetValue(pair.Key, out T? value) && areEqual(pair.Value, value));
}
