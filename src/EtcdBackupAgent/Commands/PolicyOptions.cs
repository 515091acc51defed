using System.CommandLine;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// The options of a verb that follows a policy: the policy is in a cluster or in documents, or every setting is
/// an option. Options that set what the policy sets are refused.
/// </summary>
/// <param name="verb">The name of the verb, for messages.</param>
internal sealed class PolicyOptions(string verb)
{
    private readonly Option<string?> _etcdCredentials = new("--etcd-creds-dir")
    {
        Description = "With --kubernetes, in a pod: read the Secrets from the pod instead of the API. The etcd Secret "
            + "is mounted in DIR (ca.crt, client.crt, client.key); those of the location are environment variables.",
        HelpName = "DIR",
    };

    public void AddTo(Command command) => command.Add(_etcdCredentials);

    /// <summary>Reads which policy of a cluster is meant.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="repository">The options that name the repository and the policy.</param>
    /// <param name="setting">The first given option that a policy sets; null if none is given.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: none, or an option is given that the policy sets.
    /// </exception>
    public ClusterPolicyChoice ReadCluster(ParseResult parsed, RepositoryOptions repository, string? setting)
    {
        Reject(repository.FirstGiven(parsed) ?? setting, "--kubernetes");
        string policy = parsed.GetValue(repository.Policy)
            ?? throw new BackupException(FailureReason.InvalidInput, $"{verb} --kubernetes needs --policy NAME.")
            {
                Hint = "'kubectl get metadatabackuppolicies' shows the names.",
            };
        return policy.Contains('/', StringComparison.Ordinal)
            ? throw new BackupException(
                FailureReason.InvalidInput, $"--policy '{policy}' is not the name of a policy in a cluster.")
            {
                Hint = "With --kubernetes, give the namespace with --namespace.",
            }
            : new ClusterPolicyChoice(policy, parsed.GetValue(_etcdCredentials));
    }

    /// <summary>Returns the policy of documents.</summary>
    /// <param name="documents">The documents.</param>
    /// <param name="setting">The first given option that a policy sets; null if none is given.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: none, or an option is given that the policy sets.
    /// </exception>
    public BackupPolicy ReadDocument(ResourceRepository documents, string? setting)
    {
        Reject(setting, "--resources");
        return documents.Policy
            ?? throw new BackupException(FailureReason.InvalidInput, $"{verb} --resources needs --policy NAME.");
    }

    /// <summary>Refuses an option that requires <c>--kubernetes</c>.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public void RejectClusterOptions(ParseResult parsed)
    {
        if (parsed.GetResult(_etcdCredentials) is { Implicit: false })
        {
            throw KubernetesOptions.KubernetesRequired(_etcdCredentials);
        }
    }

    private static void Reject(string? conflicting, string source)
    {
        if (conflicting is not null)
        {
            throw new BackupException(FailureReason.InvalidInput, $"{conflicting} cannot be used with {source}.")
            {
                Hint = "The policy document sets it.",
            };
        }
    }
}

/// <summary>A policy of a cluster, as the command line names it.</summary>
/// <param name="Policy">The name of the policy.</param>
/// <param name="EtcdCredentialsDirectory">Where the pod has the Secret for etcd; null to read it from the API.</param>
internal sealed record ClusterPolicyChoice(string Policy, string? EtcdCredentialsDirectory);
