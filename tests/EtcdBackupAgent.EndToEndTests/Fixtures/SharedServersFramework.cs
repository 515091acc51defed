using System.Reflection;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework(
    $"EtcdBackupAgent.EndToEndTests.Fixtures.{nameof(SharedServersFramework)}", "EtcdBackupAgent.EndToEndTests")]

namespace EtcdBackupAgent.EndToEndTests.Fixtures;

/// <summary>
/// xunit as it is, and <see cref="SharedServers"/> ended after the last test. A collection fixture would end them too,
/// but the tests of one collection run one after the other, and these spend their time waiting for servers.
/// </summary>
public sealed class SharedServersFramework(IMessageSink messageSink) : XunitTestFramework(messageSink)
{
    protected override ITestFrameworkExecutor CreateExecutor(AssemblyName assemblyName) =>
        new Executor(assemblyName, SourceInformationProvider, DiagnosticMessageSink);

    private sealed class Executor(
        AssemblyName assembly, ISourceInformationProvider sources, IMessageSink diagnostics)
        : XunitTestFrameworkExecutor(assembly, sources, diagnostics)
    {
        // xunit's own signature; it is told of the end by a message, not by a task.
        protected override async void RunTestCases(
            IEnumerable<IXunitTestCase> testCases, IMessageSink messages, ITestFrameworkExecutionOptions options)
        {
            using Run run = new(TestAssembly, testCases, DiagnosticMessageSink, messages, options);
            await run.RunAsync();
        }
    }

    private sealed class Run(
        ITestAssembly assembly,
        IEnumerable<IXunitTestCase> testCases,
        IMessageSink diagnostics,
        IMessageSink messages,
        ITestFrameworkExecutionOptions options)
        : XunitTestAssemblyRunner(assembly, testCases, diagnostics, messages, options)
    {
        protected override async Task BeforeTestAssemblyFinishedAsync()
        {
            await SharedServers.EndAsync();
            await base.BeforeTestAssemblyFinishedAsync();
        }
    }
}
