using System.Reflection;

namespace EtcdBackupAgent.Runtime;

/// <summary>Which build this is; it goes into every manifest.</summary>
internal static class AgentVersion
{
    public static string Text { get; } =
        typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
