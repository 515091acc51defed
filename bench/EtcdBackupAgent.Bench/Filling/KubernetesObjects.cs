using System.Globalization;
using System.Text;

namespace EtcdBackupAgent.Bench.Filling;

/// <summary>
/// Generates objects like those of a Kubernetes API server: JSON with mostly the same words, and with ids and payload
/// that do not compress. zstd compresses them about 3 to 1. The same seed and index give the same object on every
/// machine.
/// </summary>
/// <param name="seed">Decides the objects.</param>
/// <param name="payloadBytesMin">
/// The smallest payload. With the default limits, an object has 2 to 14 kB.
/// </param>
/// <param name="payloadBytesMax">The limit of the payload.</param>
internal sealed class KubernetesObjects(int seed, int payloadBytesMin = 400, int payloadBytesMax = 3_600)
{
    /// <summary>Keeps the ratio of repeated words to incompressible payload constant.</summary>
    private const int PayloadBytesPerManager = 250;

    private const string Manager = """
        "manager":"kube-controller-manager","operation":"Update","apiVersion":"apps/v1","fieldsType":"FieldsV1",
        "fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:deployment.kubernetes.io/revision":{}}},
        "f:status":{"f:conditions":{"k:{\"type\":\"Available\"}":{".":{}}}}}}
        """;

    private static readonly string[] Namespaces =
        ["default", "kube-system", "payments", "search", "frontend", "monitoring"];
    private static readonly string[] Kinds = ["configmaps", "secrets", "deployments", "pods", "endpointslices"];

    public (string Key, byte[] Value) this[int index] => this[index, 0];

    /// <summary>Returns an object after changes, each of which gives it another value.</summary>
    public (string Key, byte[] Value) this[int index, int changes]
    {
        get
        {
            Random random = new(HashOf(seed, index));
            string ns = Namespaces[random.Next(Namespaces.Length)];
            string kind = Kinds[random.Next(Kinds.Length)];
            string name = string.Create(CultureInfo.InvariantCulture, $"{kind}-{index:d8}-{random.Next(0x1000000):x6}");
            Random content = changes == 0 ? random : new(HashOf(seed + changes, index));
            return ($"/registry/{kind}/{ns}/{name}", Encoding.UTF8.GetBytes(Json(content, kind, ns, name)));
        }
    }

    /// <summary>Spreads adjacent indexes; <see cref="HashCode"/> differs from run to run.</summary>
    private static int HashOf(int seed, int index) => unchecked((seed * 486_187_739) + (index * -1_640_531_535));

    private string Json(Random random, string kind, string ns, string name)
    {
        byte[] payload = new byte[random.Next(payloadBytesMin, payloadBytesMax)];
        random.NextBytes(payload);
        byte[] id = new byte[16];
        random.NextBytes(id);
        StringBuilder json = new();
        json.Append(CultureInfo.InvariantCulture, $$"""
            {"apiVersion":"v1","kind":"{{kind}}","metadata":{"name":"{{name}}","namespace":"{{ns}}",
            "uid":"{{new Guid(id)}}",
            "resourceVersion":"{{random.Next()}}","generation":{{random.Next(1, 40)}},"labels":{
            "app.kubernetes.io/name":"{{kind}}",
            "app.kubernetes.io/managed-by":"Helm","pod-template-hash":"{{random.Next():x8}}"},"managedFields":[
            """);
        int managers = 1 + (payload.Length / PayloadBytesPerManager);
        for (int i = 0; i < managers; i++)
        {
            json.Append(CultureInfo.InvariantCulture, $$"""
                {"time":"2026-05-17T08:{{random.Next(60):d2}}:{{random.Next(60):d2}}Z",
                """).Append(Manager).Append(i == managers - 1 ? "" : ",");
        }

        return json
            .Append("]},\"data\":{\"payload\":\"")
            .Append(Convert.ToBase64String(payload))
            .Append("\"}}")
            .ToString();
    }
}
