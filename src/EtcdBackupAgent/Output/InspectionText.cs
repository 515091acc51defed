using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Objects.Encryption;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Reports;
using EtcdBackupAgent.Snapshots.Verification;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>Formats the content of a snapshot.</summary>
internal static class InspectionText
{
    /// <summary>The number of prefixes in the text output. Documents contain all.</summary>
    private const int PrefixesShownMax = 20;

    private static readonly Style Bad = new(Color.Red);

    public static JsonObject Document(Inspection inspection, EncryptionCounts encryption)
    {
        JsonObject document = new()
        {
            ["name"] = inspection.Name,
            ["sound"] = inspection.IsSound,
            ["trailer"] = Name(inspection.Trailer),
            ["time"] = WindowText.Document(inspection.Time),
            ["restorePoint"] = PointText.Document(inspection.Default),
            ["checks"] = new JsonArray([.. inspection.Examination.Proof.Checks.Select(Document)]),
        };
        if (inspection.Examination.Report is { } report)
        {
            JsonObject content = Document(report);
            content["encryptedValues"] = EncryptionText.Document(encryption);
            content["otherEncryptedValues"] = encryption.Others;
            document["content"] = content;
        }

        return document;
    }

    public static void Write(IAnsiConsole console, Inspection inspection, EncryptionCounts encryption)
    {
        if (inspection.Examination.Report is { } report)
        {
            IReadOnlyList<(string Name, string Value)> facts = [.. Facts(inspection, report)];
            int nameWidth = facts.Max(fact => fact.Name.Length) + 2;
            foreach ((string name, string value) in facts)
            {
                console.WriteLine(
                    name.Length == 0 ? new string(' ', nameWidth) + value : $"{name}:".PadRight(nameWidth) + value);
            }

            console.WriteLine();
            console.Write(PrefixTable(report));
            console.WriteLine();
            EncryptionText.Write(console, encryption);
        }

        WriteChecks(console, inspection);
    }

    private static void WriteChecks(IAnsiConsole console, Inspection inspection)
    {
        if (inspection.Trailer == SnapshotTrailerResult.Mismatch)
        {
            console.WriteLine("Trailer: FAILED, the file does not match the SHA-256 that etcd appended to it", Bad);
        }

        foreach (SnapshotCheck check in inspection.Examination.Proof.Checks)
        {
            bool isWrong = check.Result == CheckResult.Failed;
            console.WriteLine($"{check.Part}: {Word(check.Result)}, {check.Detail}", isWrong ? Bad : Style.Plain);
            foreach (string problem in check.Problems)
            {
                console.WriteLine($"  {problem}");
            }
        }
    }

    private static IEnumerable<(string Name, string Value)> Facts(Inspection inspection, SnapshotReport report)
    {
        EtcdState state = report.State;
        yield return ("Snapshot", inspection.Name);
        if (inspection.Default is { } point)
        {
            yield return ("Restore point", PointText.Of(point));
        }

        if (inspection.Time is { } time)
        {
            yield return ("Moment", WindowText.Text(time));
        }

        yield return ("Database", report.UsedBytes is { } used
            ? $"{Readable.Bytes(report.DatabaseBytes)}, {Readable.Bytes(used)} in use"
            : Readable.Bytes(report.DatabaseBytes));
        yield return ("Trailer", inspection.Trailer == SnapshotTrailerResult.Missing
            ? "none: a copy of a member's database"
            : inspection.Trailer == SnapshotTrailerResult.Valid ? "right" : "WRONG");
        yield return ("Revision", Text(report.Revision));
        yield return (
            "Compacted",
            report.CompactRevision < 0
                ? "never"
                : $"to {report.CompactRevision}{(report.IsCompactionUnfinished ? ", not finished" : "")}");
        yield return (
            "Keys",
            $"{report.LiveKeys} in {report.Revisions} revisions, {report.HistoryRevisions} of them history");
        yield return ("Leases", Text(state.Leases));
        yield return ("Version", $"cluster {state.ClusterVersion ?? "-"}, storage {state.StorageVersion ?? "-"}");
        yield return ("Raft", $"index {state.ConsistentIndex?.ToString(CultureInfo.InvariantCulture) ?? "-"}, "
            + $"term {state.RaftTerm?.ToString(CultureInfo.InvariantCulture) ?? "-"}");
        yield return ("Authentication", state.IsAuthEnabled ? $"on, {state.Users} users, {state.Roles} roles" : "off");
        foreach (AlarmReport alarm in state.Alarms)
        {
            yield return ("Alarm", $"{alarm.Kind} of member {alarm.MemberId:x}");
        }

        foreach (EtcdMemberReport member in state.Members)
        {
            yield return ("Member", $"{member.Id:x} {member.Name}{(member.IsLearner ? " (learner)" : "")}");
            yield return ("", $"peers {string.Join(',', member.PeerUrls)}");
            yield return ("", $"clients {string.Join(',', member.ClientUrls)}");
        }

        if (state.RemovedMembers.Count > 0)
        {
            yield return ("Removed members", string.Join(' ', state.RemovedMembers.Select(id => $"{id:x}")));
        }
    }

    private static Table PrefixTable(SnapshotReport report)
    {
        Table table = Terminal.NewTable("PREFIX", "KEYS", "REVISIONS", "BYTES");
        PrefixReport[] rest =
        [
            .. report.Prefixes.Skip(PrefixesShownMax),
            .. new[] { report.OtherPrefixes }.OfType<PrefixReport>(),
        ];
        foreach (PrefixReport prefix in report.Prefixes.Take(PrefixesShownMax))
        {
            AddRow(table, prefix.Prefix.Length == 0 ? "(none)" : prefix.Prefix, prefix);
        }

        if (rest.Length > 0)
        {
            AddRow(table, "(others)", new PrefixReport
            {
                Prefix = "",
                LiveKeys = rest.Sum(p => p.LiveKeys),
                Revisions = rest.Sum(p => p.Revisions),
                Bytes = rest.Sum(p => p.Bytes),
            });
        }

        return table;
    }

    private static void AddRow(Table table, string name, PrefixReport prefix) =>
        table.AddRow(
            new Text(name),
            new Text(Text(prefix.LiveKeys)),
            new Text(Text(prefix.Revisions)),
            new Text(Readable.Bytes(prefix.Bytes)));

    private static JsonObject Document(SnapshotCheck check) => new()
    {
        ["part"] = Name(check.Part),
        ["result"] = Name(check.Result),
        ["detail"] = check.Detail,
        ["problems"] = Texts(check.Problems),
    };

    private static JsonObject Document(SnapshotReport report) => new()
    {
        ["revision"] = report.Revision,
        ["compactRevision"] = report.CompactRevision,
        ["compactionUnfinished"] = report.IsCompactionUnfinished,
        ["keys"] = report.LiveKeys,
        ["revisions"] = report.Revisions,
        ["tombstones"] = report.Tombstones,
        ["historyRevisions"] = report.HistoryRevisions,
        ["databaseBytes"] = report.DatabaseBytes,
        ["usedBytes"] = report.UsedBytes,
        ["storageVersion"] = report.State.StorageVersion,
        ["clusterVersion"] = report.State.ClusterVersion,
        ["consistentIndex"] = report.State.ConsistentIndex,
        ["raftTerm"] = report.State.RaftTerm,
        ["authEnabled"] = report.State.IsAuthEnabled,
        ["users"] = report.State.Users,
        ["roles"] = report.State.Roles,
        ["leases"] = report.State.Leases,
        ["members"] = new JsonArray([.. report.State.Members.Select(member => new JsonObject
        {
            ["id"] = $"{member.Id:x}",
            ["name"] = member.Name,
            ["peerUrls"] = Texts(member.PeerUrls),
            ["clientUrls"] = Texts(member.ClientUrls),
            ["learner"] = member.IsLearner,
        })]),
        ["removedMembers"] = Texts(report.State.RemovedMembers.Select(id => $"{id:x}")),
        ["alarms"] = new JsonArray([.. report.State.Alarms.Select(alarm => new JsonObject
        {
            ["member"] = $"{alarm.MemberId:x}",
            ["kind"] = alarm.Kind,
        })]),
        ["prefixes"] = new JsonArray([.. report.Prefixes.Select(Document)]),
        ["otherPrefixes"] = report.OtherPrefixes is { } others ? Document(others) : null,
    };

    private static JsonObject Document(PrefixReport prefix) => new()
    {
        ["prefix"] = prefix.Prefix,
        ["keys"] = prefix.LiveKeys,
        ["revisions"] = prefix.Revisions,
        ["bytes"] = prefix.Bytes,
    };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The name in documents: <c>notChecked</c>.</summary>
    private static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName($"{value}");

    private static string Word(CheckResult result) => result switch
    {
        CheckResult.Passed => "passed",
        CheckResult.Failed => "FAILED",
        _ => "not checked",
    };
}
