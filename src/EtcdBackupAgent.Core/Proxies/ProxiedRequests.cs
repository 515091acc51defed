using System.Globalization;
using System.Net.Sockets;

namespace EtcdBackupAgent.Core.Proxies;

/// <summary>
/// Finds out whether the proxy is the reason why a request failed. This is the one place that converts the platform's
/// exceptions, and responses that are not the server's, to a <see cref="ProxyException"/>.
/// </summary>
/// <param name="rules">Chooses the proxy of a request.</param>
/// <param name="server">The kind of server, as in "an S3 server".</param>
/// <param name="isForeign">Returns whether a response cannot be the server's own.</param>
/// <param name="inner">The handler that sends the requests, with the same rules.</param>
public sealed class ProxiedRequests(
    ProxyRules rules, string server, Predicate<HttpResponseMessage> isForeign, HttpMessageHandler inner)
    : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Uri target = request.RequestUri!;
        if (rules.For(target) is not { } proxy)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        HttpResponseMessage response;
        try
        {
            response = await base.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ProxyTunnelError)
        {
            throw ProxyException.NotConnected(proxy, target, StatusOf(e), e);
        }
        catch (HttpRequestException e) when (
            e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            // All connections of this request go to the proxy.
            throw ProxyException.Unreachable(proxy, target, Why(e), e);
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException
            && !cancellationToken.IsCancellationRequested)
        {
            throw ProxyException.NotConnected(proxy, target, status: null, e);
        }

        if (!isForeign(response))
        {
            return response;
        }

        using (response)
        {
            throw ProxyException.Answered(proxy, target, server, (int)response.StatusCode);
        }
    }

    private static string Why(HttpRequestException e) => e.GetBaseException() is SocketException socket
        ? socket.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "connection refused",
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain =>
                $"its name cannot be resolved ({socket.Message})",
            _ => socket.Message,
        }
        : e.GetBaseException().Message;

    /// <summary>
    /// Returns the proxy's status. The platform reports it in the exception's property, or only at the end of its
    /// message.
    /// </summary>
    private static int? StatusOf(HttpRequestException e)
    {
        if (e.StatusCode is { } status)
        {
            return (int)status;
        }

        string[] quoted = e.Message.Split('\'');
        return quoted.Length >= 3
            && int.TryParse(quoted[^2], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : null;
    }
}
