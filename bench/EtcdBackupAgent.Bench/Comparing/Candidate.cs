namespace EtcdBackupAgent.Bench.Comparing;

/// <summary>One way to do a job, as shell commands. They are run and printed unchanged.</summary>
/// <param name="Name">The name in tables.</param>
/// <param name="Setup">Commands that prepare the job, such as a new repository; not measured.</param>
/// <param name="Text">The commands of the job.</param>
internal sealed record Candidate(string Name, string Setup, string Text);
