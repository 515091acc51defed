using System.Net;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>
/// The API server answered with an error. The message is the server's own. Source: "Response Status Kind" in
/// Kubernetes' API conventions.
/// </summary>
internal sealed class ApiStatusException(HttpStatusCode code, string reason, string message) : Exception(message)
{
    public HttpStatusCode Code { get; } = code;

    /// <summary>One word that tells errors of one code apart: <c>AlreadyExists</c>; empty if the answer had
    /// none.</summary>
    public string Reason { get; } = reason;

    /// <summary>How long the server wants to be left alone; null if it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What to do where a proxy, or something behind it, answered in place of the API server; null if it
    /// was the server.</summary>
    public string? ForeignHint { get; init; }

    /// <summary>Whether the answer names fields of the object that are invalid, as the server's own validation
    /// does.</summary>
    public bool NamesFields { get; init; }

    /// <summary>There is no object of this name. The word of the server counts and not the code: one that has just
    /// started answers a bare 404 for every kind that it does not serve yet.</summary>
    public bool IsNotFound => Reason == "NotFound";

    /// <summary>The server does not know the kind: its definition is not installed, or not served yet.</summary>
    public bool IsNotServed => Code == HttpStatusCode.NotFound && !IsNotFound;

    /// <summary>Somebody else changed the object, owns the field, or it is not the one of the precondition.</summary>
    public bool IsConflict => Code == HttpStatusCode.Conflict && !IsAlreadyExists;

    public bool IsAlreadyExists => Reason == "AlreadyExists";

    /// <summary>The server, or an admission webhook behind it, does not take the object: a quota, a policy engine, a
    /// right that is missing, a field. Trying again gives the same answer until somebody changes that.</summary>
    public bool IsRefusal =>
        Code is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden or HttpStatusCode.UnprocessableEntity;

    /// <summary>The server's own validation does not take the object: the same object gets the same answer. An
    /// admission policy answers with the same code, and names no fields.</summary>
    public bool IsInvalid => Code == HttpStatusCode.UnprocessableEntity && NamesFields;

    /// <summary>The version or the page that was asked for is too old: list again.</summary>
    public bool IsExpired => Code == HttpStatusCode.Gone || Reason is "Expired" or "Gone";
}
