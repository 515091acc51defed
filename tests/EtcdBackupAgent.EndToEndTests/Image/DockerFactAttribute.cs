using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Image;

/// <summary>A test that needs Docker. It is skipped with a reason if no daemon runs or can be started.</summary>
internal sealed class DockerFactAttribute : FactAttribute
{
    public DockerFactAttribute() => Skip = DockerDaemon.SkipReason;
}
