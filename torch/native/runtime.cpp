// The process and its devices: version, threads, random generators, CUDA.
#include "abi.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/Generator.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <mutex>

namespace {

at::Generator& generator(void* handle) { return *static_cast<at::Generator*>(handle); }

} // namespace

PX_API const char* px_version() { return TORCH_VERSION; }

PX_API int32_t px_num_threads() {
    return px::guarded(-1, [] { return at::get_num_threads(); });
}

PX_API int32_t px_set_num_threads(int32_t count) {
    return px::guarded(-1, [&] { at::set_num_threads(count); return 0; });
}

PX_API int32_t px_num_interop_threads() {
    return px::guarded(-1, [] { return at::get_num_interop_threads(); });
}

PX_API int32_t px_set_num_interop_threads(int32_t count) {
    return px::guarded(-1, [&] { at::set_num_interop_threads(count); return 0; });
}

PX_API int32_t px_cuda_is_available() {
    return px::guarded(-1, [] { return static_cast<int32_t>(torch::cuda::is_available()); });
}

PX_API int32_t px_cuda_cudnn_is_available() {
    return px::guarded(-1, [] { return static_cast<int32_t>(torch::cuda::cudnn_is_available()); });
}

PX_API int32_t px_cuda_device_count() {
    return px::guarded(-1, [] { return static_cast<int32_t>(torch::cuda::device_count()); });
}

PX_API int32_t px_cuda_synchronize(int64_t index) {
    return px::guarded(-1, [&] { torch::cuda::synchronize(index); return 0; });
}

PX_API int32_t px_cuda_manual_seed(uint64_t seed, int32_t all) {
    return px::guarded(-1, [&] { all != 0 ? torch::cuda::manual_seed_all(seed) : torch::cuda::manual_seed(seed); return 0; });
}

// 0: TF32 in CUDA matrix products, 1: TF32 in cuDNN.
PX_API int32_t px_allow_tf32(int32_t where) {
    return px::guarded(-1, [&] { return static_cast<int32_t>(where == 0 ? at::globalContext().allowTF32CuBLAS() : at::globalContext().allowTF32CuDNN()); });
}

PX_API int32_t px_set_allow_tf32(int32_t where, int32_t allow) {
    return px::guarded(-1, [&] { where == 0 ? at::globalContext().setAllowTF32CuBLAS(allow != 0) : at::globalContext().setAllowTF32CuDNN(allow != 0); return 0; });
}

// Seeds every device's default generator.
PX_API int32_t px_manual_seed(uint64_t seed) {
    return px::guarded(-1, [&] { at::manual_seed(seed); return 0; });
}

PX_API void* px_generator_default(int64_t device) {
    return px::guarded(static_cast<void*>(nullptr), [&] { return static_cast<void*>(new at::Generator(at::globalContext().defaultGenerator(px::device(device)))); });
}

// libtorch has no constructor that serves every device: elsewhere than on the CPU a new one is a copy of the default generator, whose
// clone() starts with a count of references that never lets it go (2.5 KB on the CPU).
PX_API void* px_generator_new(uint64_t seed, int64_t device) {
    return px::guarded(static_cast<void*>(nullptr), [&] {
        if (px::device(device).is_cpu()) return static_cast<void*>(new at::Generator(at::detail::createCPUGenerator(seed)));
        at::Generator from = at::globalContext().defaultGenerator(px::device(device));
        auto made = [&] { std::lock_guard<std::mutex> lock(from.mutex()); return from.clone(); }();
        made.set_current_seed(seed);
        return static_cast<void*>(new at::Generator(std::move(made)));
    });
}

PX_API void px_generator_free(void* handle) { delete static_cast<at::Generator*>(handle); }

PX_API int32_t px_generator_set_seed(void* handle, uint64_t seed) {
    return px::guarded(-1, [&] { std::lock_guard<std::mutex> lock(generator(handle).mutex()); generator(handle).set_current_seed(seed); return 0; });
}

PX_API int32_t px_generator_initial_seed(void* handle, uint64_t* seed) {
    return px::guarded(-1, [&] { std::lock_guard<std::mutex> lock(generator(handle).mutex()); *seed = generator(handle).current_seed(); return 0; });
}

// Seeds from the system's entropy and says with what.
PX_API int32_t px_generator_reseed(void* handle, uint64_t* seed) {
    return px::guarded(-1, [&] { std::lock_guard<std::mutex> lock(generator(handle).mutex()); *seed = generator(handle).seed(); return 0; });
}

PX_API void* px_generator_state(void* handle) {
    return px::guarded(static_cast<void*>(nullptr), [&] { std::lock_guard<std::mutex> lock(generator(handle).mutex()); return px::handle(generator(handle).get_state()); });
}

PX_API int32_t px_generator_set_state(void* handle, const void* state) {
    return px::guarded(-1, [&] { std::lock_guard<std::mutex> lock(generator(handle).mutex()); generator(handle).set_state(px::tensor(state)); return 0; });
}
