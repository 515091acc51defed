namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>As whom a container runs. Privileges beyond that must be given up in the template.</summary>
/// <param name="User">Null: nobody said, and the image decides.</param>
/// <param name="Group">Null: nobody said.</param>
/// <param name="VolumeGroup">Null: nobody said.</param>
internal sealed record SecurityContext(long? User, long? Group, long? VolumeGroup)
{
    /// <summary>What a pod may ask back for: to give restored files their owners and modes.</summary>
    private static readonly string[] CapabilitiesAllowed = ["CHOWN", "FOWNER"];

    /// <summary>Without <c>CAP_</c>; all others are dropped.</summary>
    public IReadOnlyList<string> Capabilities { get; private init; } = [];

    /// <summary>Groups beside the user's own.</summary>
    public IReadOnlyList<long> Groups { get; private init; } = [];

    public static SecurityContext OfPod(TemplateFields pod)
    {
        if (pod.Part("securityContext") is not { } fields)
        {
            throw pod.Wrong("securityContext", "is missing");
        }

        SecurityContext context = new(fields.Number("runAsUser"), fields.Number("runAsGroup"), fields.Number("fsGroup"))
        {
            Groups = fields.Numbers("supplementalGroups"),
        };
        fields.Only("fsGroupChangePolicy", null, "OnRootMismatch", "Always");
        CheckUser(fields, context.User);
        Seccomp(fields, isRequired: true);
        fields.End();
        return context;
    }

    public static SecurityContext OfContainer(TemplateFields container, SecurityContext inPod)
    {
        if (container.Part("securityContext") is not { } fields)
        {
            throw container.Wrong("securityContext", "is missing");
        }

        long? user = fields.Number("runAsUser") ?? inPod.User;
        long? group = fields.Number("runAsGroup") ?? inPod.Group;
        CheckUser(fields, user);
        Seccomp(fields, isRequired: false);
        fields.Only("allowPrivilegeEscalation", "false");
        fields.Only("readOnlyRootFilesystem", "true");
        fields.Only("privileged", null, "false");
        if (fields.Part("capabilities") is not { } capabilities || !capabilities.Texts("drop").SequenceEqual(["ALL"]))
        {
            throw fields.Wrong("capabilities", "must drop ALL");
        }

        IReadOnlyList<string> kept = capabilities.Texts("add");
        if (kept.Except(CapabilitiesAllowed, StringComparer.Ordinal).FirstOrDefault() is { } more)
        {
            throw capabilities.Wrong("add", $"has {more}, which no pod of the agent needs");
        }

        capabilities.End();
        fields.End();
        return new SecurityContext(user, group, inPod.VolumeGroup) { Capabilities = kept };
    }

    private static void CheckUser(TemplateFields fields, long? user)
    {
        if (fields.Flag("runAsNonRoot") && (user ?? 0) == 0)
        {
            throw fields.Wrong("runAsNonRoot", "is true, and the user is root");
        }
    }

    private static void Seccomp(TemplateFields fields, bool isRequired)
    {
        TemplateFields? profile = fields.Part("seccompProfile");
        if (profile is null && isRequired)
        {
            throw fields.Wrong("seccompProfile", "is missing");
        }

        profile?.Only("type", "RuntimeDefault");
        profile?.End();
    }
}
