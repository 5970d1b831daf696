using static TorchSharp.torch;

namespace TorchSharp.Modules;

public partial class Sequential
{
    public override IEnumerable<(string name, nn.Module module)> named_children() => items.Select(item => (item.Name, (nn.Module)item.Module));

    public override IEnumerable<(string name, nn.Module module)> named_modules()
    {
        foreach (var child in named_children()) yield return child;
        foreach (var (prefix, child) in named_children())
        {
            foreach (var (inner, module) in child.named_modules()) yield return ($"{prefix}.{inner}", module);
        }
    }

    /// <summary>Its children's parameters; it has none of its own.</summary>
    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
    {
        if (!recurse) yield break;
        var seen = new HashSet<IntPtr> { IntPtr.Zero };
        foreach (var (prefix, child) in named_children())
        {
            foreach (var (inner, parameter) in child.named_parameters())
            {
                if (seen.Add(parameter.handle)) yield return ($"{prefix}.{inner}", parameter);
            }
        }
    }

    /// <summary>Its children's persistent buffers; its own are never listed.</summary>
    public override IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_persistent = true)
    {
        if (!recurse) yield break;
        var seen = new HashSet<IntPtr> { IntPtr.Zero };
        foreach (var (prefix, child) in named_children())
        {
            foreach (var (inner, buffer) in child.named_buffers(true, include_persistent))
            {
                if (seen.Add(buffer.handle)) yield return ($"{prefix}.{inner}", buffer);
            }
        }
    }

    protected internal override nn.Module _to(Device device, ScalarType dtype, bool non_blocking)
    {
        foreach (var (_, child) in named_children()) child._to(device, dtype, non_blocking);
        return this;
    }

    protected internal override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking)
    {
        foreach (var (_, child) in named_children()) child._to(deviceType, deviceIndex, non_blocking);
        return this;
    }

    protected internal override nn.Module _to(ScalarType dtype, bool non_blocking)
    {
        foreach (var (_, child) in named_children()) child._to(dtype, non_blocking);
        return this;
    }
}
