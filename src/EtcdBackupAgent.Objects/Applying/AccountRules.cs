using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;

namespace EtcdBackupAgent.Objects.Applying;

/// <summary>Tokens of service accounts, which the cluster makes.</summary>
internal static class AccountRules
{
    /// <summary>The random end of a name that a controller makes.</summary>
    private const int RandomLength = 5;

    public static ApplicableRule[] All { get; } =
    [
        new("token-data", "", "Secret", RemoveTokenData),
        new("account-tokens", "", "ServiceAccount", RemoveTokenNames),
    ];

    /// <summary>Whether a name is one that the cluster makes for a token, such as <c>default-token-x7k2p</c>.</summary>
    public static bool IsTokenName(string name, string account) =>
        name.StartsWith($"{account}-token-", StringComparison.Ordinal)
        && name[(account.Length + "-token-".Length)..] is { Length: RandomLength } random
        && random.All(char.IsAsciiLetterOrDigit);

    private static void RemoveTokenData(JsonObject secret)
    {
        if (secret.Text("type") != "kubernetes.io/service-account-token")
        {
            return;
        }

        secret.RemoveFrom("data", "token", "ca.crt", "namespace");
        secret.Inner("metadata")?.RemoveFrom("annotations", "kubernetes.io/service-account.uid");
        secret.Inner("metadata")?.RemoveFrom(
            "labels", "kubernetes.io/legacy-token-last-used", "kubernetes.io/legacy-token-invalid-since");
    }

    private static void RemoveTokenNames(JsonObject account)
    {
        string name = account.Inner("metadata")?.Text("name") ?? "";
        account.RemoveItems(
            "secrets",
            secret => secret is JsonObject reference && IsTokenName(reference.Text("name") ?? "", name));
    }
}
