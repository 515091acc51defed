using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.Reports;

/// <summary>
/// Reads all buckets except <c>key</c>, and reports what etcd cannot read in them. A missing bucket counts as empty,
/// because not every version creates all buckets. Sources: etcd's <c>server/storage/schema</c>,
/// <c>server/lease/lessor.go</c>.
/// </summary>
internal sealed class EtcdBuckets(BoltDatabase database, ProblemList problems, CancellationToken cancellationToken)
{
    /// <summary>The most members, removed members and alarms that are listed. A cluster has only a few.</summary>
    private const int ListedMax = 1000;

    /// <summary>The characters of a semantic version.</summary>
    private static readonly SearchValues<byte> VersionBytes =
        SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+-"u8);

    private readonly EtcdState _state = new();
    private readonly List<EtcdMemberReport> _members = [];
    private readonly List<ulong> _removed = [];
    private readonly List<AlarmReport> _alarms = [];

    private delegate string? Reading(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>
    /// Reads all buckets. A bucket with a damaged page is reported as a problem, and the others are still read.
    /// </summary>
    public EtcdState Read()
    {
        ReadBucket("meta", ReadMeta);
        ReadBucket("cluster", ReadCluster);
        ReadBucket("members", ReadMember);
        ReadBucket("members_removed", ReadRemovedMember);
        ReadBucket("lease", ReadLease);
        ReadBucket("alarm", ReadAlarm);
        ReadBucket("auth", ReadAuth);
        ReadBucket("authUsers", (key, value) => ReadNamed(key, value, () => _state.Users++));
        ReadBucket("authRoles", (key, value) => ReadNamed(key, value, () => _state.Roles++));
        _state.Members = _members;
        _state.RemovedMembers = _removed;
        _state.Alarms = _alarms;
        return _state;
    }

    private void ReadBucket(string name, Reading reading)
    {
        try
        {
            BoltCursor? cursor = database.Bucket(Encoding.ASCII.GetBytes(name));
            for (bool any = cursor is not null && cursor.MoveToFirst(); any; any = cursor!.MoveNext())
            {
                cancellationToken.ThrowIfCancellationRequested();
                string? problem = cursor!.IsBucket ? "is a bucket" : reading(cursor.Key, cursor.Value);
                if (problem is not null)
                {
                    problems.Add($"page {cursor.PageId}: bucket {name}, {KeyText(cursor.Key)}: {problem}");
                }
            }
        }
        catch (SnapshotDamagedException e)
        {
            problems.Add($"bucket {name}: {e.Message}");
        }
    }

    private string? ReadMeta(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual("consistent_index"u8) || key.SequenceEqual("term"u8))
        {
            if (value.Length != sizeof(ulong))
            {
                return $"has {value.Length} bytes instead of {sizeof(ulong)}";
            }

            ulong number = BinaryPrimitives.ReadUInt64BigEndian(value);
            _ = key[0] == (byte)'t' ? _state.RaftTerm = number : _state.ConsistentIndex = number;
        }
        else if (key.SequenceEqual("storageVersion"u8))
        {
            _state.StorageVersion = ShortText(value);
            return VersionProblem(value);
        }
        else if (key.SequenceEqual("scheduledCompactRev"u8) || key.SequenceEqual("finishedCompactRev"u8))
        {
            return RevisionKey.TryRead(value, out _) ? null : "is not a revision";
        }
        else if (key.SequenceEqual("confState"u8))
        {
            return JsonProblem(value);
        }

        return NameProblem(key);
    }

    private string? ReadCluster(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual("clusterVersion"u8))
        {
            _state.ClusterVersion = ShortText(value);
            return VersionProblem(value);
        }

        return key.SequenceEqual("downgrade"u8) ? JsonProblem(value) : NameProblem(key);
    }

    private string? ReadMember(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!TryReadId(key, out ulong id))
        {
            return "is not a member ID";
        }

        EtcdMemberDocument? document;
        try
        {
            document = JsonSerializer.Deserialize(value, EtcdMemberJson.Default.EtcdMemberDocument);
        }
        catch (JsonException)
        {
            return "is not the JSON of a member";
        }

        if (document is null || document.Id != id)
        {
            return document is null ? "is not the JSON of a member" : $"belongs to the member {document.Id:x}";
        }

        if (_members.Count < ListedMax)
        {
            _members.Add(new EtcdMemberReport
            {
                Id = id,
                Name = document.Name ?? "",
                PeerUrls = document.PeerUrls ?? [],
                ClientUrls = document.ClientUrls ?? [],
                IsLearner = document.IsLearner,
            });
        }

        return null;
    }

    private string? ReadRemovedMember(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!TryReadId(key, out ulong id))
        {
            return "is not a member ID";
        }

        if (_removed.Count < ListedMax)
        {
            _removed.Add(id);
        }

        return value.SequenceEqual("removed"u8) ? null : "is not 'removed'";
    }

    private string? ReadLease(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.Length != sizeof(long))
        {
            return "is not a lease ID";
        }

        _state.Leases++;
        long id = 0;
        ProtobufFields fields = new(value);
        while (fields.MoveNext() && (fields.Number > 3 || fields.Require(ProtobufWireType.Varint)))
        {
            id = fields.Number == 1 ? fields.Integer : id;
        }

        return fields.Problem ?? (id == BinaryPrimitives.ReadInt64BigEndian(key) ? null : $"is the lease {id:x}");
    }

    private string? ReadAlarm(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        (long member, long kind) = (0, 0);
        ProtobufFields fields = new(key);
        while (fields.MoveNext() && (fields.Number > 2 || fields.Require(ProtobufWireType.Varint)))
        {
            (member, kind) = fields.Number switch
            {
                1 => (fields.Integer, kind),
                2 => (member, fields.Integer),
                _ => (member, kind),
            };
        }

        if (fields.Problem is null && _alarms.Count < ListedMax)
        {
            string name = kind switch
            {
                1 => "NOSPACE",
                2 => "CORRUPT",
                _ => kind.ToString(CultureInfo.InvariantCulture),
            };
            _alarms.Add(new AlarmReport((ulong)member, name));
        }

        return fields.Problem ?? (value.IsEmpty ? null : $"has {value.Length} bytes instead of none");
    }

    private string? ReadAuth(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual("authEnabled"u8))
        {
            _state.IsAuthEnabled = value.SequenceEqual("\u0001"u8);
            return value is [0 or 1] ? null : "is neither 0 nor 1";
        }

        return key.SequenceEqual("authRevision"u8) && value.Length != sizeof(ulong)
            ? $"has {value.Length} bytes instead of {sizeof(ulong)}"
            : NameProblem(key);
    }

    /// <summary>Reads a user or a role: a message whose field 1 is the same name as the key.</summary>
    private static string? ReadNamed(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, Action count)
    {
        ReadOnlySpan<byte> name = default;
        ProtobufFields fields = new(value);
        while (fields.MoveNext() && (fields.Number > 4 || fields.Require(ProtobufWireType.LengthDelimited)))
        {
            name = fields.Number == 1 ? fields.Bytes : name;
        }

        count();
        return fields.Problem ?? (name.SequenceEqual(key) ? null : $"belongs to {KeyText(name)}");
    }

    /// <summary>
    /// Checks the characters of a version: etcd stops when it reads an invalid one. Future versions are unknown, so
    /// nothing else is checked.
    /// </summary>
    private static string? VersionProblem(ReadOnlySpan<byte> value) =>
        value.IsEmpty || value.ContainsAnyExcept(VersionBytes) ? "is not a version" : null;

    /// <summary>Checks a name in a bucket of single values: in all versions of etcd it is a word.</summary>
    private static string? NameProblem(ReadOnlySpan<byte> key) =>
        key.ContainsAnyExceptInRange((byte)'!', (byte)'~') ? "is not a name that etcd uses" : null;

    private static string? JsonProblem(ReadOnlySpan<byte> value)
    {
        try
        {
            Utf8JsonReader reader = new(value);
            while (reader.Read())
            {
            }

            return null;
        }
        catch (JsonException)
        {
            return "is not JSON";
        }
    }

    private static bool TryReadId(ReadOnlySpan<byte> key, out ulong id) =>
        ulong.TryParse(key, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out id);

    private static string KeyText(ReadOnlySpan<byte> key) => KeyPrefix.Text(key[..Math.Min(key.Length, 64)]);

    private static string ShortText(ReadOnlySpan<byte> value) => KeyText(value);
}
