using System.Globalization;
using System.Security.Cryptography;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>The place where Ceph stores its data.</summary>
public enum RgwStorage
{
    /// <summary>In the memory of its process: starts fast, for little data.</summary>
    Memory,

    /// <summary>BlueStore in a sparse file of the server's directory: for data beyond a few hundred MB.</summary>
    Disk,
}

/// <summary>
/// The private <c>ceph.conf</c> of one cluster: a monitor, an OSD and a gateway, all on 127.0.0.1. It keeps one copy of
/// the data, uses no authentication between the daemons, and shortens the waits that are meant for a data centre.
/// </summary>
internal sealed record CephConfiguration
{
    public required string Directory { get; init; }

    public required RgwStorage Storage { get; init; }

    public required int MonitorPort { get; init; }

    public required int MonitorPortV1 { get; init; }

    public required int HttpPort { get; init; }

    public required int HttpsPort { get; init; }

    public string ClusterId { get; } = new Guid(RandomNumberGenerator.GetBytes(16)).ToString("D");

    public string File => Path.Combine(Directory, "ceph.conf");

    public string MonitorAddress =>
        string.Create(CultureInfo.InvariantCulture, $"[v2:127.0.0.1:{MonitorPort},v1:127.0.0.1:{MonitorPortV1}]");

    public string MonitorData => Path.Combine(Directory, "mon");

    public string OsdData => Path.Combine(Directory, "osd");

    public string CertificateFile => Path.Combine(Directory, "server.pem");

    public string KeyFile => Path.Combine(Directory, "server.key");

    public string Text => string.Create(CultureInfo.InvariantCulture, $"""
        [global]
        fsid = {ClusterId}
        mon host = {MonitorAddress}
        mon initial members = a
        public addr = 127.0.0.1
        cluster addr = 127.0.0.1
        auth cluster required = none
        auth service required = none
        auth client required = none
        ms mon client mode = crc
        keyring = {Directory}/keyring
        run dir = {Directory}
        admin socket =
        log file =
        log to stderr = true
        err to stderr = true
        mon data = {MonitorData}
        mon tick interval = 1
        mon max pg per osd = 2000
        mon allow pool size one = true
        mon osd full ratio = 0.99
        paxos propose interval = 0.02
        paxos min wait = 0.01
        osd data = {OsdData}
        osd objectstore = {(Storage == RgwStorage.Memory ? "memstore" : "bluestore")}
        memstore device bytes = 4294967296
        bluestore block size = 21474836480
        osd memory target = 1073741824
        osd client watch timeout = 2
        osd crush chooseleaf type = 0
        osd pool default size = 1
        osd pool default min size = 1
        osd pool default pg num = 4
        osd pool default pgp num = 4

        [client.rgw.a]
        rgw frontends = beast endpoint=127.0.0.1:{HttpPort} ssl_endpoint=127.0.0.1:{HttpsPort} ssl_certificate={CertificateFile} ssl_private_key={KeyFile} tcp_nodelay=1
        rgw crypt require ssl = false
        rgw crypt s3 kms backend = testing
        rgw crypt s3 kms encryption keys = {RgwServer.KmsKeyId}=YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=
        rgw gc obj min wait = 1
        rgw gc processor period = 5
        rgw lc debug interval = 10
        rgw user quota bucket sync interval = 1
        rgw bucket quota ttl = 0

        """);
}
