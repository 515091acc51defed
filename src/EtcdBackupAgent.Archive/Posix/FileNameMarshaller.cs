using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>Hands a text to a system call as the bytes that <see cref="FileName"/> says it stands for, with a NUL at
/// the end.</summary>
[CustomMarshaller(typeof(string), MarshalMode.ManagedToUnmanagedIn, typeof(FileNameMarshaller))]
internal static unsafe class FileNameMarshaller
{
    /// <exception cref="ArgumentException">The text has a NUL, at which the system would cut it.</exception>
    public static byte* ConvertToUnmanaged(string text)
    {
        byte[] bytes = FileName.Encode(text);
        if (bytes.AsSpan().Contains((byte)0))
        {
            throw new ArgumentException($"'{FileName.Shown(text)}' has a NUL character.", nameof(text));
        }

        byte* terminated = (byte*)NativeMemory.Alloc((nuint)bytes.Length + 1);
        bytes.CopyTo(new Span<byte>(terminated, bytes.Length));
        terminated[bytes.Length] = 0;
        return terminated;
    }

    public static void Free(byte* terminated) => NativeMemory.Free(terminated);
}
