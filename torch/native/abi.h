// What crosses the border to C#: plain C functions and this one value type. Every function that can fail catches every
// C++ exception, keeps its message for px_last_error, and returns a value that says so; nothing is thrown across the border.
#pragma once

#include <cstdint>
#include <exception>
#include <string>

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#define PX_API extern "C" __attribute__((visibility("default")))

namespace px {

// Mirrors TorchSharp.Native.ValueTag, number by number.
enum Tag : int32_t {
    None = 0,
    Tensor = 1,      // pointer: at::Tensor*
    Bool = 2,        // integer: 0 or 1
    Long = 3,        // integer
    Double = 4,      // number
    LongList = 5,    // pointer: const int64_t*, count
    DoubleList = 6,  // pointer: const double*, count
    BoolList = 7,    // pointer: const uint8_t*, count
    Device = 8,      // integer: low 32 bits the type, high 32 bits the index
    Generator = 9,   // pointer: at::Generator*
    String = 10,     // pointer: UTF-8, count bytes
    TensorList = 11, // pointer: at::Tensor**, count; a null entry is "no tensor"
};

// Mirrors TorchSharp.Native.Value: 16 bytes.
struct Value {
    int32_t tag;
    int32_t count;
    union {
        int64_t integer;
        double number;
        void* pointer;
    };
};

void remember_error(const char* message) noexcept;

// Runs body; on any exception keeps the message and returns `failed` instead.
template <class F, class R>
R guarded(R failed, F&& body) noexcept {
    try {
        return body();
    } catch (const c10::Error& e) {
        remember_error(e.what_without_backtrace());
    } catch (const std::exception& e) {
        remember_error(e.what());
    } catch (...) {
        remember_error("an exception that is not a std::exception left libtorch");
    }
    return failed;
}

inline const at::Tensor& tensor(const void* handle) { return *static_cast<const at::Tensor*>(handle); }

// A new handle, or null for an undefined tensor.
inline void* handle(at::Tensor tensor) { return tensor.defined() ? new at::Tensor(std::move(tensor)) : nullptr; }

inline c10::Device device(int64_t packed) {
    return c10::Device(static_cast<c10::DeviceType>(static_cast<int32_t>(packed & 0xffffffff)),
                       static_cast<c10::DeviceIndex>(static_cast<int32_t>(packed >> 32)));
}

inline int64_t pack(c10::Device device) {
    return (static_cast<int64_t>(device.index()) << 32) | static_cast<uint32_t>(device.type());
}

} // namespace px
