using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Failures;
using EtcdBackupAgent.Etcd.Members;
using Grpc.Core;

namespace EtcdBackupAgent.Etcd.Watching;

/// <summary>A watch over all keys that the member has confirmed. Disposing it ends the call.</summary>
/// <remarks>
/// A response is read from the network only when it is asked for. If the reader is slower than the writes, the window
/// of the call fills, and the member keeps the events until the reader continues or a compaction removes them.
/// Source: <c>sendLoop</c> in etcd's <c>server/etcdserver/api/v3rpc/watch.go</c>.
/// </remarks>
internal sealed class WatchStream : IDisposable
{
    public const string Call = "Watch/Watch";

    private readonly MemberIdentity _member;
    private readonly Func<RpcException, BackupException> _explain;
    private readonly Deadline _deadline;
    private readonly CancellationToken _cancellationToken;
    private readonly AsyncDuplexStreamingCall<WatchRequest, WatchResponse> _call;
    private readonly EventReader _events;

    private WatchStream(
        long fromRevision,
        Func<CancellationToken, AsyncDuplexStreamingCall<WatchRequest, WatchResponse>> start,
        MemberIdentity member,
        Func<RpcException, BackupException> explain,
        Deadline deadline,
        CancellationToken cancellationToken)
    {
        _member = member;
        _explain = explain;
        _deadline = deadline;
        _cancellationToken = cancellationToken;
        _events = new EventReader(member.Endpoint, fromRevision);
        _call = start(deadline.Token);
    }

    /// <summary>The response that confirmed the watch.</summary>
    public ChangeBatch Confirmation { get; private set; } =
        new() { Records = [], HeaderRevision = 0, IsFragment = false };

    /// <summary>Requests a watch, and waits for its confirmation.</summary>
    /// <param name="request">The watch.</param>
    /// <param name="start">Starts the call.</param>
    /// <param name="member">The member that must respond.</param>
    /// <param name="explain">Returns the failure for what the call threw.</param>
    /// <param name="deadline">The time for the confirmation. The stream disposes it.</param>
    /// <param name="cancellationToken">Ends the watch at any time.</param>
    /// <exception cref="BackupException">The member did not confirm the watch.</exception>
    public static async Task<WatchStream> OpenAsync(
        WatchCreateRequest request,
        Func<CancellationToken, AsyncDuplexStreamingCall<WatchRequest, WatchResponse>> start,
        MemberIdentity member,
        Func<RpcException, BackupException> explain,
        Deadline deadline,
        CancellationToken cancellationToken)
    {
        WatchStream stream = new(request.StartRevision, start, member, explain, deadline, cancellationToken);
        try
        {
            // If this fails, the call has ended, and reading gives the reason.
            await stream._call.RequestStream
                .WriteAsync(new WatchRequest { CreateRequest = request }, CancellationToken.None)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            WatchResponse first = await stream.ReadAsync();
            if (!first.Created)
            {
                throw new BackupException(
                    FailureReason.EtcdFailed,
                    $"{member.Endpoint}: {Call} failed: the first response does not confirm the watch.");
            }

            stream.Confirmation = stream.Confirmation with { HeaderRevision = first.Header.Revision };
            deadline.Restart(Timeout.InfiniteTimeSpan);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Waits for the next response.</summary>
    /// <exception cref="BackupException">The watch has ended, or the response is damaged.</exception>
    /// <exception cref="CompactedException">The member no longer has the next revision.</exception>
    public async Task<ChangeBatch> NextAsync()
    {
        WatchResponse response = await ReadAsync();
        return new ChangeBatch
        {
            Records = _events.Read(response),
            HeaderRevision = response.Header.Revision,
            IsFragment = response.Fragment,
        };
    }

    public void Dispose()
    {
        _call.Dispose();
        _deadline.Dispose();
    }

    private async Task<WatchResponse> ReadAsync()
    {
        try
        {
            if (!await _call.ResponseStream.MoveNext(CancellationToken.None))
            {
                throw new BackupException(
                    FailureReason.EtcdFailed, $"{_member.Endpoint}: {Call} failed: the member ended the watch.");
            }
        }
        catch (RpcException e) when (_cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException($"{Call} was cancelled.", e, _cancellationToken);
        }
        catch (ObjectDisposedException e)
        {
            throw new BackupException(
                FailureReason.EtcdFailed, $"{_member.Endpoint}: {Call} failed: the connection was closed.", e);
        }
        catch (RpcException e)
        {
            throw _deadline.HasPassed
                ? EtcdFailure.TimedOut(_member.Endpoint, Call, _deadline.Limit, e)
                : _explain(e);
        }

        WatchResponse response = _call.ResponseStream.Current;
        _member.Require(Call, response.Header);
        if (!response.Canceled)
        {
            return response;
        }

        throw response.CompactRevision > 0
            ? new CompactedException(_member.Endpoint, _events.NextRevision, response.CompactRevision)
            : EtcdFailure.Canceled(_member.Endpoint, Call, response.CancelReason);
    }
}
