namespace EtcdBackupAgent.Objects.Tables;

/// <summary>The type of one value, as docs/spec/objects.md lists them.</summary>
internal enum FieldType
{
    Message,
    Bool,
    Int32,
    Int64,
    Text,
    Bytes,

    /// <summary>A message with a list of texts, which is printed as the list.</summary>
    Texts,
    Time,
    MicroTime,
    Quantity,
    IntOrString,

    /// <summary>A message whose first field has JSON as bytes.</summary>
    Json,
}

/// <summary>How often a value may occur.</summary>
internal enum FieldShape
{
    /// <summary>Always printed, unless it is a zero scalar and may be omitted.</summary>
    Value,

    /// <summary>Printed if it is present, zero or not.</summary>
    Pointer,
    List,
    Map,
}
