namespace EtcdBackupAgent.Commands.Objects;

/// <summary>How objects are printed.</summary>
internal enum ObjectFormat
{
    /// <summary>The standard of the verb.</summary>
    Standard,

    Yaml,

    Json,

    /// <summary>One line for each object: its kind and its name.</summary>
    Name,

    /// <summary>A table with the columns of the kind.</summary>
    Wide,
}
