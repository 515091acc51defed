using System.Reflection;

namespace EtcdBackupAgent.Runtime;

/// <summary>The version of this build, which every manifest contains.</summary>
internal static class AgentVersion
{
    public static string Text { get; } =
        typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
