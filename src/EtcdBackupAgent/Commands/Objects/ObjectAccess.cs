using System.CommandLine;
using EtcdBackupAgent.Commands.Keys;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Objects.Encryption;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Output;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>
/// The options that all verbs below <c>objects</c> need to read: the repository and its keys, where a database is
/// written, and how objects are read.
/// </summary>
internal sealed class ObjectAccess
{
    private readonly KeyOptions _keys;
    private readonly bool _masksSecrets;

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

    /// <param name="logs">The options of the log.</param>
    /// <param name="wiring">The wiring.</param>
    /// <param name="masksSecrets">Whether the verb masks the values of Secrets unless they are asked for.</param>
    public ObjectAccess(LogOptions logs, Wiring wiring, bool masksSecrets = true)
    {
        _masksSecrets = masksSecrets;
        Repository = new RepositoryOptions(logs, wiring);
        _keys = new KeyOptions(wiring.Time);
    }

    /// <summary>The options of the repository.</summary>
    public RepositoryOptions Repository { get; }

    /// <summary>The option for the API server's encryption.</summary>
    public Option EncryptionConfig => _encryptionConfig;

    public void AddTo(Command verb)
    {
        verb.Add(_encryptionConfig);
        if (_masksSecrets)
        {
            verb.Add(_showSecrets);
        }

        verb.Add(_prefixes);
        verb.Add(_scratchDirectory);
        Repository.AddReadingTo(verb);
        _keys.AddTo(verb);
    }

    /// <summary>The directory in which a database is written while it is read.</summary>
    public string ScratchDirectory(ParseResult parsed) => parsed.GetValue(_scratchDirectory) ?? Path.GetTempPath();

    /// <summary>Reads how objects are read.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public async Task<ObjectReaderOptions> ReadOptionsAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string[] prefixes = parsed.GetValue(_prefixes) ?? [];
        return new ObjectReaderOptions
        {
            Prefixes = prefixes.Length > 0 ? prefixes : null,
            Encryption = parsed.GetValue(_encryptionConfig) is { } file
                ? EncryptionConfiguration.Parse(
                    file, await InputFile.ReadAsync("--encryption-config", file, cancellationToken))
                : null,
            ShowSecrets = _masksSecrets && parsed.GetValue(_showSecrets),
        };
    }

    /// <summary>Reads the keys of the repository.</summary>
    /// <exception cref="BackupException">As <see cref="KeyOptions.ReadAsync"/>.</exception>
    public Task<OpenedKeys> ReadKeysAsync(
        ParseResult parsed, OpenedRepository opened, CancellationToken cancellationToken) =>
        _keys.ReadAsync(parsed, opened, required: true, cancellationToken);

    /// <summary>Opens the keys of etcd in a snapshot, at a moment or at a revision.</summary>
    /// <exception cref="BackupException">As for <see cref="KeySpace"/>.</exception>
    public async Task<KeySpace> OpenAsync(
        ParseResult parsed,
        OpenedRepository opened,
        OpenedKeys keys,
        RestoreSelection selection,
        CancellationToken cancellationToken)
    {
        KeySpace space = await TransferDisplay.ShowAsync(progress => KeySpace.OpenAsync(
            opened.Repository,
            keys.Identities,
            ScratchDirectory(parsed),
            selection,
            progress,
            cancellationToken));
        if (PointText.Note(space.Point) is { } note)
        {
            FailureText.WriteNote(note);
        }

        return space;
    }
}
