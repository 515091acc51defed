namespace EtcdBackupAgent.Objects.Tables;

/// <summary>
/// One message of the table. Its layout is what a decoder needs: a slot for each field, those of inlined messages
/// included, and the order in which they are printed.
/// </summary>
internal sealed class MessageType(string name, IReadOnlyList<Field> fields)
{
    private MessageLayout? _layout;

    /// <summary>The full name, such as <c>k8s.io.api.apps.v1.Deployment</c>.</summary>
    public string Name { get; } = name;

    /// <summary>The fields, in the order of their numbers.</summary>
    public IReadOnlyList<Field> Fields { get; } = fields;

    /// <summary>Computed when it is needed first: an object needs few of the messages.</summary>
    public MessageLayout Layout => _layout ??= new MessageLayout(this);
}
