using System.Text.Json.Serialization;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>The compiler writes the code that turns the repository's documents into JSON and back; options in <see cref="RepositoryJson"/>.</summary>
[JsonSerializable(typeof(RepositoryDocument))]
[JsonSerializable(typeof(SnapshotManifest))]
[JsonSerializable(typeof(VerificationRecord))]
[JsonSerializable(typeof(RestoreNote))]
internal sealed partial class RepositoryJsonContext : JsonSerializerContext;
