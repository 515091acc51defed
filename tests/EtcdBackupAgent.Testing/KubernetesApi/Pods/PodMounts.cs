using System.Text.Json.Nodes;
using EtcdBackupAgent.Testing.Directories;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>The volumes of one pod as directories, and what its paths mean there; gone with the pod.</summary>
internal sealed class PodMounts : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly PodTemplate _template;
    private readonly Dictionary<string, string> _places = new(StringComparer.Ordinal);

    private PodMounts(PodTemplate template) => _template = template;

    /// <summary>Makes the directories of all volumes.</summary>
    /// <param name="template">Whose.</param>
    /// <param name="secret">Finds the <c>data</c> of a Secret.</param>
    /// <param name="claim">Finds the directory of a claim.</param>
    /// <exception cref="PodWaitsException">A Secret, a claim or a directory of the host is not there.</exception>
    public static async Task<PodMounts> MakeAsync(
        PodTemplate template, Func<string, Task<JsonObject>> secret, Func<string, Task<string>> claim)
    {
        PodMounts mounts = new(template);
        try
        {
            foreach (PodVolume volume in template.Volumes)
            {
                mounts._places.Add(volume.Name, await mounts.PlaceAsync(volume, secret, claim));
            }

            mounts.GiveAway();
            return mounts;
        }
        catch
        {
            mounts.Dispose();
            throw;
        }
    }

    private async Task<string> PlaceAsync(
        PodVolume volume, Func<string, Task<JsonObject>> secret, Func<string, Task<string>> claim)
    {
        try
        {
            return volume.Kind switch
            {
                PodVolumeKind.Secret => WriteSecret(volume, await secret(volume.Source)),
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

    /// <summary>What a text of the template is outside of the container: a path below a mount is one below the
    /// volume's directory.</summary>
    public string Outside(string text)
    {
        foreach ((string path, string volume, _) in _template.Mounts)
        {
            if (text == path || text.StartsWith($"{path}/", StringComparison.Ordinal))
            {
                return string.Concat(Place(volume), text.AsSpan(path.Length));
            }
        }

        return text;
    }

    public void Dispose() => _directory.Dispose();

    private string Place(string volume) => _places.TryGetValue(volume, out string? place)
        ? place
        : throw new PodTemplateException($"A mount names the volume '{volume}', which there is not.");

    private string WriteSecret(PodVolume volume, JsonObject data)
    {
        string directory = _directory.Create(volume.Name);
        foreach ((string key, string file) in volume.Items ?? [.. data.Select(pair => (pair.Key, pair.Key))])
        {
            string value = (string?)data[key]
                ?? throw new PodWaitsException(PodWait.Container, $"the Secret '{volume.Source}' has no key '{key}'");
            string path = Path.Combine(directory, file);
            File.WriteAllBytes(path, Convert.FromBase64String(value));
            File.SetUnixFileMode(path, volume.Mode);
        }

        return directory;
    }

    private static string HostPath(PodVolume volume)
    {
        if (volume.IsMade)
        {
            return Directory.CreateDirectory(volume.Source).FullName;
        }

        return Directory.Exists(volume.Source)
            ? volume.Source
            : throw new PodWaitsException(
                PodWait.Container, $"hostPath type check failed: {volume.Source} is not a directory");
    }

    /// <summary>Lets the pod's user into what is made for the pod: an empty directory is everybody's, and a Secret's
    /// files are the volume group's, if there is one.</summary>
    private void GiveAway()
    {
        if (_template.User == 0)
        {
            return;
        }

        Ownership.Give(_directory.Path, _template.User, _template.VolumeGroup ?? _template.Group);
        foreach (PodVolume claim in _template.Volumes.Where(volume => volume.Kind == PodVolumeKind.Claim))
        {
            if (_template.VolumeGroup is { } group)
            {
                Ownership.Give(_places[claim.Name], 0, group);
                File.SetUnixFileMode(
                    _places[claim.Name], File.GetUnixFileMode(_places[claim.Name]) | UnixFileMode.GroupWrite
                    | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
            }
        }
    }
}
