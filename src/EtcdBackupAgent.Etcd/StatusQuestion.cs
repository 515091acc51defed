using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Members;

namespace EtcdBackupAgent.Etcd;

/// <summary>Reads the status of the members at all endpoints, in parallel.</summary>
internal static class StatusQuestion
{
    /// <summary>
    /// Waits for all endpoints. The failure of one that does not respond is added to <paramref name="failures"/>.
    /// </summary>
    public static async Task<List<MemberAnswer>> AskAsync(
        IEnumerable<EtcdClient> clients, List<BackupException> failures, CancellationToken cancellationToken)
    {
        List<MemberAnswer> answers = [];
        List<(string Endpoint, Task<StatusResponse> Status)> questions =
            [.. clients.Select(client => (client.Endpoint, client.StatusAsync(cancellationToken)))];
        // Waits for all without throwing: each response is examined below.
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
        : throw new BackupException(FailureReason.EtcdFailed, $"{endpoint}: Maintenance/Status returned no header.");
}
