using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Members;

namespace EtcdBackupAgent.Etcd;

/// <summary>Reads the status of the members at all endpoints, in parallel.</summary>
internal static class StatusReader
{
    /// <summary>
    /// Waits for all endpoints. The failure of one that does not respond is added to <paramref name="failures"/>.
    /// </summary>
    public static async Task<List<MemberStatus>> ReadAllAsync(
        IEnumerable<EtcdClient> clients, List<BackupException> failures, CancellationToken cancellationToken)
    {
        List<MemberStatus> statuses = [];
        List<(string Endpoint, Task<StatusResponse> Status)> calls =
            [.. clients.Select(client => (client.Endpoint, client.StatusAsync(cancellationToken)))];
        // Waits for all without throwing: each response is examined below.
        await ((Task)Task.WhenAll(calls.Select(call => call.Status)))
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach ((string endpoint, Task<StatusResponse> status) in calls)
        {
            try
            {
                statuses.Add(new MemberStatus(endpoint, Complete(endpoint, await status)));
            }
            catch (BackupException e)
            {
                failures.Add(e);
            }
        }

        return statuses;
    }

    private static StatusResponse Complete(string endpoint, StatusResponse status) => status.Header is not null
        ? status
        : throw new BackupException(FailureReason.EtcdFailed, $"{endpoint}: Maintenance/Status returned no header.");
}
