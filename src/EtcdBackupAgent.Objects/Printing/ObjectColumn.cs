using System.Text.Json;

namespace EtcdBackupAgent.Objects.Printing;

/// <summary>A column of a table of objects.</summary>
/// <param name="Header">The header, as kubectl has it.</param>
/// <param name="Read">Returns the text for an object. The time is the one that ages are relative to.</param>
public sealed record ObjectColumn(string Header, Func<JsonElement, DateTimeOffset, string> Read);
