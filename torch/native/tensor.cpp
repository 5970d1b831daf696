// What a tensor says about itself, and autograd.
#include "abi.h"

#include <ATen/ops/add.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <vector>

namespace {

thread_local std::string last_error;

torch::autograd::variable_list tensors(void* const* handles, int32_t count) {
    torch::autograd::variable_list list;
    list.reserve(count);
    for (int32_t i = 0; i < count; i++) list.push_back(handles[i] == nullptr ? at::Tensor() : px::tensor(handles[i]));
    return list;
}

} // namespace

void px::remember_error(const char* message) noexcept {
    try {
        last_error = message;
    } catch (...) {
        last_error.clear();
    }
}

// The message of this thread's last error; valid until its next one.
PX_API const char* px_last_error() { return last_error.c_str(); }

PX_API void px_tensor_free(void* tensor) { delete static_cast<at::Tensor*>(tensor); }

// Another handle on the very same tensor.
PX_API void* px_tensor_alias(const void* tensor) {
    return px::guarded(static_cast<void*>(nullptr), [&] { return px::handle(px::tensor(tensor)); });
}

// Equal for two handles on the very same tensor.
PX_API const void* px_tensor_identity(const void* tensor) { return px::tensor(tensor).unsafeGetTensorImpl(); }

PX_API int64_t px_tensor_ndim(const void* tensor) {
    return px::guarded(int64_t{-1}, [&] { return px::tensor(tensor).dim(); });
}

PX_API int64_t px_tensor_numel(const void* tensor) {
    return px::guarded(int64_t{-1}, [&] { return px::tensor(tensor).numel(); });
}

// Writes at most `capacity` sizes; returns their number.
PX_API int32_t px_tensor_sizes(const void* tensor, int64_t* sizes, int32_t capacity) {
    return px::guarded(-1, [&] {
        const auto from = px::tensor(tensor).sizes();
        std::copy_n(from.begin(), std::min<size_t>(from.size(), capacity), sizes);
        return static_cast<int32_t>(from.size());
    });
}

PX_API int32_t px_tensor_strides(const void* tensor, int64_t* strides, int32_t capacity) {
    return px::guarded(-1, [&] {
        const auto from = px::tensor(tensor).strides();
        std::copy_n(from.begin(), std::min<size_t>(from.size(), capacity), strides);
        return static_cast<int32_t>(from.size());
    });
}

PX_API int64_t px_tensor_storage_offset(const void* tensor) {
    return px::guarded(int64_t{-1}, [&] { return px::tensor(tensor).storage_offset(); });
}

PX_API int32_t px_tensor_dtype(const void* tensor) { return static_cast<int32_t>(px::tensor(tensor).scalar_type()); }

PX_API int64_t px_tensor_device(const void* tensor) {
    return px::guarded(int64_t{-1}, [&] { return px::pack(px::tensor(tensor).device()); });
}

PX_API int32_t px_tensor_is_contiguous(const void* tensor) {
    return px::guarded(-1, [&] { return static_cast<int32_t>(px::tensor(tensor).is_contiguous()); });
}

PX_API int32_t px_tensor_is_sparse(const void* tensor) { return px::tensor(tensor).is_sparse(); }

// The first element's address; null for an empty tensor as well as on error (*failed tells).
PX_API void* px_tensor_data(const void* tensor, int32_t* failed) {
    *failed = 1;
    return px::guarded(static_cast<void*>(nullptr), [&] {
        void* data = px::tensor(tensor).data_ptr();
        *failed = 0;
        return data;
    });
}

PX_API int32_t px_tensor_is_leaf(const void* tensor) {
    return px::guarded(-1, [&] { return static_cast<int32_t>(px::tensor(tensor).is_leaf()); });
}

PX_API int32_t px_tensor_requires_grad(const void* tensor) {
    return px::guarded(-1, [&] { return static_cast<int32_t>(px::tensor(tensor).requires_grad()); });
}

PX_API int32_t px_tensor_set_requires_grad(const void* tensor, int32_t value) {
    return px::guarded(-1, [&] { px::tensor(tensor).set_requires_grad(value != 0); return 0; });
}

PX_API int32_t px_tensor_retain_grad(const void* tensor) {
    return px::guarded(-1, [&] { px::tensor(tensor).retain_grad(); return 0; });
}

// 1: *grad is a new handle on the gradient; 0: there is none; -1: error.
PX_API int32_t px_tensor_grad(const void* tensor, void** grad) {
    return px::guarded(-1, [&] { *grad = px::handle(px::tensor(tensor).grad()); return *grad == nullptr ? 0 : 1; });
}

PX_API int32_t px_tensor_set_grad(const void* tensor, const void* grad) {
    return px::guarded(-1, [&] { px::tensor(tensor).mutable_grad() = grad == nullptr ? at::Tensor() : px::tensor(grad); return 0; });
}

// retain_graph: -1 takes libtorch's default, which is create_graph.
PX_API int32_t px_backward(void* const* roots, int32_t root_count, void* const* grads, int32_t grad_count, int32_t retain_graph, int32_t create_graph,
                           void* const* inputs, int32_t input_count) {
    return px::guarded(-1, [&] {
        const bool retain = retain_graph < 0 ? create_graph != 0 : retain_graph != 0;
        torch::autograd::backward(tensors(roots, root_count), tensors(grads, grad_count), retain, create_graph != 0, tensors(inputs, input_count));
        return 0;
    });
}

// Writes one new handle an input; null where the input was not used.
PX_API int32_t px_grad(void* const* outputs, int32_t output_count, void* const* inputs, int32_t input_count, void* const* grads, int32_t grad_count,
                       int32_t retain_graph, int32_t create_graph, int32_t allow_unused, void** results) {
    return px::guarded(-1, [&] {
        auto found = torch::autograd::grad(tensors(outputs, output_count), tensors(inputs, input_count), tensors(grads, grad_count),
                                           retain_graph != 0, create_graph != 0, allow_unused != 0);
        for (int32_t i = 0; i < input_count; i++) results[i] = px::handle(std::move(found[i]));
        return 0;
    });
}

PX_API int32_t px_grad_mode() { return c10::GradMode::is_enabled(); }

PX_API void px_set_grad_mode(int32_t enabled) { c10::GradMode::set_enabled(enabled != 0); }

PX_API int32_t px_inference_mode() { return c10::InferenceMode::is_enabled(); }

PX_API void* px_inference_mode_enter(int32_t enabled) {
    return px::guarded(static_cast<void*>(nullptr), [&] { return static_cast<void*>(new c10::InferenceMode(enabled != 0)); });
}

PX_API void px_inference_mode_leave(void* guard) { delete static_cast<c10::InferenceMode*>(guard); }

// libtorch's own a + b, `count` times: the baseline that the overhead of a call from C# is measured against.
PX_API int32_t px_benchmark_add(const void* a, const void* b, int64_t count) {
    return px::guarded(-1, [&] {
        for (int64_t i = 0; i < count; i++) at::add(px::tensor(a), px::tensor(b));
        return 0;
    });
}
