using EtcdBackupAgent.Core.Failures;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EtcdBackupAgent.Objects.Encryption;

/// <summary>Reads the YAML of an encryption configuration into its types, and names the line of a problem.</summary>
internal sealed class EncryptionConfigurationReader(string file)
{
    private static readonly string[] KeyProviders = ["aescbc", "aesgcm", "secretbox"];
    private static readonly string[] Kinds = ["EncryptionConfiguration", "EncryptionConfig"];

    /// <exception cref="BackupException">The text is not an encryption configuration.</exception>
    public EncryptionConfiguration Read(string text)
    {
        try
        {
            ConfigurationNode root = ConfigurationYaml.Parse(text);
            string? kind = root.Field("kind")?.Text;
            return Array.IndexOf(Kinds, kind) >= 0
                ? new EncryptionConfiguration([.. Items(root, "resources").Select(ReadRule)])
                : throw Invalid(root, $"expected a document of the kind {Kinds[0]}");
        }
        catch (YamlException e)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"{file}:{e.Start.Line}: this is not YAML: {e.Message}", e);
        }
    }

    private EncryptionRule ReadRule(ConfigurationNode rule) => new(
        [.. Items(rule, "resources").Select(one => one.Text ?? throw Invalid(one, "expected a resource"))],
        [.. Items(rule, "providers").Select(ReadProvider)]);

    private EncryptionProvider ReadProvider(ConfigurationNode provider)
    {
        if (provider.Fields is not [(string name, ConfigurationNode settings)])
        {
            throw Invalid(provider, "expected one provider, such as 'aescbc'");
        }

        return name switch
        {
            "identity" => new EncryptionProvider(name, []),
            "kms" => new EncryptionProvider(name, [new EncryptionKey(settings.Field("name")?.Text ?? "", [])]),
            _ when Array.IndexOf(KeyProviders, name) >= 0 => new EncryptionProvider(
                name, [.. Items(settings, "keys").Select(key => ReadKey(name, key))]),
            _ => throw Invalid(
                provider,
                $"the provider '{name}' is unknown; known ones are aescbc, aesgcm, secretbox, kms and identity"),
        };
    }

    private EncryptionKey ReadKey(string provider, ConfigurationNode key)
    {
        string name = key.Field("name")?.Text is { Length: > 0 } given
            ? given
            : throw Invalid(key, "a key has no name");
        string secret = key.Field("secret")?.Text ?? throw Invalid(key, $"the key '{name}' has no secret");
        byte[] bytes = new byte[secret.Length];
        if (!Convert.TryFromBase64String(secret, bytes, out int length))
        {
            throw Invalid(key, $"the secret of the key '{name}' is not base64");
        }

        bool isValid = provider == "secretbox" ? length == 32 : length is 16 or 24 or 32;
        return isValid
            ? new EncryptionKey(name, bytes[..length])
            : throw Invalid(
                key, $"the secret of the key '{name}' has {length} bytes, which {provider} does not accept");
    }

    private IReadOnlyList<ConfigurationNode> Items(ConfigurationNode node, string field) =>
        node.Field(field)?.Items ?? throw Invalid(node, $"expected a list '{field}'");

    private BackupException Invalid(ConfigurationNode node, string problem) =>
        new(FailureReason.InvalidInput, $"{file}:{node.Line}: {problem}");
}

/// <summary>A node of a configuration: fields, items or a text.</summary>
internal sealed record ConfigurationNode(long Line)
{
    public string? Text { get; init; }

    public IReadOnlyList<ConfigurationNode>? Items { get; init; }

    public IReadOnlyList<(string Name, ConfigurationNode Value)>? Fields { get; init; }

    public ConfigurationNode? Field(string name) => Fields?.FirstOrDefault(field => field.Name == name).Value;
}

/// <summary>Turns YAML into nodes. Aliases are refused: a configuration of keys has none.</summary>
internal static class ConfigurationYaml
{
    private const int DepthMax = 16;

    /// <exception cref="YamlException">The text is not YAML, or is nested too deeply.</exception>
    public static ConfigurationNode Parse(string text)
    {
        Parser parser = new(new StringReader(text));
        try
        {
            parser.Consume<StreamStart>();
            parser.Consume<DocumentStart>();
            return ReadNode(parser, depth: 0);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // YamlDotNet's scanner throws these on some broken text.
            Mark end = parser.Current?.End ?? Mark.Empty;
            throw new YamlException(end, end, "the text after this position is broken or ends too early", e);
        }
    }

    private static ConfigurationNode ReadNode(Parser parser, int depth)
    {
        ParsingEvent start = parser.Current ?? throw new InvalidOperationException();
        if (depth > DepthMax)
        {
            throw new YamlException(start.Start, start.End, $"nested deeper than {DepthMax} levels");
        }

        if (parser.Accept<Scalar>(out _))
        {
            return new ConfigurationNode(start.Start.Line) { Text = parser.Consume<Scalar>().Value };
        }

        if (parser.TryConsume<SequenceStart>(out _))
        {
            List<ConfigurationNode> items = [];
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                items.Add(ReadNode(parser, depth + 1));
            }

            return new ConfigurationNode(start.Start.Line) { Items = items };
        }

        if (!parser.TryConsume<MappingStart>(out _))
        {
            throw new YamlException(start.Start, start.End, "expected fields, a list or a text");
        }

        List<(string, ConfigurationNode)> fields = [];
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            string name = parser.Consume<Scalar>().Value;
            fields.Add((name, ReadNode(parser, depth + 1)));
        }

        return new ConfigurationNode(start.Start.Line) { Fields = fields };
    }
}
