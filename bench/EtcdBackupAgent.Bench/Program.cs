using System.Globalization;
using EtcdBackupAgent.Bench.Age;
using EtcdBackupAgent.Bench.Filling;
using EtcdBackupAgent.Bench.Memory;

// bench/fill, bench/memory and bench/age check and explain their options; what arrives here is complete and in this order.
const long BytesPerMegabyte = 1_000_000;

using CancellationTokenSource stop = new();
Console.CancelKeyPress += (_, e) =>
{
    // Let the servers be ended and their data be removed.
    e.Cancel = true;
    stop.Cancel();
};

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

    default:
        Console.Error.WriteLine("Run bench/fill, bench/memory or bench/age, which explain themselves with --help.");
        return 2;
}

static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
