using System.Text.Json;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Decoding;
using EtcdBackupAgent.Objects.Encryption;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Reading;

/// <summary>What became of one key and its value.</summary>
public enum ReadOutcome
{
    /// <summary>An object, whole.</summary>
    Read,

    /// <summary>An object with fields that are not understood: the JSON lacks them.</summary>
    ReadInPart,

    /// <summary>The key belongs to the server itself or to another program.</summary>
    NotAnObject,

    /// <summary>The value is encrypted, and could not be decrypted.</summary>
    Encrypted,

    /// <summary>The value is encoded as CBOR, an alpha feature of API servers.</summary>
    Cbor,

    /// <summary>An object of a kind that the table does not have.</summary>
    UnknownKind,

    /// <summary>The value is in no form that an API server writes.</summary>
    Unrecognized,

    /// <summary>The value ends too early, or is not an object of its kind.</summary>
    Damaged,
}

/// <summary>One key of etcd, read.</summary>
public sealed record StoredObject
{
    public required ReadOutcome Outcome { get; init; }

    /// <summary>The place that the key names; null if it is not the key of a known resource.</summary>
    public StorageKey? Place { get; init; }

    public required KeyContent KeyContent { get; init; }

    /// <summary>The kind that the value names; null if it could not be read.</summary>
    public GroupVersionKind? Kind { get; init; }

    /// <summary>The object as kubectl prints it, in UTF-8, on one line; empty unless it was read.</summary>
    public ReadOnlyMemory<byte> Json { get; init; }

    /// <summary>Parses <see cref="Json"/>, which must not be empty. The caller disposes the document.</summary>
    public JsonDocument OpenJson() => PrintedJson.Document(Json);

    /// <summary>How far a custom resource is what the API server would show; null for built-in kinds.</summary>
    public CustomResourceForm? CustomResourceForm { get; init; }

    /// <summary>How the value was encrypted at rest; null if it was not.</summary>
    public EncryptedValue? Encryption { get; init; }

    /// <summary>Why an encrypted value could not be decrypted, or that it was.</summary>
    public DecryptionOutcome Decryption { get; init; }

    public IReadOnlyList<UnknownField> UnknownFields { get; init; } = [];

    /// <summary>The reason why there is no JSON, without a value of the object; null if there is.</summary>
    public string? Problem { get; init; }
}
