#!/bin/sh
# Builds torch/native/build/libpxtorch.so against the machine's libtorch; says nothing unless something went wrong.
# Arguments go to cmake, e.g. -DCMAKE_PREFIX_PATH=/path/to/libtorch for another libtorch than the system's.
set -eu

native=$(cd "$(dirname "$0")" && pwd)/native
build=$native/build
mkdir -p "$build"

quietly() {
    "$@" >"$build/build.log" 2>&1 || { cat "$build/build.log" >&2; echo "torch/build-native.sh: failed: $*" >&2; exit 1; }
}

if [ $# -gt 0 ] || [ ! -f "$build/CMakeCache.txt" ]; then
    quietly cmake -S "$native" -B "$build" "$@"
fi
quietly cmake --build "$build" --parallel 2
