using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            public virtual IEnumerable<(string name, Module module)> named_children() => _internal_submodules;

            public virtual IEnumerable<Module> children() => named_children().Select(child => child.module);

            /// <summary>All children, then the subtree of each; not the module itself, and a shared module once a name.</summary>
            public virtual IEnumerable<(string name, Module module)> named_modules()
            {
                foreach (var child in _internal_submodules) yield return child;
                foreach (var (prefix, child) in _internal_submodules)
                {
                    foreach (var (inner, module) in child.named_modules()) yield return ($"{prefix}.{inner}", module);
                }
            }

            public virtual IEnumerable<Module> modules() => named_modules().Select(module => module.module);

            /// <summary>Its own, then its children's; a shared parameter once, a disposed one never.</summary>
            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                var seen = new HashSet<IntPtr> { IntPtr.Zero };
                foreach (var (own, parameter) in _internal_params)
                {
                    if (seen.Add(parameter.handle)) yield return (own, parameter);
                }
                if (!recurse) yield break;
                foreach (var (prefix, child) in _internal_submodules)
                {
                    foreach (var (inner, parameter) in child.named_parameters())
                    {
                        if (seen.Add(parameter.handle)) yield return ($"{prefix}.{inner}", parameter);
                    }
                }
            }

            public virtual IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(parameter => parameter.parameter);

            /// <summary>Persistent buffers only, whatever <paramref name="include_nonpersistent"/> says: as TorchSharp does.</summary>
            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                var seen = new HashSet<IntPtr> { IntPtr.Zero };
                foreach (var (own, (buffer, persistent)) in _internal_buffers)
                {
                    if (persistent && seen.Add(buffer.handle)) yield return (own, buffer);
                }
                if (!recurse) yield break;
                foreach (var (prefix, child) in _internal_submodules)
                {
                    foreach (var (inner, buffer) in child.named_buffers(true, include_nonpersistent))
                    {
                        if (seen.Add(buffer.handle)) yield return ($"{prefix}.{inner}", buffer);
                    }
                }
            }

            public virtual IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true) =>
                named_buffers(recurse, include_nonpersistent).Select(buffer => buffer.buffer);

            public virtual bool has_parameter(string target) => get_parameter(target) is not null;

            public virtual bool has_buffer(string target) => get_buffer(target) is not null;

            /// <summary>The parameter of a dotted name, or <see langword="null"/>.</summary>
            public virtual Parameter? get_parameter(string target) =>
                _internal_params.TryGetValue(target, out var own) ? own : InChild(target, (child, rest) => child.get_parameter(rest));

            /// <summary>The buffer of a dotted name, persistent or not, or <see langword="null"/>.</summary>
            public virtual Tensor? get_buffer(string target) =>
                _internal_buffers.TryGetValue(target, out var own) ? own.Item1 : InChild(target, (child, rest) => child.get_buffer(rest));

            private T? InChild<T>(string target, Func<Module, string, T?> find) where T : class
            {
                ArgumentNullException.ThrowIfNull(target);
                var dot = target.IndexOf('.', StringComparison.Ordinal);
                if (dot < 0) return null;
                var (prefix, rest) = (target[..dot], target[(dot + 1)..]);
                foreach (var (child, module) in named_children())
                {
                    if (child == prefix && find(module, rest) is { } found) return found;
                }
                return null;
            }
        }
    }
}
