using System.Reflection;

using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            public Module _to(Tensor other, bool non_blocking)
            {
                _to(other.dtype, non_blocking);
                return _to(other.device_type, other.device_index, non_blocking);
            }

            protected internal virtual Module _to(Device device, ScalarType dtype, bool non_blocking)
            {
                CheckType(dtype);
                CheckDevice(device.type);
                _toEpilog(device, dtype, non_blocking);
                return this;
            }

            protected internal virtual Module _to(ScalarType dtype, bool non_blocking)
            {
                CheckType(dtype);
                _toEpilog(dtype, non_blocking);
                return this;
            }

            /// <summary>Does nothing where this module, whatever became of its children, was last moved to that device.</summary>
            protected internal virtual Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking)
            {
                if (deviceType != DeviceType.CUDA) deviceIndex = -1;
                CheckDevice(deviceType);
                if (deviceType != _deviceType || deviceIndex != _deviceIndex) _toEpilog(deviceType, deviceIndex, non_blocking);
                return this;
            }

            protected void _toEpilog(Device device, ScalarType dtype, bool non_blocking)
            {
                foreach (var (_, child) in named_children()) child._to(device, dtype, non_blocking);
                _toEpilog(dtype, device, non_blocking);
                (_deviceType, _deviceIndex) = (device.type, device.index);
            }

            protected void _toEpilog(ScalarType dtype, bool non_blocking)
            {
                foreach (var (_, child) in named_children()) child._to(dtype, non_blocking);
                _toEpilog(dtype, null, non_blocking);
            }

            protected void _toEpilog(DeviceType deviceType, int deviceIndex, bool non_blocking)
            {
                foreach (var (_, child) in named_children()) child._to(deviceType, deviceIndex, non_blocking);
                _toEpilog(null, new Device(deviceType, deviceIndex), non_blocking);
                (_deviceType, _deviceIndex) = (deviceType, deviceIndex);
            }

            /// <summary>Replaces the module's own parameters and buffers, in its registry and in the fields or properties of those names.</summary>
            protected virtual void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
            {
                var fields = ComponentFields().DistinctBy(ComponentName).ToDictionary(ComponentName);
                var properties = GetType().GetProperties().ToDictionary(property => property.Name);

                foreach (var (own, old) in named_parameters(false).ToList())
                {
                    if (!ReplaceParameter(dtype, device, old, out var moved)) continue;
                    ConditionallyRegisterParameter(own, moved);
                    Assign(own, moved!);
                    old.Dispose();
                }
                foreach (var (own, old) in named_buffers(false).ToList())
                {
                    if (!ReplaceBuffer(dtype, device, old, out var moved)) continue;
                    ConditionallyRegisterBuffer(own, moved);
                    Assign(own, moved!);
                    old.Dispose();
                }

                void Assign(string own, Tensor moved)
                {
                    if (fields.TryGetValue(own, out var field)) field.SetValue(this, moved);
                    else if (properties.TryGetValue(own, out var property)) property.SetValue(this, moved);
                }
            }

            /// <summary>A new parameter with the old one's gradient, if anything changes; the caller disposes the old one.</summary>
            protected static bool ReplaceParameter(ScalarType? dtype, Device? device, Parameter param, out Parameter? p)
            {
                p = null;
                if (!Changes(dtype, device, param)) return false;
                using var copying = no_grad();
                using var temporaries = NewDisposeScope();
                var moved = new Parameter(Moved(param, dtype, device), param.requires_grad);
                if (param.grad is { } gradient) moved.grad = Moved(gradient, dtype, device).with_requires_grad(gradient.requires_grad);
                p = (Parameter)moved.DetachFromDisposeScope();
                return true;
            }

            /// <summary>A new buffer, if anything changes; integers stay integers.</summary>
            protected static bool ReplaceBuffer(ScalarType? dtype, Device? device, Tensor buffer, out Tensor? result)
            {
                result = null;
                var target = buffer.is_floating_point() || buffer.is_complex() ? dtype : null;
                if (!Changes(target, device, buffer)) return false;
                using var copying = no_grad();
                result = Moved(buffer, target, device).DetachFromDisposeScope();
                return true;
            }

            private static bool Changes(ScalarType? dtype, Device? device, Tensor tensor) =>
                (dtype is { } type && type != tensor.dtype) || (device is not null && (device.type != tensor.device_type || (device.index >= 0 && device.index != tensor.device_index)));

            private static Tensor Moved(Tensor tensor, ScalarType? dtype, Device? device) => tensor.to(dtype ?? tensor.dtype, device ?? tensor.device);

            private protected static void CheckType(ScalarType dtype)
            {
                if (dtype is not (ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64 or ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64))
                    throw new ArgumentException($"nn.Module.to only accepts floating point or complex types, but got desired dtype={dtype}");
            }

            private protected static void CheckDevice(DeviceType type)
            {
                if (type == DeviceType.CUDA && !cuda.is_available()) throw new InvalidOperationException("CUDA is not available.");
            }
        }
    }
}
