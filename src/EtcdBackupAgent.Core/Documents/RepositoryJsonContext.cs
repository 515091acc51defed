using System.Text.Json.Serialization;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// Source-generated JSON serialization of the repository's documents; <see cref="RepositoryJson"/> holds the options.
/// </summary>
[JsonSerializable(typeof(RepositoryDocument))]
[JsonSerializable(typeof(SnapshotManifest))]
[JsonSerializable(typeof(VerificationRecord))]
[JsonSerializable(typeof(RestoreNote))]
[JsonSerializable(typeof(LineageDocument))]
[JsonSerializable(typeof(LogProof))]
[JsonSerializable(typeof(Statement))]
[JsonSerializable(typeof(RosterDocument))]
internal sealed partial class RepositoryJsonContext : JsonSerializerContext;
