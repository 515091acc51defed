namespace EtcdBackupAgent.Bench.Comparing;

/// <summary>One way to do a job, as the shell is told it: these texts are run, and printed, as they stand.</summary>
/// <param name="Name">For tables.</param>
/// <param name="Setup">What must be there before, such as a new repository; not measured.</param>
/// <param name="Text">The job.</param>
internal sealed record Contender(string Name, string Setup, string Text);
