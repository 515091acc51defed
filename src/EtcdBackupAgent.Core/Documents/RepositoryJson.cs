using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// Writes and reads the JSON documents of a repository. Each document contains its own digest
/// (<c>docs/spec/repository.md</c>, "JSON documents").
/// </summary>
internal static class RepositoryJson
{
    /// <summary>
    /// The format version of every document but the manifest of an incremental snapshot and the documents of a change
    /// log. The highest that is read, except in these.
    /// </summary>
    public const int FormatVersion = 1;

    /// <summary>
    /// The format version of the manifest of an incremental snapshot. An agent that does not know increments refuses
    /// it.
    /// </summary>
    public const int IncrementalFormatVersion = 2;

    /// <summary>
    /// The format version of the manifest of a snapshot of objects. An agent that does not know such snapshots refuses
    /// it.
    /// </summary>
    public const int ObjectsFormatVersion = 3;

    /// <summary>
    /// The format version of the manifest of an imported snapshot, and the highest that is read in manifests. An agent
    /// that does not know imports refuses it: it requires fields that a file does not have.
    /// </summary>
    public const int ImportFormatVersion = 4;

    /// <summary>
    /// The format version of <c>repository.json</c> with post-quantum recipients or signers and of every document that
    /// replaces it, and the highest that is read in them.
    /// </summary>
    public const int SignedFormatVersion = 2;

    /// <summary>The format version of the lineages and proofs of a change log.</summary>
    public const int LogFormatVersion = 2;

    /// <summary>The largest size of a document in bytes. A larger object is not a document of this format.</summary>
    public const int DocumentBytesMax = 1 << 20;

    private const string FormatVersionField = "formatVersion";
    private const string DigestField = "documentSha256";

    private static readonly RepositoryJsonContext Json = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        AllowDuplicateProperties = false,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters =
        {
            new UtcTimeConverter(),
            new TextConverter<SnapshotId>(SnapshotId.TryParse),
            new TextConverter<LineageId>(LineageId.TryParse),
            new TextConverter<Sha256Digest>(Sha256Digest.TryParse),
            new TextConverter<EtcdId>(EtcdId.TryParse),
            new TextConverter<ObjectKey>(ObjectKey.TryParse),
            new JsonStringEnumConverter<ArtifactKind>(),
            new JsonStringEnumConverter<ArtifactCompression>(),
            new JsonStringEnumConverter<ArtifactEncryption>(),
            new JsonStringEnumConverter<BackupReason>(),
            new JsonStringEnumConverter<ImportPacking>(),
            new JsonStringEnumConverter<ImportClusterId>(),
            new JsonStringEnumConverter<ImportTime>(),
            new JsonStringEnumConverter<SnapshotKind>(),
            new JsonStringEnumConverter<EtcdMemberRole>(),
            new JsonStringEnumConverter<VerificationResult>(),
            new JsonStringEnumConverter<VerifiedPart>(),
            new JsonStringEnumConverter<CheckResult>(),
            new JsonStringEnumConverter<StatementKind>(),
        },
    });

    public static byte[] Write(RepositoryDocument document) =>
        WithDigest(JsonSerializer.SerializeToUtf8Bytes(
            document with { DocumentSha256 = default }, Json.RepositoryDocument));

    public static byte[] Write(SnapshotManifest manifest) =>
        WithDigest(JsonSerializer.SerializeToUtf8Bytes(
            manifest with { DocumentSha256 = default }, Json.SnapshotManifest));

    public static byte[] Write(VerificationRecord record) =>
        WithDigest(JsonSerializer.SerializeToUtf8Bytes(
            record with { DocumentSha256 = default }, Json.VerificationRecord));

    public static byte[] Write(RestoreNote note) =>
        WithDigest(JsonSerializer.SerializeToUtf8Bytes(note with { DocumentSha256 = default }, Json.RestoreNote));

    public static byte[] Write(LineageDocument lineage) =>
        WithDigest(JsonSerializer.SerializeToUtf8Bytes(
            lineage with { DocumentSha256 = default }, Json.LineageDocument));

    public static byte[] Write(LogProof proof) =>
        WithDigest(JsonSerializer.SerializeToUtf8Bytes(proof with { DocumentSha256 = default }, Json.LogProof));

    public static byte[] Write(Statement statement) =>
        WithDigest(JsonSerializer.SerializeToUtf8Bytes(statement with { DocumentSha256 = default }, Json.Statement));

    /// <summary>Writes a roster, which has no digest of its own.</summary>
    public static byte[] Write(RosterDocument roster) =>
        JsonSerializer.SerializeToUtf8Bytes(roster, Json.RosterDocument);

    /// <summary>Reads <c>repository.json</c>; <paramref name="what"/> names the object in messages.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/> or <see cref="FailureReason.RepositoryUnsupported"/>, naming the object.
    /// </exception>
    public static RepositoryDocument ReadRepository(ReadOnlyMemory<byte> utf8, string what) =>
        Read(utf8, what, Json.RepositoryDocument, SignedFormatVersion);

    /// <inheritdoc cref="ReadRepository"/>
    public static SnapshotManifest ReadManifest(ReadOnlyMemory<byte> utf8, string what)
    {
        SnapshotManifest manifest = Read(utf8, what, Json.SnapshotManifest, ImportFormatVersion);
        return manifest.FindContradiction() is { } contradiction
            ? throw Damaged(what, contradiction)
            : manifest with { Utf8 = utf8 };
    }

    /// <inheritdoc cref="ReadRepository"/>
    public static VerificationRecord ReadVerification(ReadOnlyMemory<byte> utf8, string what) =>
        Read(utf8, what, Json.VerificationRecord, FormatVersion) with { Utf8 = utf8 };

    /// <inheritdoc cref="ReadRepository"/>
    public static RestoreNote ReadNote(ReadOnlyMemory<byte> utf8, string what) =>
        Read(utf8, what, Json.RestoreNote, FormatVersion);

    /// <inheritdoc cref="ReadRepository"/>
    public static LineageDocument ReadLineage(ReadOnlyMemory<byte> utf8, string what) =>
        Read(utf8, what, Json.LineageDocument, LogFormatVersion);

    /// <inheritdoc cref="ReadRepository"/>
    public static Statement ReadStatement(ReadOnlyMemory<byte> utf8, string what) =>
        Read(utf8, what, Json.Statement, FormatVersion);

    /// <summary>Reads a roster, whose digest the caller has checked.</summary>
    /// <exception cref="BackupException">As <see cref="ReadRepository"/>.</exception>
    public static RosterDocument ReadRoster(ReadOnlyMemory<byte> utf8, string what)
    {
        try
        {
            RefuseLaterFormat(utf8.Span, what, FormatVersion);
            return JsonSerializer.Deserialize(utf8.Span, Json.RosterDocument)
                ?? throw Damaged(what, "it contains null");
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw Damaged(what, e.Message, e);
        }
    }

    /// <summary>Returns the document with its own digest, as a reader finds it.</summary>
    public static RepositoryDocument Sealed(RepositoryDocument document) =>
        ReadRepository(Write(document), "the repository's document");

    /// <summary>
    /// Returns the manifest with its own digest, as a reader finds it after <see cref="Write(SnapshotManifest)"/> has
    /// stored it.
    /// </summary>
    public static SnapshotManifest Sealed(SnapshotManifest manifest) => ReadManifest(Write(manifest), "the manifest");

    /// <summary>Returns the record with its own digest, as a reader finds it.</summary>
    public static VerificationRecord Sealed(VerificationRecord record) => ReadVerification(Write(record), "the record");

    /// <summary>
    /// Returns the document as a tree for printing: every field as it is stored, also those unknown to this version.
    /// </summary>
    /// <exception cref="InvalidOperationException">The document was neither read nor sealed.</exception>
    public static JsonObject Tree(ReadOnlyMemory<byte> utf8) => utf8.IsEmpty
        ? throw new InvalidOperationException("Only a document that was read or sealed has bytes to print.")
        : JsonNode.Parse(utf8.Span)!.AsObject();

    private static T Read<T>(ReadOnlyMemory<byte> utf8, string what, JsonTypeInfo<T> type, int versionMax)
        where T : IRepositoryDocument
    {
        try
        {
            // Check the version before the digest: a later format may define the digest differently.
            RefuseLaterFormat(utf8.Span, what, versionMax);
            T document = JsonSerializer.Deserialize(utf8.Span, type)
                ?? throw Damaged(what, "it contains null");
            return document.DocumentSha256 == DigestOf(utf8.Span, what)
                ? document
                : throw Damaged(what, "its bytes do not match the SHA-256 that it contains");
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw Damaged(what, e.Message, e);
        }
    }

    private static void RefuseLaterFormat(ReadOnlySpan<byte> utf8, string what, int versionMax)
    {
        Utf8JsonReader reader = new(utf8);
        if (!MoveToField(ref reader, FormatVersionField)
            || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out int version) || version < 1)
        {
            throw Damaged(what, $"its '{FormatVersionField}' is missing or not a version number");
        }

        if (version > versionMax)
        {
            throw new BackupException(
                FailureReason.RepositoryUnsupported,
                $"{what} has format version {version}; this agent reads versions up to {versionMax}.")
            {
                Hint = "Use a version of etcd-backup-agent that is at least as new as the one that wrote it.",
            };
        }
    }

    private static byte[] WithDigest(byte[] utf8)
    {
        Sha256Digest digest = new(SHA256.HashData(utf8));
        Encoding.ASCII.GetBytes(digest.ToString(), utf8.AsSpan(DigestPosition(utf8, "the document")));
        return utf8;
    }

    private static Sha256Digest DigestOf(ReadOnlySpan<byte> utf8, string what)
    {
        byte[] zeroed = utf8.ToArray();
        zeroed.AsSpan(DigestPosition(utf8, what), Sha256Digest.SizeBytes * 2).Fill((byte)'0');
        return new Sha256Digest(SHA256.HashData(zeroed));
    }

    private static int DigestPosition(ReadOnlySpan<byte> utf8, string what)
    {
        Utf8JsonReader reader = new(utf8);
        return MoveToField(ref reader, DigestField)
            && reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length == Sha256Digest.SizeBytes * 2
            ? (int)reader.TokenStartIndex + 1
            : throw Damaged(what, $"its '{DigestField}' is missing or not a SHA-256");
    }

    /// <summary>
    /// Moves a new reader to the value of a field of the outermost object; returns false if there is no such field.
    /// </summary>
    private static bool MoveToField(ref Utf8JsonReader reader, string field)
    {
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
            {
                bool found = reader.ValueTextEquals(field);
                reader.Read();
                if (found)
                {
                    return true;
                }

                reader.Skip();
            }
        }

        return false;
    }

    private static BackupException Damaged(string what, string why, Exception? inner = null) =>
        new(FailureReason.DataDamaged, $"{what} is damaged: {why}.", inner);
}
