using System.Text;
using Px.Pruning.Models.StateDicts.Bytes;

namespace Px.Pruning.Models.StateDicts.Pickle;

// Writes a pickle of protocol 2, value by value; whatever a value is made of is written inside its action.
internal sealed class PickleWriter
{
    private const byte Protocol = 2;

    private readonly ByteWriter bytes = new();

    internal PickleWriter() => Write(PickleOpcode.Proto).Byte(Protocol);

    internal void Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        Write(PickleOpcode.BinUnicode).UInt32((uint)utf8.Length).Bytes(utf8);
    }

    internal void Number(long number)
    {
        if (number is >= 0 and <= byte.MaxValue)
            Write(PickleOpcode.BinInt1).Byte((byte)number);
        else if (number is >= int.MinValue and <= int.MaxValue)
            Write(PickleOpcode.BinInt).UInt32((uint)number);
        else
            Write(PickleOpcode.Long1).Byte(sizeof(long)).Int64(number);
    }

    internal void Numbers(IEnumerable<long> numbers) => Tuple(() =>
    {
        foreach (var number in numbers)
            Number(number);
    });

    internal void False() => Write(PickleOpcode.NewFalse);

    internal void Tuple(Action values) => Marked(values, PickleOpcode.Tuple);

    // What a class or function of Python makes of the arguments.
    internal void Call(string module, string name, Action arguments)
    {
        Global(module, name);
        Tuple(arguments);
        Write(PickleOpcode.Reduce);
    }

    internal void Global(string module, string name) => Write(PickleOpcode.Global).Bytes(Encoding.ASCII.GetBytes($"{module}\n{name}\n"));

    // Adds keys and values, in turn, to the dictionary that came last.
    internal void Entries(Action keysAndValues) => Marked(keysAndValues, PickleOpcode.SetItems);

    // Makes the value that came last a reference to something outside the pickle.
    internal void PersistentId() => Write(PickleOpcode.BinPersId);

    // The whole pickle; its value is the one left.
    internal byte[] Finish()
    {
        Write(PickleOpcode.Stop);
        return bytes.Written.ToArray();
    }

    private void Marked(Action values, PickleOpcode end)
    {
        Write(PickleOpcode.Mark);
        values();
        Write(end);
    }

    private ByteWriter Write(PickleOpcode opcode) => bytes.Byte((byte)opcode);
}
