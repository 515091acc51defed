using System.CommandLine;
using EtcdBackupAgent.Commands.Keys;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Objects.Encryption;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Output;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>
/// The words and options that name where objects are read from: a snapshot, a file, a moment or a revision; and how.
/// </summary>
internal sealed class ObjectSource
{
    private readonly RepositoryOptions _repository;
    private readonly KeyOptions _keys;
    private readonly PointOptions _point = new();
    private readonly bool _masksSecrets;

    private readonly Option<string?> _file = new("--file")
    {
        Description = "Read this file in place of a repository: a snapshot, or a copy of a member's db.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _scratchDirectory = new("--scratch-dir")
    {
        Description = "Directory for an unencrypted copy of the database while it is read, in a file without a name "
            + "(default: the system's directory for temporary files).",
        HelpName = "DIR",
    };

    private readonly Option<string?> _encryptionConfig = new("--encryption-config")
    {
        Description = "The file of kube-apiserver's --encryption-provider-config, if the API server encrypts what it "
            + "stores.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _prefixes = new("--etcd-prefix")
    {
        Description = "The prefix of the API server's keys; can be repeated (default: /registry, /kubernetes.io and "
            + "/openshift.io).",
        HelpName = "PREFIX",
    };

    private readonly Option<bool> _showSecrets = new("--show-secrets")
    {
        Description = "Print the values of Secrets, which are masked otherwise.",
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
        _masksSecrets = masksSecrets;
        _repository = new RepositoryOptions(logs, wiring);
        _keys = new KeyOptions(wiring.Time);
        Words = new Argument<string[]>("SNAPSHOT KIND NAME")
        {
            Description = "The snapshot: its ID, its beginning, its name, or 'latest'; it is left out with --file, "
                + "--at and --revision. Then the kinds, separated by commas, and names; or KIND/NAME.",
            Arity = ArgumentArity.ZeroOrMore,
        };
    }

    /// <summary>The words of the command line: the snapshot, kinds and names.</summary>
    public Argument<string[]> Words { get; }

    public void AddTo(Command verb)
    {
        verb.Add(Words);
        verb.Add(_file);
        _point.AddTo(verb);
        verb.Add(_encryptionConfig);
        if (_masksSecrets)
        {
            verb.Add(_showSecrets);
        }

        verb.Add(_raw);
        verb.Add(_prefixes);
        verb.Add(_scratchDirectory);
        _repository.AddTo(verb);
        _keys.AddTo(verb);
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
        string[] prefixes = parsed.GetValue(_prefixes) ?? [];
        return new ObjectReaderOptions
        {
            Prefixes = prefixes.Length > 0 ? prefixes : null,
            Encryption = parsed.GetValue(_encryptionConfig) is { } file
                ? EncryptionConfiguration.Parse(file, await ReadFileAsync(file, cancellationToken))
                : null,
            AsStored = raw,
            ManagedFields = raw,
            ShowSecrets = _masksSecrets && parsed.GetValue(_showSecrets),
        };
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
            parsed, _point.IsGiven(parsed) ? null : parsed.GetValue(Words)![0], _repository);
        using OpenedRepository opened = await _repository.OpenAsync(parsed, cancellationToken);
        if (target is not null)
        {
            SeparatePlaces.RequireForRestore(opened.Repository.Store, target);
        }

        using OpenedKeys keys = await _keys.ReadAsync(parsed, opened, required: true, cancellationToken);
        return await TransferDisplay.ShowAsync(progress => KeySpace.OpenAsync(
            opened.Repository,
            keys.Identities,
            parsed.GetValue(_scratchDirectory) ?? Path.GetTempPath(),
            selection,
            progress,
            cancellationToken));
    }

    private static async Task<string> ReadFileAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(file, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"--encryption-config {file} cannot be read: {e.Message}", e);
        }
    }
}
