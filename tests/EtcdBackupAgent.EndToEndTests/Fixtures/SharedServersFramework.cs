using EtcdBackupAgent.EndToEndTests.Fixtures;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework(
    $"EtcdBackupAgent.EndToEndTests.Fixtures.{nameof(SharedServersFramework)}", "EtcdBackupAgent.EndToEndTests")]

namespace EtcdBackupAgent.EndToEndTests.Fixtures;

/// <summary>
/// xunit as it is, and <see cref="SharedServers"/> ended after the last test. A collection fixture would end them too, but
/// the tests of one collection run one after the other, and these spend their time waiting for servers.
/// </summary>
public sealed class SharedServersFramework : XunitTestFramework
{
    public SharedServersFramework(IMessageSink messageSink)
        : base(messageSink) => DisposalTracker.Add(new End());

    private sealed class End : IDisposable
    {
        public void Dispose() => SharedServers.EndAsync().GetAwaiter().GetResult();
    }
}
