using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

[Collection(RgwTests.Name)]
public sealed class S3ObjectStoreContract(RgwFixture fixture) : ObjectStoreContract
{
    private readonly S3Options _options = fixture.Options();

    protected override int PieceBytes => UploadPlan.PartBytesMin;

    protected override int ManyObjects => 1005;

    protected override IObjectStore Open(string prefix) =>
        new S3ObjectStore(_options with { Prefix = prefix }, TimeProvider.System);
}
