using System.Reflection;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework(
    $"EtcdBackupAgent.EndToEndTests.Fixtures.{nameof(SharedServersFramework)}", "EtcdBackupAgent.EndToEndTests")]

namespace EtcdBackupAgent.EndToEndTests.Fixtures;

/// <summary>
/// Stops <see cref="SharedServers"/> after the last test; otherwise it behaves like xunit. A collection fixture could
/// stop them too, but the tests of one collection run one after another, and these tests mostly wait for servers.
/// </summary>
public sealed class SharedServersFramework(IMessageSink messageSink) : XunitTestFramework(messageSink)
{
    protected override ITestFrameworkExecutor CreateExecutor(AssemblyName assemblyName) =>
        new Executor(assemblyName, SourceInformationProvider, DiagnosticMessageSink);

    private sealed class Executor(
        AssemblyName assembly, ISourceInformationProvider sources, IMessageSink diagnostics)
        : XunitTestFrameworkExecutor(assembly, sources, diagnostics)
    {
        // xunit defines this signature. A message reports the end to it, not a task.
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
