using System.Runtime.InteropServices;

using static TorchSharp.torch;

namespace TorchSharp.Native;

/// <summary>One libtorch operator, found by name in the dispatcher at its first call.</summary>
/// <remarks>
/// Arguments follow the operator's schema: those left out at the end take its defaults, and an integer serves where a
/// floating-point number, a number, an optional or a one-element list is expected. Errors of libtorch arrive as
/// <see cref="ExternalException"/> with its message.
/// </remarks>
internal sealed unsafe class Op(string name, string overload = "")
{
    private const int StackBytes = 512;

    private IntPtr handle;

    internal Tensor Call(params ReadOnlySpan<Arg> args)
    {
        Value result;
        Invoke(args, &result, 1);
        return new Tensor(TensorIn(result));
    }

    internal (Tensor, Tensor) Call2(params ReadOnlySpan<Arg> args)
    {
        var results = stackalloc Value[2];
        Invoke(args, results, 2);
        return (new Tensor(TensorIn(results[0])), new Tensor(TensorIn(results[1])));
    }

    internal (Tensor, Tensor, Tensor) Call3(params ReadOnlySpan<Arg> args)
    {
        var results = stackalloc Value[3];
        Invoke(args, results, 3);
        return (new Tensor(TensorIn(results[0])), new Tensor(TensorIn(results[1])), new Tensor(TensorIn(results[2])));
    }

    internal List<Tensor> CallList(params ReadOnlySpan<Arg> args)
    {
        Value result;
        Invoke(args, &result, 1);
        if (result.Tag != ValueTag.TensorList) throw Unexpected(result, "a list of tensors");
        var tensors = new List<Tensor>(result.Count);
        for (var i = 0; i < result.Count; i++) tensors.Add(new Tensor(((IntPtr*)result.Pointer)[i]));
        NativeMethods.px_list_free(result.Pointer);
        return tensors;
    }

    /// <summary>Calls and drops what comes back.</summary>
    internal void CallVoid(params ReadOnlySpan<Arg> args) => Invoke(args, null, 0);

    /// <summary>Calls an operator that writes to its first argument, and returns that very object.</summary>
    internal Tensor CallInPlace(params ReadOnlySpan<Arg> args)
    {
        Invoke(args, null, 0);
        return (Tensor)args[0].Object!;
    }

    internal long CallLong(params ReadOnlySpan<Arg> args)
    {
        Value result;
        Invoke(args, &result, 1);
        return result.Tag is ValueTag.Long or ValueTag.Bool ? result.Integer : throw Unexpected(result, "an integer");
    }

    internal double CallDouble(params ReadOnlySpan<Arg> args)
    {
        Value result;
        Invoke(args, &result, 1);
        return result.Tag == ValueTag.Double ? result.Number : throw Unexpected(result, "a floating-point number");
    }

    internal bool CallBool(params ReadOnlySpan<Arg> args) => CallLong(args) != 0;

    internal Scalar CallScalar(params ReadOnlySpan<Arg> args)
    {
        Value result;
        Invoke(args, &result, 1);
        return result.Tag switch
        {
            ValueTag.Bool => result.Integer != 0,
            ValueTag.Long => result.Integer,
            ValueTag.Double => result.Number,
            _ => throw Unexpected(result, "a number"),
        };
    }

    private void Invoke(ReadOnlySpan<Arg> args, Value* results, int capacity)
    {
        if (handle == IntPtr.Zero) handle = Find();
        var size = 0;
        foreach (ref readonly var arg in args) size += arg.ContentSize;
        var onStack = stackalloc byte[size <= StackBytes ? size : 0];
        var onHeap = size <= StackBytes ? null : (byte*)NativeMemory.Alloc((nuint)size);
        try
        {
            var content = onHeap == null ? onStack : onHeap;
            var values = stackalloc Value[args.Length];
            for (var i = 0; i < args.Length; i++) args[i].Write(values + i, ref content);
            var count = NativeMethods.px_operator_call(handle, values, args.Length, results, capacity);
            foreach (ref readonly var arg in args) GC.KeepAlive(arg.Object);
            if (count < 0) throw NativeError.Last();
            if (count < capacity) throw new InvalidOperationException($"{this} has {count} results, not {capacity}.");
        }
        finally
        {
            NativeMemory.Free(onHeap);
        }
    }

    private IntPtr Find()
    {
        var found = NativeMethods.px_operator_find(name, overload, out var op);
        return found switch
        {
            1 => op,
            0 => throw new NotSupportedException($"This libtorch ({NativeMethods.Version}) has no operator {this}."),
            _ => throw NativeError.Last(),
        };
    }

    private static IntPtr TensorIn(in Value result) => result.Tag switch
    {
        ValueTag.Tensor => result.Pointer,
        ValueTag.None => IntPtr.Zero,
        _ => throw new InvalidOperationException($"Expected a tensor but libtorch returned a {result.Tag}."),
    };

    private InvalidOperationException Unexpected(in Value result, string expected) => new($"{this} returned a {result.Tag}, not {expected}.");

    public override string ToString() => overload.Length == 0 ? name : $"{name}.{overload}";
}
