using System.CommandLine;
using System.Globalization;

namespace EtcdBackupAgent.Commands;

/// <summary>The argument that names a snapshot.</summary>
internal static class SnapshotArgument
{
    public static Argument<string> Create() => new("ID")
    {
        Description = "The snapshot: its ID, the beginning of it, or 'latest' for the newest complete one.",
    };

    /// <summary>Lets a number option take 1 and more only.</summary>
    public static void RequireAtLeastOne(this Option<int?> option) =>
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: { } text }] && int.TryParse(text, CultureInfo.InvariantCulture, out int number) && number < 1)
            {
                result.AddError($"{option.Name} {number} is not possible: it must be at least 1.");
            }
        });
}
