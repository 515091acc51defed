using System.Globalization;
using System.Runtime.InteropServices;
using EtcdBackupAgent.Bench.Age;
using EtcdBackupAgent.Bench.ChangeLogs;
using EtcdBackupAgent.Bench.Filling;
using EtcdBackupAgent.Bench.Increments;
using EtcdBackupAgent.Bench.Kills;
using EtcdBackupAgent.Bench.Large;
using EtcdBackupAgent.Bench.Memory;
using EtcdBackupAgent.Bench.Objects;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Bench.PutLatency;
using EtcdBackupAgent.Bench.Snapshots;
using EtcdBackupAgent.Bench.Soaks;
using EtcdBackupAgent.Testing.Kills;

// The scripts in bench/ check and explain their options; the arguments here are complete and in this order.
const long BytesPerMegabyte = 1_000_000;

using CancellationTokenSource stop = new();

// A signal stops the servers and removes their data.
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

switch (args)
{
    case ["fill", string endpoint, string megabytes, string seed, .. string[] tls]:
        TlsFiles? files = tls is [string authority, string certificate, string key]
            ? new(authority, certificate, key)
            : null;
        using (EtcdGateway etcd = new(new Uri(endpoint), files))
        {
            long size = await new EtcdFill(etcd, new KubernetesObjects(Number(seed)))
                .ToAsync(Number(megabytes) * BytesPerMegabyte, stop.Token);
            Console.WriteLine($"fill: the database has {size / (double)BytesPerMegabyte:0.0} MB");
        }

        return 0;

    case ["memory", string agent, string smallMegabytes, string largeMegabytes, string seed]:
        long[] sizes = [Number(smallMegabytes) * BytesPerMegabyte, Number(largeMegabytes) * BytesPerMegabyte];
        return await new MemoryBench(agent, sizes, Number(seed), Console.Out).RunAsync(stop.Token) ? 0 : 1;

    case ["age", string megabytes, string rounds]:
        await new AgeBench(Number(megabytes) * BytesPerMegabyte, Number(rounds), Console.Out).RunAsync(stop.Token);
        return 0;

    case ["snapshot", string agent, string megabytes, string rounds]:
        return await new SnapshotBench(agent, Number(megabytes) * BytesPerMegabyte, Number(rounds), Console.Out)
            .RunAsync(stop.Token) ? 0 : 1;

    case ["run", string agent, string page, string rounds, string megabytes, .. string[] parts]:
        return await new PerformanceBench(agent, page, Console.Out).RunAsync(
            Parts.Named(parts), Number(rounds), Number(megabytes) * BytesPerMegabyte, stop.Token) ? 0 : 1;

    case ["large", string agent, string page, string megabytes]:
        return await new LargeBench(agent, page, Console.Out)
            .RunAsync(Number(megabytes) * BytesPerMegabyte, stop.Token) ? 0 : 1;

    case ["increments", string agent, string page, string rounds, string megabytes, string memory]:
        return await new IncrementsBench(agent, page, Console.Out).RunAsync(
            Number(megabytes) * BytesPerMegabyte, Number(rounds), bool.Parse(memory), stop.Token) ? 0 : 1;

    case ["changelog", string agent, string page, string part, string rounds, string megabytes]:
        if (part is "cost" or "all")
        {
            await new WatchCostBench(agent, page, Console.Out).RunAsync(Number(rounds), stop.Token);
        }

        return part == "cost" || await new LogRestoreBench(agent, page, Console.Out)
            .RunAsync(Number(megabytes) * BytesPerMegabyte, Number(rounds), stop.Token) ? 0 : 1;

    case ["objects", string agent, string page, string rounds, string objects]:
        return await new ObjectsBench(agent, page, Console.Out)
            .RunAsync(Number(objects), Number(rounds), stop.Token) ? 0 : 1;

    case ["put-latency", string agent, string page, string rounds, string megabytes]:
        return await new PutLatencyBench(agent, page, Console.Out)
            .RunAsync(Number(rounds), Number(megabytes) * BytesPerMegabyte, stop.Token) ? 0 : 1;

    case ["kill", string agent, string run, string kills, string seed]:
        const string Archive = "archive";
        KilledVerb[] verbs = run switch
        {
            "" => Enum.GetValues<KilledVerb>(),
            Archive => [],
            _ => [Enum.Parse<KilledVerb>(run, ignoreCase: true)],
        };
        return await new KillBench(
            agent, verbs, run is "" or Archive, Number(kills), Number(seed), Console.Out).RunAsync(stop.Token) ? 0 : 1;

    case ["soak", string agent, string minutes, string every, string seed]:
        return await new SoakBench(agent, Number(minutes), Number(every), Number(seed), Console.Out).RunAsync(
            stop.Token)
            ? 0
            : 1;

    default:
        Console.Error.WriteLine("Run the scripts in bench/; their --help explains the options.");
        return 2;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
