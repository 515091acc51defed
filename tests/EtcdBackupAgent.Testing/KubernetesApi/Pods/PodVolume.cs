namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

internal enum PodVolumeKind
{
    EmptyDirectory,
    Secret,
    ConfigMap,
    HostPath,
    Claim,
}

/// <summary>A volume of a pod.</summary>
/// <param name="Name">The name that mounts refer to.</param>
/// <param name="Kind">The kind of its source.</param>
/// <param name="Source">The Secret, the ConfigMap, the path or the claim; empty for an empty directory.</param>
internal sealed record PodVolume(string Name, PodVolumeKind Kind, string Source)
{
    /// <summary>0644, the default mode of Kubernetes for the files of a Secret or a ConfigMap.</summary>
    private const int FileModeDefault = 420;

    /// <summary>For a Secret or a ConfigMap: the mode of its files.</summary>
    public UnixFileMode Mode { get; private init; }

    /// <summary>For a Secret or a ConfigMap: keys and file names; null for all keys under their own names.</summary>
    public IReadOnlyList<(string Key, string File)>? Items { get; private init; }

    /// <summary>For a host path: whether a missing directory is created.</summary>
    public bool IsCreated { get; private init; }

    public static PodVolume Read(TemplateFields fields)
    {
        string name = fields.Required("name");
        (string kind, TemplateFields part) = fields.Choice();
        PodVolume volume = kind switch
        {
            "emptyDir" => EmptyDirectory(name, part),
            "secret" => Files(name, part, PodVolumeKind.Secret, "secretName"),
            "configMap" => Files(name, part, PodVolumeKind.ConfigMap, "name"),
            "hostPath" => HostPath(name, part),
            "persistentVolumeClaim" => Claim(name, part),
            _ => throw fields.Invalid(kind, "is a volume that the pod runner of the tests does not support"),
        };
        part.RequireAllRead();
        return volume;
    }

    private static PodVolume EmptyDirectory(string name, TemplateFields part)
    {
        part.Only("medium", "Memory", null);
        part.Text("sizeLimit");
        return new PodVolume(name, PodVolumeKind.EmptyDirectory, "");
    }

    private static PodVolume Files(string name, TemplateFields part, PodVolumeKind kind, string nameField)
    {
        IReadOnlyList<TemplateFields> items = part.Parts("items");
        return new PodVolume(name, kind, part.Required(nameField))
        {
            Mode = (UnixFileMode)(part.Number("defaultMode") ?? FileModeDefault),
            Items = items.Count == 0 ? null : [.. items.Select(Item)],
        };
    }

    private static (string Key, string File) Item(TemplateFields item)
    {
        (string, string) pair = (item.Required("key"), item.Required("path"));
        item.RequireAllRead();
        return pair;
    }

    private static PodVolume HostPath(string name, TemplateFields part)
    {
        part.Only("type", "Directory", "DirectoryOrCreate");
        return new PodVolume(name, PodVolumeKind.HostPath, part.Required("path"))
        {
            IsCreated = part.Text("type") == "DirectoryOrCreate",
        };
    }

    private static PodVolume Claim(string name, TemplateFields part)
    {
        part.Only("readOnly", null, "false");
        return new PodVolume(name, PodVolumeKind.Claim, part.Required("claimName"));
    }
}
