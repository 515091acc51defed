using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Directories;
using EtcdBackupAgent.Testing.Directories;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>Validates documents with the agent. The result must agree with that of the definitions.</summary>
internal static class AgentReader
{
    /// <summary>The objects that a tested document may refer to.</summary>
    private const string ReferencedObjects = """
        apiVersion: kubedr.catalogicsoftware.com/v1alpha1
        kind: BackupLocation
        metadata: {name: disk}
        spec: {url: "file:///var/backups", credentials: keys}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: keys}
        stringData: {access_key: a, secret_key: b, repo_password: c, signing_key: d}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: etcd-creds}
        stringData: {ca.crt: a, client.crt: b, client.key: c}
        """;

    /// <summary>Returns the errors of the document with the name <c>tested</c>.</summary>
    public static async Task<IReadOnlyList<string>> ErrorsAsync(string document) =>
    [
        .. (await LoadAsync(ReferencedObjects, document)).Problems
            .Where(problem => problem.Severity == ProblemSeverity.Error && problem.Name?.Name == "tested")
            .Select(problem => problem.ToString()),
    ];

    /// <summary>Loads these files with the agent.</summary>
    public static async Task<ResourceSet> LoadAsync(params string[] files)
    {
        using TestDirectory directory = new();
        for (int i = 0; i < files.Length; i++)
        {
            await File.WriteAllTextAsync(directory[$"{i}.yaml"], files[i]);
        }

        return await new DirectoryResourceStore(directory.Path).LoadAsync(CancellationToken.None);
    }
}
