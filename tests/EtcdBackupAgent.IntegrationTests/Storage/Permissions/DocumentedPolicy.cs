using System.Text.Json.Nodes;
using EtcdBackupAgent.IntegrationTests.Manifests;

namespace EtcdBackupAgent.IntegrationTests.Storage.Permissions;

/// <summary>The policies of <c>docs/s3-permissions.md</c> as a bucket policy, with one user for each.</summary>
internal static class DocumentedPolicy
{
    private const string FenceStart = "```json ";

    /// <summary>The names of the policies in the document.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = Read();

    /// <param name="bucket">The replacement of BUCKET.</param>
    /// <param name="prefix">The replacement of PREFIX.</param>
    /// <param name="owner">The bucket's owner, who does not own the objects of other users.</param>
    /// <param name="users">The users by policy.</param>
    public static string ForBucket(
        string bucket, string prefix, string owner, IReadOnlyDictionary<string, string> users)
    {
        JsonArray statements =
        [
            new JsonObject
            {
                ["Effect"] = "Allow",
                ["Principal"] = Principal(owner),
                ["Action"] = "s3:*",
                ["Resource"] = new JsonArray($"arn:aws:s3:::{bucket}", $"arn:aws:s3:::{bucket}/*"),
            },
        ];
        foreach ((string policy, string user) in users)
        {
            string text = All[policy]
                .Replace("BUCKET", bucket, StringComparison.Ordinal)
                .Replace("PREFIX", prefix, StringComparison.Ordinal);
            foreach (JsonNode? statement in JsonNode.Parse(text)!["Statement"]!.AsArray())
            {
                JsonObject granted = statement!.DeepClone().AsObject();
                granted["Principal"] = Principal(user);
                statements.Add(granted);
            }
        }

        return new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = statements }.ToJsonString();
    }

    private static JsonObject Principal(string user) => new() { ["AWS"] = new JsonArray($"arn:aws:iam:::user/{user}") };

    private static Dictionary<string, string> Read()
    {
        string page = File.ReadAllText(Path.Combine(ManifestFiles.Repository, "docs", "s3-permissions.md"));
        Dictionary<string, string> policies = new(StringComparer.Ordinal);
        foreach (string block in page.Split(FenceStart).Skip(1))
        {
            string[] parts = block.Split('\n', 2);
            policies.Add(parts[0].Trim(), parts[1][..parts[1].IndexOf("```", StringComparison.Ordinal)]);
        }

        return policies;
    }
}
