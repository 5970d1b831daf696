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

    private readonly PickleReader _reader;
    private readonly IPickleWorld _world;
    private readonly MemoryBudget _budget;
    private readonly PickleStack _stack;

    private Unpickler(PickleReader reader, IPickleWorld world, MemoryBudget budget) =>
        (_reader, _world, _budget, _stack) = (reader, world, budget, new PickleStack(budget));

    // The value of the pickle that comes next; what follows it stays unread.
    // Throws InvalidDataException if the pickle is damaged, or asks for something that is not to be had.
    public static object? Load(PickleReader reader, IPickleWorld world, MemoryBudget budget)
    {
        var machine = new Unpickler(reader, world, budget);
        for (var opcode = (Op)reader.Byte(); opcode != Op.Stop; opcode = (Op)reader.Byte())
            machine.Execute(opcode);
        return machine._stack.Pop();
    }

    private void Execute(Op opcode)
    {
        switch (opcode)
        {
            case Op.Proto: RequireProtocol(_reader.Byte()); break;
            case Op.Frame: _reader.UInt64(); break; // only says how far one may read ahead

            case Op.Mark: _stack.Mark(); break;
            case Op.Pop: _stack.PopOrUnmark(); break;
            case Op.PopMark: _stack.PopToMark(); break;
            case Op.Dup: _stack.Push(_stack.Top); break;
            case Op.Get: _stack.Push(_stack.Recall(PickleText.Index(_reader.Line(MaximumDigits)))); break;
            case Op.BinGet: _stack.Push(_stack.Recall(_reader.Byte())); break;
            case Op.LongBinGet: _stack.Push(_stack.Recall(_reader.UInt32())); break;
            case Op.Put: Remember(PickleText.Index(_reader.Line(MaximumDigits))); break;
            case Op.BinPut: Remember(_reader.Byte()); break;
            case Op.LongBinPut: Remember(_reader.UInt32()); break;
            case Op.Memoize: Remember(_stack.Remembered); break;

            case Op.None: _stack.Push(null); break;
            case Op.NewTrue: _stack.Push(True); break;
            case Op.NewFalse: _stack.Push(False); break;
            case Op.Int: PushInteger(_reader.Line(MaximumDigits)); break;
            case Op.Long: PushNumber(PickleText.Integer(_reader.Line(MaximumDigits).TrimEnd('L'))); break;
            case Op.BinInt: PushNumber((long)_reader.Int32()); break;
            case Op.BinInt1: _stack.Push(SmallNumbers[_reader.Byte()]); break;
            case Op.BinInt2: PushNumber((long)_reader.UInt16()); break;
            case Op.Long1: PushNumber(PickleText.Integer(_reader.Bytes(_reader.Byte()))); break;
            case Op.Long4: PushNumber(PickleText.Integer(_reader.Bytes(Length(_reader.Int32(), MaximumDigits)))); break;
            case Op.Float: PushNumber(PickleText.Float(_reader.Line(MaximumDigits))); break;
            case Op.BinFloat: PushNumber(_reader.Double()); break;

            case Op.String: _stack.Push(PickleText.Quoted(_reader.Line(long.MaxValue))); break;
            case Op.BinString: _stack.Push(_reader.TextOrBytes(Length(_reader.Int32()))); break;
            case Op.ShortBinString: _stack.Push(_reader.TextOrBytes(_reader.Byte())); break;
            case Op.Unicode: _stack.Push(PickleText.Unescaped(_reader.Line(long.MaxValue))); break;
            case Op.BinUnicode: _stack.Push(_reader.Text(_reader.UInt32())); break;
            case Op.ShortBinUnicode: _stack.Push(_reader.Text(_reader.Byte())); break;
            case Op.BinUnicode8: _stack.Push(_reader.Text(_reader.UInt64())); break;
            case Op.BinBytes: _stack.Push(_reader.Bytes(_reader.UInt32())); break;
            case Op.ShortBinBytes: _stack.Push(_reader.Bytes(_reader.Byte())); break;
            case Op.BinBytes8 or Op.ByteArray8: _stack.Push(_reader.Bytes(_reader.UInt64())); break;

            case Op.EmptyTuple: _stack.Push(Array.Empty<object?>()); break;
            case Op.Tuple1: _stack.Push(_stack.Pop(1)); break;
            case Op.Tuple2: _stack.Push(_stack.Pop(2)); break;
            case Op.Tuple3: _stack.Push(_stack.Pop(3)); break;
            case Op.Tuple: _stack.Push(_stack.PopToMark()); break;
            case Op.EmptyList or Op.EmptySet: PushList([]); break;
            case Op.List or Op.FrozenSet: PushList(_stack.PopToMark()); break;
            case Op.Append: ExtendTop(_stack.Pop(1)); break;
            case Op.Appends or Op.AddItems: ExtendTop(_stack.PopToMark()); break;
            case Op.EmptyDict: PushDictionary([]); break;
            case Op.Dict: PushDictionary(_stack.PopToMark()); break;
            case Op.SetItem: FillTop(_stack.Pop(2)); break;
            case Op.SetItems: FillTop(_stack.PopToMark()); break;

            case Op.Global: _stack.Push(_world.Find(_reader.Line(MaximumName), _reader.Line(MaximumName))); break;
            case Op.StackGlobal: PushGlobal(_stack.Pop(2)); break;
            case Op.Reduce or Op.NewObj: PushResult(_stack.Pop(2)); break;
            case Op.NewObjEx: PushResult(WithoutNames(_stack.Pop(3))); break;
            case Op.Inst: PushResult([_world.Find(_reader.Line(MaximumName), _reader.Line(MaximumName)), _stack.PopToMark()]); break;
            case Op.Obj: PushResult(ClassFirst(_stack.PopToMark())); break;
            case Op.Build: RequireAttributes(_stack.Pop()); break;
            case Op.BinPersId: _stack.Push(_world.Resolve(_stack.Pop())); break;

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

    private void Remember(long index) => _stack.Remember(index, _reader.Position);

    private void PushNumber(object number)
    {
        _budget.Spend(number is BigInteger wide ? WideNumberCost + wide.GetByteCount() : NumberCost);
        _stack.Push(number);
    }

    // Protocol 0 has no other way to write truth.
    private void PushInteger(string text) => PushNumber(text switch { "00" => False, "01" => True, _ => PickleText.Integer(text) });

    private void PushList(object?[] items)
    {
        _budget.Spend(ListCost);
        _stack.Push(new List<object?>());
        ExtendTop(items);
    }

    private void ExtendTop(object?[] items)
    {
        switch (_stack.Top)
        {
            case List<object?> list:
                _budget.Spend(PickleStack.SlotCost * (long)items.Length);
                list.AddRange(items);
                break;
            case PickleOpaque: break;
            default: throw Error("appends to something that is no list");
        }
    }

    private void PushDictionary(object?[] items)
    {
        _budget.Spend(PickleDictionary.EmptyCost);
        _stack.Push(new PickleDictionary());
        FillTop(items);
    }

    private void FillTop(object?[] items)
    {
        if (items.Length % 2 != 0)
            throw Error("has a key without a value");
        switch (_stack.Top)
        {
            case PickleDictionary dictionary:
                _budget.Spend(dictionary.CostOf(items.Length / 2));
                for (var i = 0; i < items.Length; i += 2)
                    dictionary.Set(items[i], items[i + 1]);
                break;
            case PickleOpaque: break;
            default: throw Error("sets entries of something that is no dictionary");
        }
    }

    private void PushGlobal(object?[] names) =>
        _stack.Push(names is [string module, string name] ? _world.Find(module, name)
            : throw Error("names a class or function by something that is no text"));

    private void PushResult(object?[] call) =>
        _stack.Push(call[1] is object?[] arguments ? _world.Call(call[0], arguments)
            : throw Error("calls something with arguments that are no tuple"));

    private object?[] WithoutNames(object?[] call) =>
        call[2] is PickleDictionary { Entries.Count: 0 } or PickleOpaque || call[0] is PickleOpaque ? call[..2]
            : throw Error("calls something with named arguments");

    private object?[] ClassFirst(object?[] call) => call.Length > 0 ? [call[0], call[1..]] : throw Error("makes an object of no class");

    // Attributes are dropped: PyTorch's ordered dictionaries carry versions of modules there, and what is opaque has no use for them.
    private void RequireAttributes(object? state)
    {
        if (!(_stack.Top is PickleOpaque || (_stack.Top is PickleDictionary && state is PickleDictionary)))
            throw Error("sets attributes of something that has none");
    }

    private ulong Length(int length, int maximum = int.MaxValue) =>
        length >= 0 && length <= maximum ? (ulong)length : throw Error($"claims a length of {length}");

    private InvalidDataException Error(string what) =>
        new($"its pickle {what}, before byte {_reader.Position}: the file is damaged, or no checkpoint.");
}
