using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Images;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Image;

/// <summary>
/// Builds the image of the Dockerfile with <c>eng/image</c> and runs containers of it with the security context of the
/// manifests. The base image is a Debian from debootstrap, so that no registry is needed.
/// </summary>
public sealed class BuiltImage : IAsyncLifetime, IDisposable
{
    /// <summary>Set to also build the agent in the image, with a copy of this machine's SDK and packages.</summary>
    private const string FromSourceVariable = "EBA_IMAGE_FROM_SOURCE";

    private const string MirrorVariable = "EBA_DEBIAN_MIRROR";
    private const string Suite = "bookworm";
    private const string Name = "etcd-backup-agent:image-test";
    private const string DebianName = "eba-debian:test";
    private const string SdkName = "eba-sdk:test";

    private readonly TestDirectory _directory = new();
    private readonly Lazy<Task> _built;
    private DockerDaemon? _daemon;

    public BuiltImage() => _built = new Lazy<Task>(BuildAsync);

    private DockerDaemon Daemon => _daemon ?? throw new InvalidOperationException("The image was not built.");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_daemon is not null)
        {
            await _daemon.DisposeAsync();
        }
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Returns the default user of the image.</summary>
    public async Task<string> UserAsync()
    {
        await _built.Value;
        return (await Daemon.RunAsync("image", "inspect", "--format", "{{.Config.User}}", Name)).Trim();
    }

    /// <summary>
    /// Runs the agent in a container and waits for its end. The container is read-only, has no capabilities, and uses
    /// the network of the machine.
    /// </summary>
    /// <param name="arguments">The arguments of the agent.</param>
    /// <param name="asRoot">
    /// True to run like the pods of backups; false for the image's user, like the controller.
    /// </param>
    /// <param name="environment">Variables in addition to <c>TMPDIR</c>.</param>
    /// <param name="mounts">Directories and files of this machine to mount.</param>
    internal async Task<ToolResult> RunAsync(
        string[] arguments,
        bool asRoot = false,
        IReadOnlyDictionary<string, string>? environment = null,
        params IEnumerable<ImageMount> mounts)
    {
        await _built.Value;
        ContainerBuilder builder = new ContainerBuilder(Name)
            .WithDockerEndpoint(Daemon.Host)
            .WithImagePullPolicy(PullPolicy.Never)
            .WithCommand(arguments)
            .WithEnvironment("TMPDIR", "/tmp")
            .WithTmpfsMount("/tmp")
            .WithWaitStrategy(Wait.ForUnixContainer().AddCustomWaitStrategy(new Ended(), wait => wait
                .WithMode(WaitStrategyMode.OneShot)
                .WithInterval(TimeSpan.FromMilliseconds(100))
                .WithTimeout(TestDeadline.Patience)))
            .WithCreateParameterModifier(container =>
            {
                container.User = asRoot ? "0" : "";
                container.HostConfig!.ReadonlyRootfs = true;
                container.HostConfig.CapDrop = ["ALL"];
                container.HostConfig.SecurityOpt = ["no-new-privileges"];
                container.HostConfig.NetworkMode = "host";
            });
        if (environment is not null)
        {
            builder = builder.WithEnvironment(environment);
        }

        foreach (ImageMount mount in mounts)
        {
            builder = builder.WithBindMount(
                mount.Source, mount.Target, mount.IsReadOnly ? AccessMode.ReadOnly : AccessMode.ReadWrite);
        }

        await using IContainer container = builder.Build();
        await container.StartAsync();
        (string output, string error) = await container.GetLogsAsync(timestampsEnabled: false);
        return new ToolResult((int)await container.GetExitCodeAsync(), output, error);
    }

    /// <remarks>
    /// 1. Find or start a daemon. 2. Create a Debian image. 3. Create an SDK image if needed. 4. Build.
    /// </remarks>
    private async Task BuildAsync()
    {
        // 1. Testcontainers reads the variable at its first use, in the next line. Without a registry the image of its
        //    resource reaper is not available; each container is removed after its use.
        _daemon = await DockerDaemon.GetAsync();
        Environment.SetEnvironmentVariable("DOCKER_API_VERSION", Daemon.ApiVersion);
        TestcontainersSettings.ResourceReaperEnabled = false;

        // 2
        await Daemon.RunAsync("import", await DebianTarAsync(), DebianName);

        // 3, 4
        bool fromSource = Environment.GetEnvironmentVariable(FromSourceVariable) is { Length: > 0 };
        if (fromSource)
        {
            await CreateSdkImageAsync();
        }

        await RunAsync(
            Path.Combine(Repository, "eng", "image"),
            [
                "--tag", Name, "--runtime-image", DebianName,
                .. fromSource ? (string[])["--sdk-image", SdkName] : ["--prebuilt"],
                "--", "--network", "host",
            ]);
    }

    /// <summary>Returns a tar with the files of a minimal Debian, which is created once and kept.</summary>
    private async Task<string> DebianTarAsync()
    {
        string tar = Path.Combine(Path.GetDirectoryName(Peers.Cache)!, "image", $"{Suite}.tar");
        if (!File.Exists(tar))
        {
            string root = _directory["debian"];
            string? mirror = Environment.GetEnvironmentVariable(MirrorVariable);
            await RunAsync(
                Peers.Installed("debootstrap"),
                ["--variant=minbase", Suite, root, .. string.IsNullOrEmpty(mirror) ? (string[])[] : [mirror]]);
            Directory.CreateDirectory(Path.GetDirectoryName(tar)!);
            await RunAsync(Peers.Tar, ["-C", root, "-cf", $"{tar}.partial", "."]);
            File.Move($"{tar}.partial", tar);
        }

        return tar;
    }

    /// <summary>
    /// Creates the image in which the agent is built: the runtime image, which has the libraries that the SDK needs,
    /// with this machine's SDK and packages. The packages were audited when they were restored; this build uses no
    /// network.
    /// </summary>
    private async Task CreateSdkImageAsync()
    {
        const string RuntimeName = "eba-runtime:test";
        string tar = _directory["sdk.tar"];
        await Daemon.RunAsync(
            "build", "--quiet", "--tag", RuntimeName, "--target", "runtime", "--network", "host",
            "--build-arg", $"RUNTIME_IMAGE={DebianName}", Repository);
        string container = (await Daemon.RunAsync("create", RuntimeName)).Trim();
        await Daemon.RunAsync("export", "--output", tar, container);
        await Daemon.RunAsync("rm", container);

        string dotnet = Peers.Installed("dotnet");
        string program = (await RunAsync(Peers.Installed("readlink"), ["-f", dotnet])).Trim();
        string located = await RunAsync(dotnet, ["nuget", "locals", "global-packages", "--list"]);
        string packages = located.Split(": ")[1].Trim();
        await AppendAsync(tar, Path.GetDirectoryName(program)!, "usr/share/dotnet");
        await AppendAsync(tar, packages.TrimEnd('/'), "root/.nuget/packages");
        await Daemon.RunAsync(
            "import",
            "--change", "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/share/dotnet",
            "--change", "ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1",
            "--change", "ENV NuGetAudit=false",
            tar,
            SdkName);
        File.Delete(tar);
    }

    private Task<string> AppendAsync(string tar, string folder, string target) =>
        RunAsync(Peers.Tar, ["-C", "/", "-rf", tar, "--transform", $"s|^{folder[1..]}|{target}|", folder[1..]]);

    private async Task<string> RunAsync(string program, IEnumerable<string> arguments) =>
        (await Tool.RunAsync(program, arguments, Daemon.ForPrograms, patience: DockerDaemon.Patience)).Output;

    private static string Repository
    {
        get
        {
            for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "eng", "image")))
                {
                    return folder.FullName;
                }
            }

            throw new DirectoryNotFoundException("The tests must run inside the repository, which contains eng/image.");
        }
    }

    private sealed class Ended : IWaitUntil
    {
        public Task<bool> UntilAsync(IContainer container) =>
            Task.FromResult(container.State == TestcontainersStates.Exited);
    }
}

/// <summary>A mount of a directory or a file of the machine in a container.</summary>
internal sealed record ImageMount(string Source, string Target, bool IsReadOnly = false);
