namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>The user and the groups of a container. The template must drop all further privileges.</summary>
/// <param name="User">Null if not set; the image then decides.</param>
/// <param name="Group">Null if not set.</param>
/// <param name="VolumeGroup">Null if not set.</param>
internal sealed record SecurityContext(long? User, long? Group, long? VolumeGroup)
{
    /// <summary>The capabilities that a pod may add, to set the owners and modes of restored files.</summary>
    private static readonly string[] CapabilitiesAllowed = ["CHOWN", "FOWNER"];

    /// <summary>The kept capabilities without <c>CAP_</c>; all others are dropped.</summary>
    public IReadOnlyList<string> Capabilities { get; private init; } = [];

    /// <summary>The groups in addition to the primary group of the user.</summary>
    public IReadOnlyList<long> Groups { get; private init; } = [];

    public static SecurityContext OfPod(TemplateFields pod)
    {
        if (pod.Part("securityContext") is not { } fields)
        {
            throw pod.Invalid("securityContext", "is missing");
        }

        SecurityContext context = new(fields.Number("runAsUser"), fields.Number("runAsGroup"), fields.Number("fsGroup"))
        {
            Groups = fields.Numbers("supplementalGroups"),
        };
        fields.Only("fsGroupChangePolicy", null, "OnRootMismatch", "Always");
        CheckUser(fields, context.User);
        CheckSeccomp(fields, isRequired: true);
        fields.RequireAllRead();
        return context;
    }

    public static SecurityContext OfContainer(TemplateFields container, SecurityContext inPod)
    {
        if (container.Part("securityContext") is not { } fields)
        {
            throw container.Invalid("securityContext", "is missing");
        }

        long? user = fields.Number("runAsUser") ?? inPod.User;
        long? group = fields.Number("runAsGroup") ?? inPod.Group;
        CheckUser(fields, user);
        CheckSeccomp(fields, isRequired: false);
        fields.Only("allowPrivilegeEscalation", "false");
        fields.Only("readOnlyRootFilesystem", "true");
        fields.Only("privileged", null, "false");
        if (fields.Part("capabilities") is not { } capabilities || !capabilities.Texts("drop").SequenceEqual(["ALL"]))
        {
            throw fields.Invalid("capabilities", "must drop ALL");
        }

        IReadOnlyList<string> kept = capabilities.Texts("add");
        if (kept.Except(CapabilitiesAllowed, StringComparer.Ordinal).FirstOrDefault() is { } more)
        {
            throw capabilities.Invalid("add", $"has {more}, which no pod of the agent needs");
        }

        capabilities.RequireAllRead();
        fields.RequireAllRead();
        return new SecurityContext(user, group, inPod.VolumeGroup) { Capabilities = kept };
    }

    private static void CheckUser(TemplateFields fields, long? user)
    {
        if (fields.Flag("runAsNonRoot") && (user ?? 0) == 0)
        {
            throw fields.Invalid("runAsNonRoot", "is true, but the user is root");
        }
    }

    private static void CheckSeccomp(TemplateFields fields, bool isRequired)
    {
        TemplateFields? profile = fields.Part("seccompProfile");
        if (profile is null && isRequired)
        {
            throw fields.Invalid("seccompProfile", "is missing");
        }

        profile?.Only("type", "RuntimeDefault");
        profile?.RequireAllRead();
    }
}
