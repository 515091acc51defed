namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

internal enum PodVolumeKind
{
    EmptyDirectory,
    Secret,
    HostPath,
    Claim,
}

/// <summary>A volume of a pod.</summary>
/// <param name="Name">What mounts call it.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Source">The Secret, the path or the claim; empty for an empty directory.</param>
internal sealed record PodVolume(string Name, PodVolumeKind Kind, string Source)
{
    /// <summary>0644, what Kubernetes gives files of a Secret.</summary>
    private const int SecretModeDefault = 420;

    /// <summary>Of the files of a Secret.</summary>
    public UnixFileMode Mode { get; private init; }

    /// <summary>Of a Secret: key and file; null for all keys under their own names.</summary>
    public IReadOnlyList<(string Key, string File)>? Items { get; private init; }

    /// <summary>Of a path of the host: whether it is made if it is not there.</summary>
    public bool IsMade { get; private init; }

    public static PodVolume Read(TemplateFields fields)
    {
        string name = fields.Required("name");
        (string kind, TemplateFields part) = fields.Choice();
        PodVolume volume = kind switch
        {
            "emptyDir" => EmptyDirectory(name, part),
            "secret" => Secret(name, part),
            "hostPath" => HostPath(name, part),
            "persistentVolumeClaim" => Claim(name, part),
            _ => throw fields.Wrong(kind, "is a volume that the tests' pod runner does not know"),
        };
        part.End();
        return volume;
    }

    private static PodVolume EmptyDirectory(string name, TemplateFields part)
    {
        part.Only("medium", "Memory", null);
        part.Text("sizeLimit");
        return new PodVolume(name, PodVolumeKind.EmptyDirectory, "");
    }

    private static PodVolume Secret(string name, TemplateFields part)
    {
        IReadOnlyList<TemplateFields> items = part.Parts("items");
        return new PodVolume(name, PodVolumeKind.Secret, part.Required("secretName"))
        {
            Mode = (UnixFileMode)(part.Number("defaultMode") ?? SecretModeDefault),
            Items = items.Count == 0 ? null : [.. items.Select(Item)],
        };
    }

    private static (string Key, string File) Item(TemplateFields item)
    {
        (string, string) pair = (item.Required("key"), item.Required("path"));
        item.End();
        return pair;
    }

    private static PodVolume HostPath(string name, TemplateFields part)
    {
        part.Only("type", "Directory", "DirectoryOrCreate");
        return new PodVolume(name, PodVolumeKind.HostPath, part.Required("path"))
        {
            IsMade = part.Text("type") == "DirectoryOrCreate",
        };
    }

    private static PodVolume Claim(string name, TemplateFields part)
    {
        part.Only("readOnly", null, "false");
        return new PodVolume(name, PodVolumeKind.Claim, part.Required("claimName"));
    }
}
