namespace EtcdBackupAgent.Core.Health;

/// <summary>
/// Receives the state of a long-running part of the agent: whether it makes progress, and whether it can do its work.
/// </summary>
/// <remarks>Every method may be called on any thread, returns at once and never fails.</remarks>
public interface IAgentHealth
{
    /// <summary>
    /// The main loop has made progress. An agent that does not call this for too long counts as hung and is restarted.
    /// </summary>
    void Beat();

    /// <summary>
    /// Reports whether a required condition is met. The agent is ready after at least one condition was reported and
    /// while all reported conditions are met; so report each condition at the start with false.
    /// </summary>
    /// <param name="condition">A short name, such as <c>resources</c>; it is displayed.</param>
    /// <param name="holds">Whether the condition is met.</param>
    void SetReady(string condition, bool holds);
}
