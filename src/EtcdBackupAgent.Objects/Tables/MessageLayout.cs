namespace EtcdBackupAgent.Objects.Tables;

/// <summary>
/// The slots of a message: first those of its own fields, then those of each inlined message, which is a part of its
/// own.
/// </summary>
internal sealed class MessageLayout
{
    /// <summary>A message of Kubernetes has at most 42 fields, those of inlined ones included.</summary>
    public const int SlotsMax = 256;

    private readonly List<MessagePart> _parts = [];
    private readonly List<Field> _slots = [];

    public MessageLayout(MessageType message)
    {
        Add(message, parentSlot: -1);
        if (_slots.Count > SlotsMax)
        {
            throw new InvalidDataException($"the message {message.Name} has {_slots.Count} fields");
        }

        Slots = [.. _slots];
        Parts = [.. _parts];
        Printed =
        [
            .. Enumerable.Range(0, Slots.Length)
                .Where(slot => !Slots[slot].IsInlined)
                .OrderBy(slot => Slots[slot].Name.Value, StringComparer.Ordinal),
        ];
    }

    /// <summary>The field of each slot.</summary>
    public Field[] Slots { get; }

    /// <summary>The message itself, then the inlined ones. A part comes after the part that contains it.</summary>
    public MessagePart[] Parts { get; }

    /// <summary>The slots in the order in which they are printed: by name, as kubectl does.</summary>
    public int[] Printed { get; }

    private void Add(MessageType message, int parentSlot)
    {
        int first = _slots.Count;
        _slots.AddRange(message.Fields);
        _parts.Add(new MessagePart(message, first, parentSlot));
        for (int i = 0; i < message.Fields.Count; i++)
        {
            if (message.Fields[i].IsInlined)
            {
                Add(message.Fields[i].Message!, first + i);
            }
        }
    }
}

/// <summary>A message whose fields are printed as those of the outer one, or the outer one itself.</summary>
internal sealed class MessagePart
{
    /// <summary>Field numbers of Kubernetes are below 100; larger ones are searched.</summary>
    private const int IndexedMax = 255;

    private readonly short[] _slots;
    private readonly MessageType _message;
    private readonly int _firstSlot;

    public MessagePart(MessageType message, int firstSlot, int parentSlot)
    {
        _message = message;
        _firstSlot = firstSlot;
        ParentSlot = parentSlot;
        _slots = new short[Math.Min(IndexedMax, message.Fields.Count == 0 ? 0 : message.Fields[^1].Number) + 1];
        Array.Fill(_slots, (short)-1);
        for (int i = 0; i < message.Fields.Count; i++)
        {
            if (message.Fields[i].Number < _slots.Length)
            {
                _slots[message.Fields[i].Number] = (short)(firstSlot + i);
            }
        }
    }

    /// <summary>The slot of the field that contains this part; negative for the message itself.</summary>
    public int ParentSlot { get; }

    public string Name => _message.Name;

    /// <summary>Returns the slot of a field; negative if the message has none with this number.</summary>
    public int SlotOf(int number)
    {
        if ((uint)number < (uint)_slots.Length)
        {
            return _slots[number];
        }

        for (int i = 0; number > IndexedMax && i < _message.Fields.Count; i++)
        {
            if (_message.Fields[i].Number == number)
            {
                return _firstSlot + i;
            }
        }

        return -1;
    }
}
