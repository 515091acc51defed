using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// <c>changelog/LINEAGE/proof-FROM-TO.json</c>: between two revisions a change log has exactly what the live cluster
/// had. Fields: <c>docs/spec/change-log.md</c>, "Proofs".
/// </summary>
public sealed record LogProof : IRepositoryDocument
{
    private const string Start = "proof-";
    private const string End = ".json";

    /// <inheritdoc />
    public required int FormatVersion { get; init; }

    /// <summary>The lineage, the same as in the key.</summary>
    public required LineageId Lineage { get; init; }

    /// <summary>The revision of the snapshot that the changes were applied on.</summary>
    public required long FromRevision { get; init; }

    /// <summary>The revision of the HashKV.</summary>
    public required long ToRevision { get; init; }

    /// <summary>The snapshot that the changes were applied on.</summary>
    public required SnapshotId Snapshot { get; init; }

    /// <summary>The snapshot whose HashKV was compared.</summary>
    public required SnapshotId ProvenBy { get; init; }

    /// <summary>When the comparison ended, by the verifier's clock.</summary>
    public required DateTimeOffset CompletedAt { get; init; }

    /// <summary>The version of the agent that compared.</summary>
    public required string AgentVersion { get; init; }

    /// <inheritdoc />
    public Sha256Digest DocumentSha256 { get; init; }

    /// <inheritdoc cref="SnapshotManifest.UnknownFields"/>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? UnknownFields { get; set; }

    /// <summary>The revisions, which stand in the key.</summary>
    [JsonIgnore]
    public ProvenRevisions Revisions => new(FromRevision, ToRevision);

    /// <summary>The key of the document.</summary>
    [JsonIgnore]
    public ObjectKey Key => KeyOf(Lineage, Revisions);

    /// <summary>Returns the key of a proof.</summary>
    public static ObjectKey KeyOf(LineageId lineage, ProvenRevisions revisions) => new(string.Create(
        CultureInfo.InvariantCulture, $"changelog/{lineage}/{Start}{revisions.From:d19}-{revisions.To:d19}{End}"));

    /// <summary>
    /// Returns the revisions in the name of a proof, without its lineage; null if the name is not that of a proof.
    /// </summary>
    public static ProvenRevisions? RevisionsOf(string fileName) =>
        fileName.StartsWith(Start, StringComparison.Ordinal) && fileName.EndsWith(End, StringComparison.Ordinal)
        && fileName[Start.Length..^End.Length].Split('-') is [{ Length: 19 } from, { Length: 19 } to]
        && long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out long first)
        && long.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out long last)
        && first < last
            ? new ProvenRevisions(first, last)
            : null;
}

/// <summary>Revisions between which a change log is proven.</summary>
/// <param name="From">The revision of the snapshot that the changes were applied on.</param>
/// <param name="To">The last one, above <paramref name="From"/>.</param>
public readonly record struct ProvenRevisions(long From, long To);
