using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Etcd;

namespace EtcdBackupAgent.Commands;

/// <summary>The options that name the etcd cluster to read and the credentials for it.</summary>
internal sealed class EtcdOptions
{
    /// <summary>
    /// The environment variable with the password of <c>--etcd-user</c>. It is not an option, because every process of
    /// the machine can read a command line.
    /// </summary>
    public const string PasswordVariable = "ETCD_PASSWORD";

    private readonly Option<string?> _endpoint = new("--etcd-endpoint")
    {
        Description = "Client URL of etcd, or several, separated by commas.",
        HelpName = "URL",
    };

    private readonly Option<string?> _caFile = new("--etcd-ca-file")
    {
        Description = "PEM file with the certificate authority of etcd's servers.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _certFile = new("--etcd-cert-file")
    {
        Description = "PEM file with the client certificate.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _keyFile = new("--etcd-key-file")
    {
        Description = "PEM file with the client certificate's private key.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _serverName = new("--etcd-server-name")
    {
        Description = "The name that the server's certificate must be for, if it is not the endpoint's host.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _user = new("--etcd-user")
    {
        Description = "etcd user, if etcd's authentication is enabled. The password is read from the environment "
            + $"variable {PasswordVariable}.",
        HelpName = "USER",
    };

    private Option[] All => [_endpoint, _caFile, _certFile, _keyFile, _serverName, _user];

    public void AddTo(Command verb)
    {
        foreach (Option option in All)
        {
            verb.Add(option);
        }
    }

    /// <summary>The first of these options that is given; null if none is.</summary>
    public string? FirstGiven(ParseResult parsed) => All.FirstOrDefault(o => parsed.GetResult(o) is not null)?.Name;

    /// <summary>Reads the options and the files they name.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public async Task<EtcdConnection> ReadAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string endpoints = parsed.GetValue(_endpoint) ?? throw new BackupException(
            FailureReason.InvalidInput, "No etcd endpoint is given.")
        {
            Hint = "Add --etcd-endpoint URL, for example https://127.0.0.1:2379; or use --resources DIR --policy NAME.",
        };
        string? user = parsed.GetValue(_user);
        EtcdConnection connection = new()
        {
            Endpoints = EtcdEndpoints.Parse(endpoints),
            ServerName = parsed.GetValue(_serverName),
            User = user,
            Password = user is null ? null : Environment.GetEnvironmentVariable(PasswordVariable) is { } password
                ? SecretText.WithoutLineEnd(password)
                : throw new BackupException(
                    FailureReason.InvalidInput,
                    $"--etcd-user {EtcdUserName.Display(user)} is given, but the environment variable "
                    + $"{PasswordVariable} is not set.")
                {
                    Hint = EtcdUserName.PasswordHint(user),
                },
        };
        return await connection.WithFilesAsync(
            parsed.GetValue(_caFile), parsed.GetValue(_certFile), parsed.GetValue(_keyFile), cancellationToken);
    }
}
