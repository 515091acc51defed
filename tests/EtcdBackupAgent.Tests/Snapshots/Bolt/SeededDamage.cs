using System.Buffers.Binary;

namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

/// <summary>Damages a field: a flipped bit, another byte, or a number that such a field could have elsewhere.</summary>
internal static class SeededDamage
{
    /// <summary>Returns different bytes of the same length.</summary>
    public static byte[] To(ReadOnlySpan<byte> field, Random random)
    {
        byte[] damaged = field.ToArray();
        while (damaged.AsSpan().SequenceEqual(field))
        {
            Change(damaged, random);
        }

        return damaged;
    }

    private static void Change(byte[] damaged, Random random)
    {
        switch (random.Next(3))
        {
            case 0:
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
                break;
            default:
                byte[] number = new byte[sizeof(long)];
                long old = damaged.Length == 8 ? BinaryPrimitives.ReadInt64LittleEndian(damaged) : damaged[0];
                long[] wrongNumbers =
                [
                    0, 1, 2, 3, old - 1, old + 1, old * 2, random.Next(300),
                    ushort.MaxValue, int.MaxValue, long.MaxValue, -1,
                ];
                BinaryPrimitives.WriteInt64LittleEndian(number, random.GetItems(wrongNumbers, 1)[0]);
                number.AsSpan(0, Math.Min(number.Length, damaged.Length)).CopyTo(damaged);
                break;
        }
    }
}
