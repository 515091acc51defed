using EtcdBackupAgent.Testing.Directories;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>Provides the volumes of one pod as directories and maps its paths to them. Disposal removes them.</summary>
internal sealed class PodMounts : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly PodTemplate _template;
    private readonly Dictionary<string, string> _directories = new(StringComparer.Ordinal);

    private PodMounts(PodTemplate template) => _template = template;

    /// <summary>Creates the directories of all volumes.</summary>
    /// <param name="template">The template of the pod.</param>
    /// <param name="files">Finds the content of a Secret or a ConfigMap, by its keys.</param>
    /// <param name="claim">Finds the directory of a claim.</param>
    /// <exception cref="PodWaitsException">A Secret, a ConfigMap, a claim or a directory of the host is
    /// missing.</exception>
    public static async Task<PodMounts> MakeAsync(
        PodTemplate template,
        Func<PodVolume, Task<IReadOnlyDictionary<string, byte[]>>> files,
        Func<string, Task<string>> claim)
    {
        PodMounts mounts = new(template);
        try
        {
            foreach (PodVolume volume in template.Volumes)
            {
                mounts._directories.Add(volume.Name, await mounts.DirectoryOfAsync(volume, files, claim));
            }

            mounts.GrantAccess();
            return mounts;
        }
        catch
        {
            mounts.Dispose();
            throw;
        }
    }

    private async Task<string> DirectoryOfAsync(
        PodVolume volume,
        Func<PodVolume, Task<IReadOnlyDictionary<string, byte[]>>> files,
        Func<string, Task<string>> claim)
    {
        try
        {
            return volume.Kind switch
            {
                PodVolumeKind.Secret or PodVolumeKind.ConfigMap => WriteFiles(volume, await files(volume)),
                PodVolumeKind.HostPath => HostPath(volume),
                PodVolumeKind.Claim => await claim(volume.Source),
                _ => _directory.Create(volume.Name),
            };
        }
        catch (PodWaitsException e) when (e.Kind == PodWait.Container)
        {
            throw new PodWaitsException(
                PodWait.Mount, $"MountVolume.SetUp failed for volume \"{volume.Name}\" : {e.Message}");
        }
    }

    /// <summary>Maps a text of the template from the container to the host: a path below a mount becomes a path below
    /// the directory of the volume.</summary>
    public string ToHostPath(string text)
    {
        foreach ((string path, string volume, _) in _template.Mounts)
        {
            if (text == path || text.StartsWith($"{path}/", StringComparison.Ordinal))
            {
                return string.Concat(DirectoryOf(volume), text.AsSpan(path.Length));
            }
        }

        return text;
    }

    public void Dispose() => _directory.Dispose();

    private string DirectoryOf(string volume) => _directories.TryGetValue(volume, out string? found)
        ? found
        : throw new PodTemplateException($"A mount names the volume '{volume}', which does not exist.");

    private string WriteFiles(PodVolume volume, IReadOnlyDictionary<string, byte[]> data)
    {
        string directory = _directory.Create(volume.Name);
        foreach ((string key, string file) in volume.Items ?? [.. data.Keys.Select(name => (name, name))])
        {
            byte[] value = data.GetValueOrDefault(key) ?? throw new PodWaitsException(
                PodWait.Container, $"the {volume.Kind} '{volume.Source}' has no key '{key}'");
            string path = Path.Combine(directory, file);
            File.WriteAllBytes(path, value);
            File.SetUnixFileMode(path, volume.Mode);
        }

        return directory;
    }

    private static string HostPath(PodVolume volume)
    {
        if (volume.IsCreated)
        {
            return Directory.CreateDirectory(volume.Source).FullName;
        }

        return Directory.Exists(volume.Source)
            ? volume.Source
            : throw new PodWaitsException(
                PodWait.Container, $"hostPath type check failed: {volume.Source} is not a directory");
    }

    /// <summary>Gives the user of the pod access to its volumes, with the volume group if the pod has one.</summary>
    private void GrantAccess()
    {
        if (_template.User == 0)
        {
            return;
        }

        Ownership.Change(_directory.Path, _template.User, _template.VolumeGroup ?? _template.Group);
        foreach (PodVolume claim in _template.Volumes.Where(volume => volume.Kind == PodVolumeKind.Claim))
        {
            if (_template.VolumeGroup is { } group)
            {
                Ownership.Change(_directories[claim.Name], 0, group);
                File.SetUnixFileMode(
                    _directories[claim.Name], File.GetUnixFileMode(_directories[claim.Name]) | UnixFileMode.GroupWrite
                    | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
            }
        }
    }
}
