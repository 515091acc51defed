using System.Globalization;
using System.Text.Json;
using EtcdBackupAgent.Snapshots;

namespace EtcdBackupAgent.Core.ObjectLines;

/// <summary>The lines of a file of objects (<c>docs/spec/object-lines.md</c>).</summary>
internal static class ObjectLineFormat
{
    public const string Name = "object-lines";

    /// <summary>The only version.</summary>
    public const int Version = 1;

    /// <summary>The most bytes of a line, without its line feed. etcd takes 1.5 MiB by default.</summary>
    public const int LineBytesMax = 64 << 20;

    /// <summary>The deepest nesting of a line.</summary>
    public const int DepthMax = 1000;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = DepthMax };

    /// <summary>Reads the first line.</summary>
    /// <exception cref="SnapshotDamagedException">It is not the one of this version.</exception>
    public static void RequireHeader(ReadOnlySpan<byte> line)
    {
        Utf8JsonReader reader = new(line, Options);
        try
        {
            if (IsToken(ref reader, JsonTokenType.StartObject)
                && IsProperty(ref reader, "format"u8) && reader.Read() && reader.ValueTextEquals(Name)
                && IsProperty(ref reader, "version"u8) && reader.Read())
            {
                if (!reader.TryGetInt32(out int version) || version != Version)
                {
                    throw new SnapshotDamagedException("line 1: its version is not known to this agent");
                }

                return;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new SnapshotDamagedException("line 1: it is not JSON of the format", e);
        }

        throw new SnapshotDamagedException("line 1: it is not the first line of objects");
    }

    /// <summary>Reads the line of an object.</summary>
    /// <param name="line">The line.</param>
    /// <param name="number">Its number, for messages.</param>
    /// <exception cref="SnapshotDamagedException">It is not the line of an object.</exception>
    public static ObjectLine ReadObject(ReadOnlySpan<byte> line, long number)
    {
        Utf8JsonReader reader = new(line, Options);
        try
        {
            if (IsToken(ref reader, JsonTokenType.StartObject)
                && IsProperty(ref reader, "key"u8) && IsToken(ref reader, JsonTokenType.String))
            {
                string key = reader.GetString()!;
                if (IsProperty(ref reader, "resourceVersion"u8) && IsToken(ref reader, JsonTokenType.String))
                {
                    _ = long.TryParse(
                        reader.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out long revision);
                    if (IsProperty(ref reader, "object"u8) && IsToken(ref reader, JsonTokenType.StartObject)
                        && line[^1] == (byte)'}')
                    {
                        // The object is the last member, so that it ends before the last brace.
                        int start = (int)reader.TokenStartIndex;
                        return new ObjectLine(key, revision, start, line.Length - 1 - start);
                    }
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new SnapshotDamagedException($"line {number}: it is not JSON", e);
        }

        throw new SnapshotDamagedException($"line {number}: it is not the line of an object");
    }

    /// <summary>Returns the number of objects that the last line has; null if it is another line.</summary>
    /// <exception cref="SnapshotDamagedException">It is not JSON.</exception>
    public static long? ReadEnd(ReadOnlySpan<byte> line, long number)
    {
        Utf8JsonReader reader = new(line, Options);
        try
        {
            return IsToken(ref reader, JsonTokenType.StartObject)
                && IsProperty(ref reader, "end"u8) && IsToken(ref reader, JsonTokenType.StartObject)
                && IsProperty(ref reader, "objects"u8) && reader.Read() && reader.TryGetInt64(out long objects)
                    ? objects
                    : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new SnapshotDamagedException($"line {number}: it is not JSON", e);
        }
    }

    /// <summary>Requires that a whole line is JSON.</summary>
    /// <exception cref="SnapshotDamagedException">It is not.</exception>
    public static void RequireJson(ReadOnlySpan<byte> line, long number)
    {
        Utf8JsonReader reader = new(line, Options);
        try
        {
            while (reader.Read())
            {
            }
        }
        catch (JsonException e)
        {
            throw new SnapshotDamagedException($"line {number}: it is not JSON", e);
        }
    }

    private static bool IsProperty(ref Utf8JsonReader reader, ReadOnlySpan<byte> name) =>
        IsToken(ref reader, JsonTokenType.PropertyName) && reader.ValueTextEquals(name);

    private static bool IsToken(ref Utf8JsonReader reader, JsonTokenType type) =>
        reader.Read() && reader.TokenType == type;
}

/// <summary>Where an object is in its line.</summary>
/// <param name="Key">The key.</param>
/// <param name="Revision">The resourceVersion; 0 if it is not a number.</param>
/// <param name="Start">The first byte of the object, from the start of the line.</param>
/// <param name="Length">The bytes of the object.</param>
internal readonly record struct ObjectLine(string Key, long Revision, int Start, int Length);
