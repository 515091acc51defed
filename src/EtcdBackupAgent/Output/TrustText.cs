using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Signatures;

namespace EtcdBackupAgent.Output;

/// <summary>Shows who vouches for a snapshot, and what statements say about it.</summary>
internal static class TrustText
{
    /// <summary>Adds the fields of the JSON document; none if there is nothing to say.</summary>
    public static void AddTo(JsonObject document, Snapshot snapshot)
    {
        if (snapshot.Signature is { State: not SignatureState.NotNeeded } signature)
        {
            document["signature"] = new JsonObject
            {
                ["counts"] = signature.Counts,
                ["signer"] = signature.Fingerprint,
                ["problem"] = signature.Problem,
            };
        }

        if (snapshot.Hold is { } hold)
        {
            document["hold"] = Document(hold);
        }

        if (snapshot.Exclusion is { } exclusion)
        {
            document["exclusion"] = Document(exclusion);
        }
    }

    /// <summary>The lines of the text, each with its name.</summary>
    public static IEnumerable<(string Name, string Value)> Lines(Snapshot snapshot)
    {
        if (snapshot.Signature.State != SignatureState.NotNeeded)
        {
            yield return ("Signed", Text(snapshot.Signature));
        }

        if (snapshot.Manifest.Chain is { } chain)
        {
            yield return (
                "Number", string.Create(CultureInfo.InvariantCulture, $"{chain.Number} of chain {chain.Id}"));
        }

        if (snapshot.Hold is { } hold)
        {
            yield return ("Held", Text(hold));
        }

        if (snapshot.Exclusion is { } exclusion)
        {
            yield return ("Excluded", Text(exclusion));
        }
    }

    private static JsonObject Document(Statement statement) => new()
    {
        ["reason"] = statement.Reason,
        ["by"] = statement.By,
        ["madeAt"] = Readable.Rfc3339(statement.MadeAt),
    };

    private static string Text(DocumentSignature signature) => signature.State switch
    {
        SignatureState.Valid => $"by {signature.Fingerprint}",
        SignatureState.Vouched => $"vouched for by {signature.Fingerprint}",
        _ => $"not trusted: {signature.Problem}",
    };

    private static string Text(Statement statement) =>
        $"{statement.Reason} ({statement.By}, {Readable.Time(statement.MadeAt)})";
}
