using System.Globalization;
using System.Runtime.InteropServices;
using EtcdBackupAgent.Mutation;

// The script bench/mutate checks and explains the options; what arrives here is complete and in this order.
using CancellationTokenSource stop = new();

// Let the tests be ended and the copy of the tree be removed.
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

if (args is not [string pattern, string seed, string count, .. string[] only])
{
    await Console.Error.WriteLineAsync("Run bench/mutate, which explains itself with --help.");
    return 2;
}

try
{
    await new MutationRun(pattern, Number(seed), Number(count), [.. only.Select(Number)], Console.Out)
        .RunAsync(stop.Token);
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("mutate: stopped by a signal");
    return 130;
}
catch (MutationException e)
{
    await Console.Error.WriteLineAsync($"mutate: error: {e.Message}");
    return 1;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
