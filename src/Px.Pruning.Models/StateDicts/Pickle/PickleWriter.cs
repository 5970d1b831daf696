using System.Text;
using Px.Pruning.Models.StateDicts.Bytes;

namespace Px.Pruning.Models.StateDicts.Pickle;

// Writes a pickle of protocol 2, value by value; whatever a value is made of is written inside its action.
internal sealed class PickleWriter
{
    private const byte Protocol = 2;

    private readonly ByteWriter bytes = new();

    public PickleWriter() => Write(PickleOpcode.Proto).Byte(Protocol);

    public void Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        Write(PickleOpcode.BinUnicode).UInt32((uint)utf8.Length).Bytes(utf8);
    }

    public void Number(long number)
    {
        if (number is >= 0 and <= byte.MaxValue)
            Write(PickleOpcode.BinInt1).Byte((byte)number);
        else if (number is >= int.MinValue and <= int.MaxValue)
            Write(PickleOpcode.BinInt).UInt32((uint)number);
        else
            Write(PickleOpcode.Long1).Byte(sizeof(long)).Int64(number);
    }

    public void Numbers(IEnumerable<long> numbers) => Tuple(() =>
    {
        foreach (var number in numbers)
            Number(number);
    });

    public void False() => Write(PickleOpcode.NewFalse);

    public void Tuple(Action values) => Marked(values, PickleOpcode.Tuple);

    // What a class or function of Python makes of the arguments.
    public void Call(string module, string name, Action arguments)
    {
        Global(module, name);
        Tuple(arguments);
        Write(PickleOpcode.Reduce);
    }

    public void Global(string module, string name) => Write(PickleOpcode.Global).Bytes(Encoding.ASCII.GetBytes($"{module}\n{name}\n"));

    // Adds keys and values, in turn, to the dictionary that came last.
    public void Entries(Action keysAndValues) => Marked(keysAndValues, PickleOpcode.SetItems);

    // Makes the value that came last a reference to something outside the pickle.
    public void PersistentId() => Write(PickleOpcode.BinPersId);

    // The whole pickle; its value is the one left.
    public byte[] Finish()
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
