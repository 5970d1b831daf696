#!/usr/bin/env bash
# Runs the checks on this machine's GPU and ends with "N passed, N failed". Exit codes: 0 all passed, 1 not all, 2 nothing could be run.
#
#   LIBTORCH_DIR   the folder of a libtorch for CUDA, or its lib folder; otherwise that of python3's torch
#   ANY_LIBTORCH=1 try a libtorch of another version, too
#   DEVICE=cpu     a dry run of this package, for which any libtorch will do
# Arguments go to the program; --help lists them.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
wanted=2.10 # what TorchSharp 0.107's native part was compiled with
device=${DEVICE:-cuda}

stop() {
    printf 'run.sh: %s\n' "$@" >&2
    exit 2
}

# Prints version and folder of python3's torch, without importing it, which takes seconds.
python_torch() {
    python3 - <<'PY' 2>/dev/null
import importlib.metadata, importlib.util, os
print(importlib.metadata.version("torch"), os.path.dirname(importlib.util.find_spec("torch").origin))
PY
}

version=
if [[ -n ${LIBTORCH_DIR:-} ]]; then
    source=LIBTORCH_DIR libs=$LIBTORCH_DIR
    [[ -e $libs/libtorch.so ]] || libs=$LIBTORCH_DIR/lib
    [[ -e $libs/libtorch.so ]] || stop "there is no libtorch.so in LIBTORCH_DIR, $LIBTORCH_DIR, or its lib folder."
    for file in "$libs/../build-version" "$libs/../version.py"; do
        [[ ! -e $file ]] || version=${version:-$(grep -oE '[0-9]+\.[0-9]+\.[0-9]+[+0-9a-z.]*' "$file" | head -1)}
    done
elif read -r version torch < <(python_torch); then
    source="python3's torch" libs=$torch/lib
else
    stop "no libtorch was found: LIBTORCH_DIR is not set, and python3 has no torch." \
        "Set LIBTORCH_DIR to the folder of a libtorch $wanted for CUDA: pytorch.org's archive, or what a build with -p:Cuda=true has in its output."
fi
# A wheel has CUDA's libraries beside torch.
path=$libs
for folder in "$libs"/../../nvidia/*/lib; do
    [[ ! -d $folder ]] || path+=:$folder
done
export LD_LIBRARY_PATH=$path${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

gpu=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -1)
echo "libtorch ${version:-of unknown version}, from $source: $libs"
echo "GPU: ${gpu:-none that nvidia-smi shows}; checked: $device"
if [[ $device == cuda ]]; then
    [[ -e $libs/libtorch_cuda.so ]] || stop "this libtorch is not for CUDA: it has no libtorch_cuda.so."
    [[ -n $gpu ]] || stop "there is no GPU: nvidia-smi shows none. DEVICE=cpu is a dry run."
fi

# The loader does not insist on a weak version (eng/OlderLinux.targets).
missing=$(ldd -r "$here/app/libLibTorchSharp.so" 2>&1 | grep -E 'not found|undefined symbol' | grep -v 'weak version' | sed "s/^[[:space:]]*//; s|($here/.*||" | sort -u)
lacks="Missing, $(wc -l <<<"$missing") in all: $(head -3 <<<"$missing" | paste -sd ';')"
if [[ -n $version && $version != "$wanted" && $version != "$wanted".* ]]; then
    said=("this libtorch is $version, and TorchSharp 0.107 is compiled with $wanted, whose C++ interface others need not have.")
    if [[ -n $missing ]]; then said+=("$lacks"); else said+=("All symbols that TorchSharp's native part names are in it."); fi
    [[ -n ${ANY_LIBTORCH:-} ]] || stop "${said[@]}" "ANY_LIBTORCH=1 tries it all the same; LIBTORCH_DIR names another one."
    printf 'run.sh: %s\n' "${said[@]}" "Tried all the same."
elif [[ -n $missing ]]; then
    stop "TorchSharp's native part does not load with this libtorch. $lacks"
fi

limits=()
# The paper's Table 2 on the chips that it was asked of.
[[ $device != cuda || ! $gpu =~ H100|H200 ]] || limits+=(--px-seconds 1.5)

# libtorch's idle threads sleep; few garbage collections, during which TorchSharp 0.107 may lose a scalar.
export OMP_WAIT_POLICY=passive DOTNET_GCgen0size=8000000 DOTNET_EnableDiagnostics=0
timeout --kill-after=10 465 "$here/app/Px.GpuCheck" --device "$device" --output "$here/output" --minutes 7.5 "${limits[@]}" "$@"
status=$?
[[ $status -ne 124 && $status -ne 137 ]] || echo "run.sh: stopped after 465 s." >&2
exit $status
