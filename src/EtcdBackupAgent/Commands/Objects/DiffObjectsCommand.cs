using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Comparing;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Objects.Selecting;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary><c>objects diff</c>: shows which objects differ between two snapshots or moments, and how.</summary>
internal sealed class DiffObjectsCommand
{
    private readonly ObjectAccess _access;
    private readonly SelectionOptions _selection = new(isOfAll: true);
    private readonly NoiseOption _noise = new();

    private readonly Argument<string[]> _words = new("A B KIND NAME")
    {
        Description = "The old and the new side: each a snapshot ID, the beginning of one, 'latest', a time such as "
            + "2026-11-29T10:15:00Z, revision:N (both need a change log), or file:PATH. Then the kinds, separated by "
            + "commas, and names; or KIND/NAME (default: all objects).",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<ObjectFormat> _output = new Option<ObjectFormat>("--output", "-o")
    {
        Description = "Format: json, yaml or name (default: text for people).",
        HelpName = "FORMAT",
    }.OneOf(ObjectFormat.Json, ObjectFormat.Yaml, ObjectFormat.Name);

    private DiffObjectsCommand(LogOptions logs, Wiring wiring) => _access = new ObjectAccess(logs, wiring);

    public static Command Create(LogOptions logs, Wiring wiring)
    {
        DiffObjectsCommand diff = new(logs, wiring);
        Command verb = new("diff", "Show which objects differ between two snapshots or moments, and in which fields.");
        verb.Add(diff._words);
        diff._selection.AddTo(verb);
        diff._noise.AddTo(verb);
        verb.Add(diff._output);
        diff._access.AddTo(verb);
        verb.SetAction(diff.ExecuteAsync);
        return verb.WithExample(
            "etcd-backup-agent objects diff 1a2b3c4d latest --repository file:///var/backups/etcd\n"
            + "etcd-backup-agent objects diff 2026-11-28T22:00:00Z 2026-11-29T06:00:00Z -n web --repository "
            + "file:///var/backups/etcd\n"
            + "etcd-backup-agent objects diff file:before.db file:after.db deployments.apps,cm");
    }

    /// <summary>Exit code 1 means that objects differ, so that a fault of the program needs another one.</summary>
    private async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            return await CompareAsync(parsed, cancellationToken);
        }
        catch (Exception e) when (e is not (BackupException or OperationCanceledException))
        {
            FailureText.WriteUnexpected(e);
            return ExitCodes.ComparisonTrouble;
        }
    }

    /// <remarks>
    /// 1. Read the words and open both sides.
    /// 2. Read the selection; a kind may be defined on one side only.
    /// 3. Compare, and write each difference as it is found.
    /// 4. Warn about what could not be read.
    /// </remarks>
    private async Task<int> CompareAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        // 1
        string[] words = parsed.GetValue(_words) ?? [];
        if (words.Length < 2)
        {
            throw new BackupException(
                FailureReason.InvalidInput, words.Length == 0 ? "Nothing to compare is given." : "One side is missing.")
            {
                Hint = "Name two sides, such as 'objects diff 1a2b3c4d latest'.",
            };
        }

        Noise noise = _noise.Read(parsed);
        ObjectReaderOptions options = await _access.ReadOptionsAsync(parsed, cancellationToken);
        using ComparedSides sides = await ComparedSides.OpenAsync(parsed, _access, words[..2], cancellationToken);
        ObjectReaderOptions inClear = options with { ShowSecrets = true, ManagedFields = noise.IncludesManagedFields };
        ObjectSpace[] spaces = [.. sides.Opened.Select(keys => new ObjectSpace(keys, inClear))];

        // 2
        ComparedSelection selection = new(
            _selection.ReadOfAll(parsed, words[2..], word => Resolve(word, spaces, cancellationToken)), noise);

        // 3
        UnreadObjects unread = new();
        SnapshotObjects[] compared =
            [.. spaces.Select(space => new SnapshotObjects(space, options.Prefixes, selection))];
        ObjectComparison comparison = new(compared[0], compared[1], new ComparisonOptions
        {
            Selection = selection,
            ShowSecrets = options.ShowSecrets,
            OnRead = item => unread.IsReadable(item),
        });
        ChangeOutput output = new(parsed.GetValue(_output), compared[0], compared[1]);
        await foreach (ObjectChange change in comparison.CompareAsync(cancellationToken))
        {
            output.Write(change);
        }

        output.Finish();

        // 4
        unread.Warn();
        return output.HasChanges ? ExitCodes.Different : ExitCodes.Success;
    }

    private static KnownResource Resolve(string word, ObjectSpace[] spaces, CancellationToken cancellationToken) =>
        spaces[0].Find(word, cancellationToken) ?? spaces[^1].Resolve(word, cancellationToken);
}
