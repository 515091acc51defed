using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Api.Access;

/// <summary>The credentials of a plugin, which runs again when they expire or are refused.</summary>
internal sealed class ExecCredentials(ExecPlugin plugin, TimeProvider time) : IApiCredentials, IDisposable
{
    /// <summary>The seconds that one run of a plugin may take.</summary>
    private const int RunSecondsMax = 60;

    /// <summary>The greatest number of characters of a plugin's error output in a message.</summary>
    private const int ErrorCharactersMax = 300;

    private readonly SemaphoreSlim _running = new(1);
    private string? _token;
    private DateTimeOffset _expires = DateTimeOffset.MinValue;

    public X509Certificate2? Certificate { get; private set; }

    public async ValueTask<string?> TokenAsync(CancellationToken cancellationToken)
    {
        await _running.WaitAsync(cancellationToken);
        try
        {
            if (time.GetUtcNow() >= _expires)
            {
                ReadOutput(await RunAsync(cancellationToken));
            }

            return _token;
        }
        finally
        {
            _running.Release();
        }
    }

    public bool DiscardToken()
    {
        _expires = DateTimeOffset.MinValue;
        return true;
    }

    public void Dispose() => _running.Dispose();

    private async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new(plugin.Command, plugin.Arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in plugin.Environment)
        {
            start.Environment[name] = value;
        }

        start.Environment["KUBERNETES_EXEC_INFO"] = plugin.Request();
        using Process process = StartProcess(start);
        using Deadline deadline = new(TimeSpan.FromSeconds(RunSecondsMax), time, cancellationToken);
        try
        {
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(deadline.Token);
            await Task.WhenAll(output, error);
            await process.WaitForExitAsync(deadline.Token);
            return process.ExitCode == 0
                ? await output
                : throw Failed($"exited with code {process.ExitCode}: {Excerpt(await error)}");
        }
        catch (OperationCanceledException e) when (deadline.HasPassed)
        {
            throw Failed($"did not exit within {RunSecondsMax} s", e);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private Process StartProcess(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw Failed("did not start");
        }
        catch (Win32Exception e)
        {
            // errno: ENOENT, EACCES.
            string why = e.NativeErrorCode switch
            {
                2 => "the program does not exist",
                13 => "permission denied",
                _ => e.Message,
            };
            throw Failed($"cannot be started: {why}", e);
        }
    }

    private void ReadOutput(string output)
    {
        JsonNode? credential;
        try
        {
            credential = JsonNode.Parse(output);
        }
        catch (JsonException e)
        {
            // The output is not in the message: it may contain the token.
            throw Failed("printed no valid JSON", e);
        }

        if (ObjectFields.Text(credential, "kind") != "ExecCredential"
            || ObjectFields.Text(credential, "apiVersion") != plugin.ApiVersion)
        {
            throw Failed($"returned no ExecCredential of {plugin.ApiVersion}");
        }

        JsonObject? status = ObjectFields.Object(credential, "status");
        string? certificate = ObjectFields.Text(status, "clientCertificateData");
        string? key = ObjectFields.Text(status, "clientKeyData");
        string? token = ObjectFields.Text(status, "token");
        if (token is null && certificate is null)
        {
            throw Failed("returned neither a token nor a certificate");
        }

        Certificate = certificate is null
            ? null
            : ClientPem.Read($"the plugin '{plugin.Command}'", certificate, key ?? "");
        _token = token;
        _expires = ObjectFields.Text(status, "expirationTimestamp") is { } expires
            ? Time(expires)
            : DateTimeOffset.MaxValue;
    }

    private DateTimeOffset Time(string text) =>
        DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out DateTimeOffset at)
            ? at
            : throw Failed("returned an expirationTimestamp that is not a time");

    private static string Excerpt(string error)
    {
        string text = error.Trim().ReplaceLineEndings(" ");
        return text.Length == 0 ? "it printed no error"
            : text.Length <= ErrorCharactersMax ? text
            : $"…{text[^ErrorCharactersMax..]}";
    }

    private BackupException Failed(string how, Exception? innerException = null) =>
        new(
            FailureReason.InvalidInput,
            $"The credential plugin '{plugin.Command}' of the kubeconfig {how}.",
            innerException)
        {
            Hint = plugin.InstallHint,
        };
}
