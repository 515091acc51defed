using System.CommandLine;
using System.CommandLine.Invocation;
using EtcdBackupAgent.Commands.Keys;
using EtcdBackupAgent.Commands.Objects;
using EtcdBackupAgent.Commands.Statements;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Runtime;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// The command line: parses the arguments, runs one verb, and turns every failure into a message and an exit code.
/// See <c>docs/cli.md</c>.
/// </summary>
internal static class AgentCommandLine
{
    /// <remarks>
    /// 1. Parse the arguments. An invalid command line ends here.
    /// 2. Let SIGINT and SIGTERM cancel the verb.
    /// 3. Run the verb.
    /// 4. Report the failure once, and choose the exit code by its reason.
    /// </remarks>
    public static async Task<int> RunAsync(string[] args, TimeProvider time)
    {
        // 1. the arguments
        using LogOptions logs = new();
        RootCommand root = CreateRoot(logs, new Wiring(time));
        ParseResult parsed = root.Parse(args);
        if (args.Length == 0)
        {
            // Without arguments, show the help: the user may be trying the program for the first time.
            parsed = root.Parse("--help");
            parsed.Invoke(new InvocationConfiguration { Output = Console.Error });
            return ExitCodes.Of(FailureReason.InvalidInput);
        }

        if (parsed.Action is ParseErrorAction)
        {
            FailureText.Write(UsageError.Of(parsed));
            return ExitCodes.Of(FailureReason.InvalidInput);
        }

        // 2. the signals
        using TerminationSignals signals = new();
        InvocationConfiguration configuration = new()
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        try
        {
            // 3. the verb
            return await parsed.InvokeAsync(configuration, signals.Token);
        }
        catch (OperationCanceledException) when (signals.Received is { } signal)
        {
            // 4. the failure
            FailureText.Write(new BackupException(FailureReason.Cancelled, $"Stopped by {signal}."));
            return ExitCodes.Of(signal);
        }
        catch (BackupException e)
        {
            FailureText.Write(e);
            return e.Reason == FailureReason.Cancelled && signals.Received is { } signal
                ? ExitCodes.Of(signal)
                : ExitCodes.Of(e.Reason);
        }
        catch (Exception e)
        {
            FailureText.WriteUnexpected(e);
            return ExitCodes.Of(FailureReason.Unexpected);
        }
    }

    internal static RootCommand CreateRoot(LogOptions logs, Wiring wiring)
    {
        RootCommand root = new(
            "Backs up the etcd database and the certificates of a Kubernetes control plane, and restores them.")
        {
            InitCommand.Create(logs, wiring),
            BackupCommand.Create(logs, wiring),
            ImportCommand.Create(logs, wiring),
            CopyCommand.Create(logs, wiring),
            ArchiveCommand.Create(logs, wiring),
            ListCommand.Create(logs, wiring),
            ShowCommand.Create(logs, wiring),
            InspectCommand.Create(logs, wiring),
            VerifyCommand.Create(logs, wiring),
            ObjectsCommand.Create(logs, wiring),
            RestoreCommand.Create(logs, wiring),
            RestoredCommand.Create(logs, wiring),
            LockCommand.Create(logs, wiring),
            PruneCommand.Create(logs, wiring),
            DeleteCommand.Create(logs, wiring),
            StatementCommands.CreateHold(logs, wiring),
            StatementCommands.CreateRelease(logs, wiring),
            StatementCommands.CreateExclude(logs, wiring),
            StatementCommands.CreateChain(logs, wiring),
            KeyCommand.Create(logs, wiring),
            RunCommand.Create(logs, wiring),
            VersionCommand.Create(),
        };
        logs.AddTo(root);
        VerbExample.ShowInHelp(root);
        return root;
    }
}
