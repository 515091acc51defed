using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Secrets;

namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>Builds the container of a pod step by step; volumes and their mounts are added together.</summary>
internal sealed class PodContainer(string name, PodImage image, IReadOnlyList<string> arguments)
{
    /// <summary>The Secret with the proxies whose URLs contain a password; its keys are the names of the
    /// variables.</summary>
    public const string ProxySecret = "etcd-backup-agent-proxy";

    private readonly JsonArray _environment = new(
        FieldVariable("POD_NAME", "metadata.name"), FieldVariable("POD_NAMESPACE", "metadata.namespace"));

    private readonly JsonObject _capabilities = new() { ["drop"] = new JsonArray("ALL") };
    private readonly JsonArray _volumes = [];
    private readonly JsonArray _mounts = [];
    private bool _isLogMessage;

    public JsonArray Volumes => _volumes;

    public PodContainer Variable(string variable, string value)
    {
        _environment.Add((JsonNode)new JsonObject { ["name"] = variable, ["value"] = value });
        return this;
    }

    /// <summary>Adds a variable with the value of one key of a Secret: the pod itself needs no right to read
    /// Secrets.</summary>
    public PodContainer SecretVariable(string variable, string secret, string key)
    {
        _environment.Add((JsonNode)new JsonObject
        {
            ["name"] = variable,
            ["valueFrom"] = new JsonObject
            {
                ["secretKeyRef"] = new JsonObject { ["name"] = secret, ["key"] = key },
            },
        });
        return this;
    }

    public PodContainer Mount(string volume, JsonObject source, string path, bool isReadOnly)
    {
        source.Add("name", volume);
        _volumes.Add((JsonNode)source);
        JsonObject mount = new() { ["name"] = volume, ["mountPath"] = path };
        if (isReadOnly)
        {
            mount.Add("readOnly", true);
        }

        _mounts.Add((JsonNode)mount);
        return this;
    }

    /// <summary>Adds the credentials of an S3 location, in the variables that the AWS tools use.</summary>
    public PodContainer StoreCredentials(BackupLocation location)
    {
        if (!location.Url.IsFile && location.Credentials is { } secret)
        {
            SecretVariable(SecretVariables.AwsAccessKey, secret.Name, SecretKeys.StoreAccessKey);
            SecretVariable(SecretVariables.AwsSecretKey, secret.Name, SecretKeys.StoreSecretKey);
        }

        return this;
    }

    /// <summary>Adds the key that signs the documents of the repository, if the location lists signers.</summary>
    public PodContainer SigningKey(BackupLocation location) =>
        location is { Signers.Count: > 0, Credentials: { } secret }
            ? SecretVariable(SecretVariables.SigningKey, secret.Name, SecretKeys.SigningKey)
            : this;

    /// <summary>Adds the passphrase, if the location has one.</summary>
    public PodContainer Passphrase(BackupLocation location) =>
        location.Encryption is PassphraseLocation secret
            ? SecretVariable(SecretVariables.Passphrase, secret.Secret.Name, secret.SecretKey)
            : this;

    /// <summary>Mounts the directory of a location that is a directory. It is on the node, not in the
    /// cluster.</summary>
    public PodContainer StoreDirectory(BackupLocation location, bool isReadOnly) =>
        location.Url.IsFile
            ? Mount(
                "repository",
                HostPath(location.Url.LocalPath, isReadOnly ? "Directory" : "DirectoryOrCreate"),
                location.Url.LocalPath,
                isReadOnly)
            : this;

    /// <summary>Adds the proxies that the controller uses. A URL with a password is not part of the pod's template,
    /// which more users may read than Secrets: the pod reads it from <see cref="ProxySecret"/>.</summary>
    public PodContainer Proxies()
    {
        foreach ((string variable, string value) in image.Proxies.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (value.Contains('@', StringComparison.Ordinal))
            {
                SecretVariable(variable, ProxySecret, variable);
            }
            else
            {
                Variable(variable, value);
            }
        }

        return this;
    }

    /// <summary>Adds capabilities to the container, which otherwise has none.</summary>
    public PodContainer Capabilities(params ReadOnlySpan<string> names)
    {
        JsonArray added = [];
        foreach (string capability in names)
        {
            added.Add((JsonNode)capability);
        }

        _capabilities.Add("add", added);
        return this;
    }

    /// <summary>Makes the end of the log the message of a container that fails, which the controller reads.</summary>
    public PodContainer LogIsMessage()
    {
        _isLogMessage = true;
        return this;
    }

    public static JsonObject HostPath(string path, string type) =>
        new() { ["hostPath"] = new JsonObject { ["path"] = path, ["type"] = type } };

    /// <summary>Returns the container for a manifest, with a volume in memory for data that must not be on a
    /// disk.</summary>
    public JsonObject ToJson()
    {
        Variable("TMPDIR", PodPaths.Temporary);
        Mount(
            "tmp",
            new JsonObject { ["emptyDir"] = new JsonObject { ["medium"] = "Memory" } },
            PodPaths.Temporary,
            false);
        JsonObject container = new()
        {
            ["name"] = name,
            ["image"] = image.Name,
            ["imagePullPolicy"] = "IfNotPresent",
            ["command"] = new JsonArray(PodImage.Program),
            ["args"] = new JsonArray([.. arguments.Select(argument => JsonValue.Create(argument))]),
            ["env"] = _environment,
            ["resources"] = new JsonObject
            {
                ["requests"] = new JsonObject { ["cpu"] = "100m", ["memory"] = "256Mi" },
            },
            ["securityContext"] = new JsonObject
            {
                ["allowPrivilegeEscalation"] = false,
                ["readOnlyRootFilesystem"] = true,
                ["capabilities"] = _capabilities,
            },
            ["volumeMounts"] = _mounts,
        };
        if (_isLogMessage)
        {
            container.Add("terminationMessagePolicy", "FallbackToLogsOnError");
        }

        return container;
    }

    private static JsonObject FieldVariable(string variable, string path) => new()
    {
        ["name"] = variable,
        ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["fieldPath"] = path } },
    };
}
