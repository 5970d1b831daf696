using System.Numerics;
using Px.Bytes;
using Op = Px.Pruning.Models.StateDicts.Pickle.PickleOpcode;

namespace Px.Pruning.Models.StateDicts.Pickle;

// Reads pickles into plain values and what an IPickleWorld makes. Nothing is executed but the switch below. A pickle is a program for a
// stack machine; this runs it in one loop without recursion, so that depth costs nothing, and pays for every value from a budget. Values
// may contain themselves; nothing here walks through them.
// Source: pickletools.py of CPython 3.11, https://github.com/python/cpython/blob/3.11/Lib/pickletools.py.
internal sealed class Unpickler
{
    // What the runtime takes for a number that fits 64 bits, and for one that does not, without its digits; and for a list with its first
    // few items.
    private const int NumberCost = 24, WideNumberCost = 96, ListCost = 96;

    // Python itself takes no longer numbers from a text; its names are shorter still.
    private const int MaximumDigits = 4300, MaximumName = 1000, HighestProtocol = 5;

    private static readonly object True = true, False = false;
    private static readonly object[] SmallNumbers = [.. Enumerable.Range(0, 256).Select(number => (object)(long)number)];

    private readonly PickleReader reader;
    private readonly IPickleWorld world;
    private readonly MemoryBudget budget;
    private readonly PickleStack stack;

    private Unpickler(PickleReader reader, IPickleWorld world, MemoryBudget budget) =>
        (this.reader, this.world, this.budget, stack) = (reader, world, budget, new PickleStack(budget));

    // The value of the pickle that comes next; what follows it stays unread.
    // Throws InvalidDataException if the pickle is damaged, or asks for something that is not to be had.
    internal static object? Load(PickleReader reader, IPickleWorld world, MemoryBudget budget)
    {
        var machine = new Unpickler(reader, world, budget);
        for (var opcode = (Op)reader.Byte(); opcode != Op.Stop; opcode = (Op)reader.Byte())
            machine.Execute(opcode);
        return machine.stack.Pop();
    }

    private void Execute(Op opcode)
    {
        switch (opcode)
        {
            case Op.Proto: RequireProtocol(reader.Byte()); break;
            case Op.Frame: reader.UInt64(); break; // only says how far one may read ahead

            case Op.Mark: stack.Mark(); break;
            case Op.Pop: stack.PopOrUnmark(); break;
            case Op.PopMark: stack.PopToMark(); break;
            case Op.Dup: stack.Push(stack.Top); break;
            case Op.Get: stack.Push(stack.Recall(PickleText.Index(reader.Line(MaximumDigits)))); break;
            case Op.BinGet: stack.Push(stack.Recall(reader.Byte())); break;
            case Op.LongBinGet: stack.Push(stack.Recall(reader.UInt32())); break;
            case Op.Put: Remember(PickleText.Index(reader.Line(MaximumDigits))); break;
            case Op.BinPut: Remember(reader.Byte()); break;
            case Op.LongBinPut: Remember(reader.UInt32()); break;
            case Op.Memoize: Remember(stack.Remembered); break;

            case Op.None: stack.Push(null); break;
            case Op.NewTrue: stack.Push(True); break;
            case Op.NewFalse: stack.Push(False); break;
            case Op.Int: PushInteger(reader.Line(MaximumDigits)); break;
            case Op.Long: PushNumber(PickleText.Integer(reader.Line(MaximumDigits).TrimEnd('L'))); break;
            case Op.BinInt: PushNumber((long)reader.Int32()); break;
            case Op.BinInt1: stack.Push(SmallNumbers[reader.Byte()]); break;
            case Op.BinInt2: PushNumber((long)reader.UInt16()); break;
            case Op.Long1: PushNumber(PickleText.Integer(reader.Bytes(reader.Byte()))); break;
            case Op.Long4: PushNumber(PickleText.Integer(reader.Bytes(Length(reader.Int32(), MaximumDigits)))); break;
            case Op.Float: PushNumber(PickleText.Float(reader.Line(MaximumDigits))); break;
            case Op.BinFloat: PushNumber(reader.Double()); break;

            case Op.String: stack.Push(PickleText.Quoted(reader.Line(long.MaxValue))); break;
            case Op.BinString: stack.Push(reader.TextOrBytes(Length(reader.Int32()))); break;
            case Op.ShortBinString: stack.Push(reader.TextOrBytes(reader.Byte())); break;
            case Op.Unicode: stack.Push(PickleText.Unescaped(reader.Line(long.MaxValue))); break;
            case Op.BinUnicode: stack.Push(reader.Text(reader.UInt32())); break;
            case Op.ShortBinUnicode: stack.Push(reader.Text(reader.Byte())); break;
            case Op.BinUnicode8: stack.Push(reader.Text(reader.UInt64())); break;
            case Op.BinBytes: stack.Push(reader.Bytes(reader.UInt32())); break;
            case Op.ShortBinBytes: stack.Push(reader.Bytes(reader.Byte())); break;
            case Op.BinBytes8 or Op.ByteArray8: stack.Push(reader.Bytes(reader.UInt64())); break;

            case Op.EmptyTuple: stack.Push(Array.Empty<object?>()); break;
            case Op.Tuple1: stack.Push(stack.Pop(1)); break;
            case Op.Tuple2: stack.Push(stack.Pop(2)); break;
            case Op.Tuple3: stack.Push(stack.Pop(3)); break;
            case Op.Tuple: stack.Push(stack.PopToMark()); break;
            case Op.EmptyList or Op.EmptySet: PushList([]); break;
            case Op.List or Op.FrozenSet: PushList(stack.PopToMark()); break;
            case Op.Append: ExtendTop(stack.Pop(1)); break;
            case Op.Appends or Op.AddItems: ExtendTop(stack.PopToMark()); break;
            case Op.EmptyDict: PushDictionary([]); break;
            case Op.Dict: PushDictionary(stack.PopToMark()); break;
            case Op.SetItem: FillTop(stack.Pop(2)); break;
            case Op.SetItems: FillTop(stack.PopToMark()); break;

            case Op.Global: stack.Push(world.Find(reader.Line(MaximumName), reader.Line(MaximumName))); break;
            case Op.StackGlobal: PushGlobal(stack.Pop(2)); break;
            case Op.Reduce or Op.NewObj: PushResult(stack.Pop(2)); break;
            case Op.NewObjEx: PushResult(WithoutNames(stack.Pop(3))); break;
            case Op.Inst: PushResult([world.Find(reader.Line(MaximumName), reader.Line(MaximumName)), stack.PopToMark()]); break;
            case Op.Obj: PushResult(ClassFirst(stack.PopToMark())); break;
            case Op.Build: RequireAttributes(stack.Pop()); break;
            case Op.BinPersId: stack.Push(world.Resolve(stack.Pop())); break;

            case Op.PersId or Op.Ext1 or Op.Ext2 or Op.Ext4 or Op.NextBuffer or Op.ReadOnlyBuffer:
                throw Error($"uses the instruction {opcode}, which no checkpoint needs");
            default: throw Error($"has {(byte)opcode:X2} where an instruction should be");
        }
    }

    private void RequireProtocol(byte protocol)
    {
        if (protocol > HighestProtocol)
            throw Error($"is written in protocol {protocol}; 0 to {HighestProtocol} are read");
    }

    private void Remember(long index) => stack.Remember(index, reader.Position);

    private void PushNumber(object number)
    {
        budget.Spend(number is BigInteger wide ? WideNumberCost + wide.GetByteCount() : NumberCost);
        stack.Push(number);
    }

    // Protocol 0 has no other way to write truth.
    private void PushInteger(string text) => PushNumber(text switch { "00" => False, "01" => True, _ => PickleText.Integer(text) });

    private void PushList(object?[] items)
    {
        budget.Spend(ListCost);
        stack.Push(new List<object?>());
        ExtendTop(items);
    }

    private void ExtendTop(object?[] items)
    {
        switch (stack.Top)
        {
            case List<object?> list:
                budget.Spend(PickleStack.SlotCost * (long)items.Length);
                list.AddRange(items);
                break;
            case PickleOpaque: break;
            default: throw Error("appends to something that is no list");
        }
    }

    private void PushDictionary(object?[] items)
    {
        budget.Spend(PickleDictionary.EmptyCost);
        stack.Push(new PickleDictionary());
        FillTop(items);
    }

    private void FillTop(object?[] items)
    {
        if (items.Length % 2 != 0)
            throw Error("has a key without a value");
        switch (stack.Top)
        {
            case PickleDictionary dictionary:
                budget.Spend(dictionary.CostOf(items.Length / 2));
                for (var i = 0; i < items.Length; i += 2)
                    dictionary.Set(items[i], items[i + 1]);
                break;
            case PickleOpaque: break;
            default: throw Error("sets entries of something that is no dictionary");
        }
    }

    private void PushGlobal(object?[] names) =>
        stack.Push(names is [string module, string name] ? world.Find(module, name)
            : throw Error("names a class or function by something that is no text"));

    private void PushResult(object?[] call) =>
        stack.Push(call[1] is object?[] arguments ? world.Call(call[0], arguments)
            : throw Error("calls something with arguments that are no tuple"));

    private object?[] WithoutNames(object?[] call) =>
        call[2] is PickleDictionary { Entries.Count: 0 } or PickleOpaque || call[0] is PickleOpaque ? call[..2]
            : throw Error("calls something with named arguments");

    private object?[] ClassFirst(object?[] call) => call.Length > 0 ? [call[0], call[1..]] : throw Error("makes an object of no class");

    // Attributes are dropped: PyTorch's ordered dictionaries carry versions of modules there, and what is opaque has no use for them.
    private void RequireAttributes(object? state)
    {
        if (!(stack.Top is PickleOpaque || (stack.Top is PickleDictionary && state is PickleDictionary)))
            throw Error("sets attributes of something that has none");
    }

    private ulong Length(int length, int maximum = int.MaxValue) =>
        length >= 0 && length <= maximum ? (ulong)length : throw Error($"claims a length of {length}");

    private InvalidDataException Error(string what) =>
        new($"its pickle {what}, before byte {reader.Position}: the file is damaged, or no checkpoint.");
}
