using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Decoding;
using EtcdBackupAgent.Objects.Encryption;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Masking;

namespace EtcdBackupAgent.Objects.Reading;

/// <summary>
/// Reads keys and values of etcd as the objects that an API server shows. One reader serves one thread.
/// </summary>
/// <remarks>
/// 1. Read the key: the resource, the namespace and the name.
/// 2. Decrypt the value if it is encrypted at rest.
/// 3. Decode protobuf, or parse JSON.
/// 4. Convert a definition to v1, and read a custom resource by its definition.
/// 5. Apply the read rules of the kind, and mask the values of a Secret.
/// </remarks>
public sealed class ObjectReader
{
    private readonly ObjectReaderOptions _options;
    private readonly StorageKeys _keys;
    private readonly ValueDecryption _decryption;
    private readonly ObjectDecoder _decoder;
    private readonly HashSet<GroupResource> _builtIn;
    private readonly ArrayBufferWriter<byte> _json = new();

    public ObjectReader(ObjectReaderOptions options)
    {
        _options = options;
        _keys = new StorageKeys(options.Table, options.Prefixes);
        _decryption = new ValueDecryption(options.Encryption);
        _decoder = new ObjectDecoder(options.Table);
        _builtIn = [.. options.Table.Resources.Select(resource => resource.Name)];
    }

    /// <summary>Reads one key. What cannot be read is an outcome, never an exception.</summary>
    /// <param name="key">The key in etcd.</param>
    /// <param name="value">The stored value.</param>
    /// <param name="modRevision">The revision of the last change: the resourceVersion.</param>
    public StoredObject Read(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, long modRevision)
    {
        // 1
        KeyContent content = _keys.Read(key.Span, out StorageKey? place);
        StoredObject read = new() { Outcome = ReadOutcome.NotAnObject, KeyContent = content, Place = place };
        if (content is KeyContent.Foreign or KeyContent.ServerData)
        {
            return read;
        }

        // 2
        Decryption decryption = _decryption.Decrypt(key, place?.Resource, value);
        read = read with { Encryption = decryption.Encryption, Decryption = decryption.Outcome };
        if (decryption.Outcome is not (DecryptionOutcome.Plain or DecryptionOutcome.Decrypted))
        {
            return read with { Outcome = ReadOutcome.Encrypted, Problem = $"encrypted with {decryption.Encryption}" };
        }

        // 3
        ReadOnlySpan<byte> plain = decryption.Value.Span;
        string resourceVersion = modRevision.ToString(CultureInfo.InvariantCulture);
        return ObjectDecoder.IsProtobuf(plain) ? Decode(read, plain, resourceVersion)
            : plain.StartsWith("{"u8) ? Parse(read, plain, resourceVersion)
            : plain is [0xD9, 0xD9, 0xF7, ..] ? read with { Outcome = ReadOutcome.Cbor, Problem = "encoded as CBOR" }
            : read with { Outcome = ReadOutcome.Unrecognized, Problem = "neither protobuf nor JSON of an API server" };
    }

    private StoredObject Decode(StoredObject read, ReadOnlySpan<byte> value, string resourceVersion)
    {
        bool isWhole = !_options.MetadataOnly || (ObjectDecoder.KindOf(value) is { } kind && ReadRules.Cover(kind));
        DecodeOptions options = new()
        {
            ResourceVersion = resourceVersion,
            ManagedFields = _options.ManagedFields,
            MetadataOnly = !isWhole,
        };
        _json.ResetWrittenCount();
        Decoded decoded = _decoder.Decode(value, _json, options);
        read = read with
        {
            Kind = decoded.Kind,
            Problem = decoded.Problem,
            UnknownFields = decoded.UnknownFields,
            Outcome = decoded.Outcome switch
            {
                DecodeOutcome.Decoded => ReadOutcome.Read,
                DecodeOutcome.DecodedInPart => ReadOutcome.ReadInPart,
                DecodeOutcome.UnknownKind => ReadOutcome.UnknownKind,
                _ => ReadOutcome.Damaged,
            },
        };
        if (decoded.Problem is not null)
        {
            return read;
        }

        // 5
        if (IsMasked(decoded.Kind!) || (!_options.AsStored && ReadRules.Cover(decoded.Kind!)))
        {
            JsonObject document = (JsonObject)PrintedJson.Node(_json.WrittenSpan)!;
            return Finish(read, document, decoded.Kind!);
        }

        return read with { Json = _json.WrittenSpan.ToArray() };
    }

    private StoredObject Parse(StoredObject read, ReadOnlySpan<byte> value, string resourceVersion)
    {
        try
        {
            JsonObject document = (JsonObject)SortedJson.Parse(value)!;
            if (document.Text("apiVersion") is not { } apiVersion || document.Text("kind") is not { } name)
            {
                return read with { Outcome = ReadOutcome.Unrecognized, Problem = "JSON without apiVersion and kind" };
            }

            // 4
            GroupVersionKind kind = new(apiVersion, name);
            if (!_options.AsStored)
            {
                (document, kind, CustomResourceForm? form) = Convert(read, document, kind);
                read = read with { CustomResourceForm = form };
            }

            if (document["metadata"] is JsonObject metadata)
            {
                metadata["resourceVersion"] = resourceVersion;
                if (!_options.ManagedFields)
                {
                    metadata.Remove("managedFields");
                }
            }

            return Finish(read with { Outcome = ReadOutcome.Read, Kind = kind }, document, kind);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return read with { Outcome = ReadOutcome.Damaged, Problem = "not valid JSON" };
        }
    }

    private (JsonObject Document, GroupVersionKind Kind, CustomResourceForm? Form) Convert(
        StoredObject read, JsonObject document, GroupVersionKind kind)
    {
        if (kind is { Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition" })
        {
            return (DefinitionConversion.ToV1(document), kind with { ApiVersion = "apiextensions.k8s.io/v1" }, null);
        }

        if (read.Place is null || _builtIn.Contains(read.Place.Resource))
        {
            return (document, kind, null);
        }

        CustomResourceForm form =
            CustomResourceReader.Read(document, _options.Definitions.GetValueOrDefault(read.Place.Resource));
        return (document, kind with { ApiVersion = document.Text("apiVersion") ?? kind.ApiVersion }, form);
    }

    private StoredObject Finish(StoredObject read, JsonObject document, GroupVersionKind kind)
    {
        if (!_options.AsStored)
        {
            ReadRules.Apply(kind, document);
        }

        if (IsMasked(kind))
        {
            SecretMask.Apply(document);
        }

        _json.ResetWrittenCount();
        PrintedJson.Write(document, _json);
        return read with { Json = _json.WrittenSpan.ToArray() };
    }

    private bool IsMasked(GroupVersionKind kind) => !_options.ShowSecrets && SecretMask.Covers(kind);
}
