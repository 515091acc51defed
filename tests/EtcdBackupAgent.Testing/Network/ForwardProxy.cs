using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EtcdBackupAgent.Testing.Network;

/// <summary>
/// An HTTP proxy for HTTP_PROXY and HTTPS_PROXY: it serves CONNECT for https and absolute URLs for http. It connects to
/// 127.0.0.1 for every host name, so that a test can use names that no resolver knows. It records the requests.
/// </summary>
public sealed class ForwardProxy : IAsyncDisposable
{
    private const int HeadBytesMax = 64 << 10;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _requests = [];
    private readonly Task _accepting;

    private ForwardProxy()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public static ForwardProxy Start() => new();

    public int Port { get; }

    public string Url => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}");

    /// <summary>The method and the target of each request so far, including rejected ones.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    /// <summary>The required user as <c>user:password</c>; null to require none.</summary>
    public string? User { get; set; }

    /// <summary>The status that the proxy returns with a page instead of forwarding; null to forward.</summary>
    public int? Refusal { get; set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient accepted)
    {
        using TcpClient client = accepted;
        try
        {
            NetworkStream stream = client.GetStream();
            while (await ReadHeadAsync(stream) is { } head && !await AnswerAsync(stream, head))
            {
                // The password was missing: the client may repeat the request on the same connection.
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // One side closed its connection.
        }
    }

    /// <returns>Whether this was the last request of the connection.</returns>
    private async Task<bool> AnswerAsync(NetworkStream client, string head)
    {
        string[] lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string[] first = lines[0].Split(' ');
        _requests.Enqueue($"{first[0]} {first[1]}");
        if (User is { } user && !lines.Contains($"Proxy-Authorization: Basic {Base64(user)}", StringComparer.Ordinal))
        {
            await SkipBodyAsync(client, lines);
            await WriteAsync(
                client,
                "HTTP/1.1 407 Proxy Authentication Required\r\n"
                + "Proxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n\r\n");
            return false;
        }

        if (Refusal is { } status)
        {
            await WriteAsync(client, string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} No\r\n"));
            await WriteAsync(
                client, "Content-Type: text/html\r\nContent-Length: 9\r\nConnection: close\r\n\r\n<p>No</p>");
            return true;
        }

        bool isTunnel = first[0] == "CONNECT";
        Uri target = new(isTunnel ? $"tunnel://{first[1]}" : first[1]);
        using TcpClient server = new();
        await server.ConnectAsync(IPAddress.Loopback, target.Port, _stop.Token);
        if (isTunnel)
        {
            await WriteAsync(client, "HTTP/1.1 200 Connected\r\n\r\n");
        }
        else
        {
            await WriteAsync(server.GetStream(), string.Join("\r\n",
            [
                $"{first[0]} {target.PathAndQuery} {first[2]}",
                .. lines.Skip(1).Where(line => !IsForProxy(line)),
                "Connection: close",
                "",
                "",
            ]));
        }

        await PassAsync(client, server.GetStream(), isTunnel);
        return true;
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static bool IsForProxy(string line) =>
        line.StartsWith("Proxy-", StringComparison.OrdinalIgnoreCase)
        || line.StartsWith("Connection:", StringComparison.OrdinalIgnoreCase);

    private async Task PassAsync(NetworkStream client, NetworkStream server, bool isTunnel)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        Task up = client.CopyToAsync(server, over.Token);
        Task down = isTunnel ? server.CopyToAsync(client, over.Token) : AnswerAsync(server, client, over.Token);
        await Task.WhenAny(up, down);
        await over.CancelAsync();
        await Task.WhenAll(up, down).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    /// <summary>
    /// Forwards a response with <c>Connection: close</c>, so that the next request uses a new connection and is
    /// recorded.
    /// </summary>
    private async Task AnswerAsync(NetworkStream server, NetworkStream client, CancellationToken cancellationToken)
    {
        while (await ReadHeadAsync(server) is { } head)
        {
            string[] lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
            bool isLast = !lines[0].Contains(" 100 ", StringComparison.Ordinal);
            IEnumerable<string> passed = isLast
                ? [.. lines.Where(line => !IsForProxy(line)), "Connection: close"]
                : lines;
            await WriteAsync(client, $"{string.Join("\r\n", passed)}\r\n\r\n");
            if (isLast)
            {
                await server.CopyToAsync(client, cancellationToken);
                return;
            }
        }
    }

    private async Task WriteAsync(NetworkStream stream, string text) =>
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text), _stop.Token);

    /// <summary>Reads the body of a rejected request, so that it is not parsed as the next request.</summary>
    private async Task SkipBodyAsync(NetworkStream stream, string[] lines)
    {
        const string length = "Content-Length:";
        if (Array.Find(lines, line => line.StartsWith(length, StringComparison.OrdinalIgnoreCase)) is { } header)
        {
            byte[] body = new byte[int.Parse(header[length.Length..], CultureInfo.InvariantCulture)];
            await stream.ReadExactlyAsync(body, _stop.Token);
        }
    }

    /// <summary>
    /// Reads up to the blank line, byte by byte, so that no later byte is consumed. Returns null at the end.
    /// </summary>
    private async Task<string?> ReadHeadAsync(NetworkStream stream)
    {
        List<byte> head = [];
        byte[] one = new byte[1];
        while (head.Count < HeadBytesMax && await stream.ReadAsync(one, _stop.Token) == 1)
        {
            head.Add(one[0]);
            if (head.Count >= 4 && head[^4..] is [(byte)'\r', (byte)'\n', (byte)'\r', (byte)'\n'])
            {
                return Encoding.Latin1.GetString([.. head]);
            }
        }

        return null;
    }
}
