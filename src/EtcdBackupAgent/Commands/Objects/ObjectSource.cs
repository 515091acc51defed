using System.CommandLine;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Objects.Reading;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>
/// The words and options that name where objects are read from: a snapshot, a file, a moment or a revision; and how.
/// </summary>
internal sealed class ObjectSource
{
    private readonly ObjectAccess _access;
    private readonly PointOptions _point = new();

    private readonly Option<string?> _file = new("--file")
    {
        Description = "Read this file in place of a repository: a snapshot, or a copy of a member's db.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _raw = new("--raw")
    {
        Description = "Print objects as they are stored, with their managed fields, and custom resources in their "
            + "stored version.",
    };

    /// <param name="logs">The options of the log.</param>
    /// <param name="wiring">The wiring.</param>
    /// <param name="masksSecrets">Whether the verb masks the values of Secrets unless they are asked for.</param>
    public ObjectSource(LogOptions logs, Wiring wiring, bool masksSecrets = true)
    {
        _access = new ObjectAccess(logs, wiring, masksSecrets);
        Words = new Argument<string[]>("SNAPSHOT KIND NAME")
        {
            Description = "The snapshot: its ID, its beginning, its name, or 'latest', perhaps with @REVISION "
                + "(default: its restore point, if it has one); it is left out with --file, --at and --revision. Then "
                + "the kinds, separated by commas, and names; or KIND/NAME.",
            Arity = ArgumentArity.ZeroOrMore,
        };
    }

    /// <summary>The words of the command line: the snapshot, kinds and names.</summary>
    public Argument<string[]> Words { get; }

    /// <summary>The option for the API server's encryption.</summary>
    public Option EncryptionConfig => _access.EncryptionConfig;

    /// <summary>Adds the words and the options, that for objects as they are stored too.</summary>
    public void AddTo(Command verb)
    {
        AddReadTo(verb);
        verb.Add(_raw);
    }

    /// <summary>Adds the words and the options, for a verb that does not print objects.</summary>
    public void AddReadTo(Command verb)
    {
        verb.Add(Words);
        verb.Add(_file);
        _point.AddTo(verb);
        _access.AddTo(verb);
    }

    /// <summary>Returns the words after the snapshot: kinds and names.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: no snapshot is named, or more than one.
    /// </exception>
    public IReadOnlyList<string> ReadKinds(ParseResult parsed)
    {
        string[] words = parsed.GetValue(Words) ?? [];
        if (parsed.GetValue(_file) is not null)
        {
            _point.RejectWith(parsed, "--file");
            return words;
        }

        return _point.IsGiven(parsed) ? words
            : words.Length > 0 ? words[1..]
            : throw new BackupException(
                FailureReason.InvalidInput, "No snapshot is given, and no --file, --at or --revision.")
            {
                Hint = "'etcd-backup-agent objects list latest' shows what the newest snapshot has.",
            };
    }

    /// <summary>Reads how objects are read.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public async Task<ObjectReaderOptions> ReadOptionsAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        bool raw = parsed.GetValue(_raw);
        ObjectReaderOptions options = await _access.ReadOptionsAsync(parsed, cancellationToken);
        return options with { AsStored = raw, ManagedFields = raw };
    }

    /// <summary>Opens the keys.</summary>
    /// <exception cref="BackupException">As for <see cref="KeySpace"/>.</exception>
    public Task<KeySpace> OpenAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        OpenAsync(parsed, target: null, cancellationToken);

    /// <summary>Opens the keys for a directory that is written, which must not lie in the repository.</summary>
    /// <inheritdoc cref="OpenAsync(ParseResult, CancellationToken)"/>
    public async Task<KeySpace> OpenAsync(ParseResult parsed, string? target, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_file) is { } file)
        {
            return KeySpace.OfFile(file, revision: null);
        }

        RestoreSelection selection = _point.Read(
            parsed, _point.IsGiven(parsed) ? null : parsed.GetValue(Words)![0], _access.Repository);
        using OpenedRepository opened = await _access.Repository.OpenAsync(parsed, cancellationToken);
        if (target is not null)
        {
            SeparatePlaces.RequireForRestore(opened.Repository.Store, target);
        }

        using OpenedKeys keys = await _access.ReadKeysAsync(parsed, opened, cancellationToken);
        return await _access.OpenAsync(parsed, opened, keys, selection, cancellationToken);
    }
}
