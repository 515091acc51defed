using System.Net;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>
/// The API server responded with an error. The message is the server's own. Source: "Response Status Kind" in
/// Kubernetes' API conventions.
/// </summary>
internal sealed class ApiStatusException(HttpStatusCode code, string reason, string message) : Exception(message)
{
    public HttpStatusCode Code { get; } = code;

    /// <summary>One word that distinguishes errors with the same code: <c>AlreadyExists</c>; empty if the response had
    /// none.</summary>
    public string Reason { get; } = reason;

    /// <summary>How long the server asks the client to wait; null if the response did not contain it.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What to do if a proxy, or something behind it, responded instead of the API server; null if the server
    /// responded.</summary>
    public string? ProxyHint { get; init; }

    /// <summary>Whether the response names invalid fields of the object, as the server's own validation does.</summary>
    public bool HasInvalidFields { get; init; }

    /// <summary>Whether no object of this name exists. The server's reason counts and not the code: a server that has
    /// just started returns a 404 without a reason for every kind that it does not serve yet.</summary>
    public bool IsNotFound => Reason == "NotFound";

    /// <summary>Whether the server does not know the kind: its definition is not installed, or not served
    /// yet.</summary>
    public bool IsNotServed => Code == HttpStatusCode.NotFound && !IsNotFound;

    /// <summary>Whether another writer changed the object or owns the field, or the object is not that of the
    /// precondition.</summary>
    public bool IsConflict => Code == HttpStatusCode.Conflict && !IsAlreadyExists;

    public bool IsAlreadyExists => Reason == "AlreadyExists";

    /// <summary>Whether the server, or an admission webhook behind it, rejects the object because of a quota, a policy
    /// engine, a missing right or a field. A retry gets the same response until the cause is removed.</summary>
    public bool IsRefusal =>
        Code is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden or HttpStatusCode.UnprocessableEntity;

    /// <summary>Whether the identity lacks the right for the request. An admission plugin that refuses an object
    /// responds with the same code and reason; only the words of the server's authorization differ.</summary>
    public bool IsMissingRight =>
        Code == HttpStatusCode.Forbidden && Message.Contains(" cannot ", StringComparison.Ordinal)
        && Message.Contains(" resource ", StringComparison.Ordinal);

    /// <summary>Whether the server's own validation rejects the object: the same object gets the same response. An
    /// admission policy responds with the same code, but names no fields.</summary>
    public bool IsInvalid => Code == HttpStatusCode.UnprocessableEntity && HasInvalidFields;

    /// <summary>Whether the requested version or page is too old, so that the client has to list again.</summary>
    public bool IsExpired => Code == HttpStatusCode.Gone || Reason is "Expired" or "Gone";
}
