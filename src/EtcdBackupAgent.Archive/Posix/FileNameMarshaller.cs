using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// Passes a text to a system call as the bytes of <see cref="FileName.Encode"/>, with a NUL at the end.
/// </summary>
[CustomMarshaller(typeof(string), MarshalMode.ManagedToUnmanagedIn, typeof(FileNameMarshaller))]
internal static unsafe class FileNameMarshaller
{
    /// <exception cref="ArgumentException">The text contains a NUL, where the system would end it.</exception>
    public static byte* ConvertToUnmanaged(string text)
    {
        byte[] bytes = FileName.Encode(text);
        if (bytes.AsSpan().Contains((byte)0))
        {
            throw new ArgumentException($"'{FileName.Shown(text)}' contains a NUL character.", nameof(text));
        }

        byte* terminated = (byte*)NativeMemory.Alloc((nuint)bytes.Length + 1);
        bytes.CopyTo(new Span<byte>(terminated, bytes.Length));
        terminated[bytes.Length] = 0;
        return terminated;
    }

    public static void Free(byte* terminated) => NativeMemory.Free(terminated);
}
