using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;

namespace EtcdBackupAgent.Objects.Applying;

/// <summary>What the controllers of volumes note on claims and volumes.</summary>
internal static class VolumeRules
{
    private static readonly string[] BindingAnnotations =
        ["pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"];

    private static readonly string[] ClaimAnnotations =
    [
        .. BindingAnnotations, "volume.kubernetes.io/storage-provisioner",
        "volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/selected-node",
    ];

    public static ApplicableRule[] All { get; } =
    [
        new("claim-binding", "", "PersistentVolumeClaim", claim =>
            claim.Inner("metadata")?.RemoveFrom("annotations", ClaimAnnotations)),
        new("volume-binding", "", "PersistentVolume", RemoveBinding),
    ];

    /// <summary>The volume stays reserved for its claim, by name, so that a new claim of that name gets it.</summary>
    private static void RemoveBinding(JsonObject volume)
    {
        volume.Inner("metadata")?.RemoveFrom("annotations", BindingAnnotations);
        volume.Inner("spec")?.RemoveFrom("claimRef", "uid", "resourceVersion");
    }
}
