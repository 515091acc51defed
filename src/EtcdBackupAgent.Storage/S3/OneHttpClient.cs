using Amazon.Runtime;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>Gives the SDK a client that it neither keeps nor disposes.</summary>
internal sealed class OneHttpClient(HttpClient http) : HttpClientFactory
{
    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => http;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
}
