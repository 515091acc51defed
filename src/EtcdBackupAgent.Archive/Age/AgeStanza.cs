namespace EtcdBackupAgent.Archive.Age;

/// <summary>One entry of a header: the file key, encrypted to one recipient (spec, "Recipient stanza").</summary>
/// <param name="Arguments">At least one: the type. Each consists of visible ASCII characters.</param>
/// <param name="Body">Its meaning depends on the type.</param>
internal sealed record AgeStanza(IReadOnlyList<string> Arguments, byte[] Body)
{
    public string Type => Arguments[0];
}
