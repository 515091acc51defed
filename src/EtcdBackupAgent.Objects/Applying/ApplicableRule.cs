using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Objects.Applying;

/// <summary>One thing that is left out of an object before it is applied.</summary>
/// <param name="Name">The name in docs/spec/objects.md.</param>
/// <param name="Group">The group of the kind; empty for the core group, and for a rule of all kinds.</param>
/// <param name="Kind">The kind; empty for all.</param>
/// <param name="Change">Changes the object.</param>
internal sealed record ApplicableRule(string Name, string Group, string Kind, Action<JsonObject> Change);
