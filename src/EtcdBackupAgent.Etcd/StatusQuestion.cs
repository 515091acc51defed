using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Members;

namespace EtcdBackupAgent.Etcd;

/// <summary>Asks all endpoints for the status of their members, in parallel.</summary>
internal static class StatusQuestion
{
    /// <summary>Waits for all; an endpoint that gives no answer is a failure among those of others.</summary>
    public static async Task<List<MemberAnswer>> AskAsync(
        IEnumerable<EtcdClient> clients, List<BackupException> failures, CancellationToken cancellationToken)
    {
        List<MemberAnswer> answers = [];
        List<(string Endpoint, Task<StatusResponse> Status)> questions =
            [.. clients.Select(client => (client.Endpoint, client.StatusAsync(cancellationToken)))];
        // Waits for all without throwing: each answer is looked at on its own.
        await ((Task)Task.WhenAll(questions.Select(question => question.Status)))
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach ((string endpoint, Task<StatusResponse> status) in questions)
        {
            try
            {
                answers.Add(new MemberAnswer(endpoint, Complete(endpoint, await status)));
            }
            catch (BackupException e)
            {
                failures.Add(e);
            }
        }

        return answers;
    }

    private static StatusResponse Complete(string endpoint, StatusResponse status) => status.Header is not null
        ? status
        : throw new BackupException(FailureReason.EtcdFailed, $"{endpoint}: Maintenance/Status came without a header.");
}
