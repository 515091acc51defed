namespace EtcdBackupAgent.Core.Health;

/// <summary>Where a long-running part of the agent says that it moves, and whether it can do its work.</summary>
/// <remarks>Every call may come from any thread, returns at once and never fails.</remarks>
public interface IAgentHealth
{
    /// <summary>
    /// The main loop has moved. An agent that has not said so for too long is taken for hung, and started again.
    /// </summary>
    void Beat();

    /// <summary>
    /// A condition without which the agent cannot do its work holds, or does not. The agent is ready once it has said
    /// so of at least one and all that it named hold; so name each at the start, with false.
    /// </summary>
    /// <param name="condition">A short name, such as <c>resources</c>; it is shown.</param>
    /// <param name="holds">Whether it holds from now on.</param>
    void SetReady(string condition, bool holds);
}
