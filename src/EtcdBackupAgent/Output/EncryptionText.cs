using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Encryption;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>Formats how many values of a snapshot are encrypted at rest, and with which keys.</summary>
internal static class EncryptionText
{
    public static JsonArray Document(EncryptionCounts encryption) => new(
    [
        .. encryption.Read().Select(count => new JsonObject
        {
            ["resource"] = count.Resource,
            ["provider"] = count.Encryption.Provider,
            ["version"] = count.Encryption.Version,
            ["key"] = count.Encryption.KeyName,
            ["keyId"] = count.Encryption.KeyId,
            ["values"] = count.Values,
        }),
    ]);

    /// <summary>Writes a table; nothing if no value is encrypted.</summary>
    public static void Write(IAnsiConsole console, EncryptionCounts encryption)
    {
        IReadOnlyList<EncryptionCount> counts = encryption.Read();
        if (counts.Count == 0)
        {
            return;
        }

        Table table = Terminal.NewTable("RESOURCE", "ENCRYPTED AT REST WITH", "VALUES");
        foreach (EncryptionCount count in counts)
        {
            AddRow(table, count.Resource.Length == 0 ? "(none)" : count.Resource, $"{count.Encryption}", count.Values);
        }

        if (encryption.Others > 0)
        {
            AddRow(table, "(others)", "", encryption.Others);
        }

        console.Write(table);
        console.WriteLine();
    }

    private static void AddRow(Table table, string resource, string encryption, long values) => table.AddRow(
        new Text(resource), new Text(encryption), new Text(values.ToString(CultureInfo.InvariantCulture)));
}
