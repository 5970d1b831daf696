#!/usr/bin/env bash
# Checks on a machine with an NVIDIA GPU that everything works there. Such a machine needs no .NET and no network, only libtorch.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

usage() {
    cat <<'TEXT'
usage: eng/gpu-check.sh pack [FILE]       the checks with .NET and all they need but libtorch, at most 60 MB
                                          [artifacts/px-gpu-check.tar.gz]
       eng/gpu-check.sh dry-run [OPTIONS] the same checks here on the CPU, at small sizes; --help lists the options

On the GPU machine: tar -xf px-gpu-check.tar.gz && px-gpu-check/run.sh
It takes libtorch from $LIBTORCH_DIR or from python3's torch, needs less than eight minutes, and ends with "N passed, N failed".
TEXT
}

most=60000000

pack() {
    if [[ $(uname -sm) != "Linux x86_64" ]]; then
        echo "gpu-check.sh: the package is for Linux on x86-64 and is made there." >&2
        exit 1
    fi
    local file=${1:-artifacts/px-gpu-check.tar.gz} work=artifacts/gpu-check size
    rm -rf "$work/px-gpu-check"
    # Built apart from everything else: what is here has another libtorch.
    dotnet publish eng/Px.GpuCheck -c Release -v quiet --artifacts-path "$work/build" -o "$work/px-gpu-check/app" \
        -p:OwnRuntime=true -p:TorchBundle=TorchSharp -p:OlderLinuxAlways=true -p:DebugType=none -p:RunAnalyzers=false
    cp eng/Px.GpuCheck/run.sh "$work/px-gpu-check/run.sh"
    mkdir -p "$(dirname "$file")"
    tar -C "$work" --owner=0 --group=0 -czf "$file" px-gpu-check
    size=$(stat -c %s "$file")
    echo "$file: $((size / 1000000)) MB"
    if ((size > most)); then
        echo "gpu-check.sh: that is more than $((most / 1000000)) MB." >&2
        exit 1
    fi
}

command=${1:-}
shift || true
case $command in
    pack) pack "$@" ;;
    dry-run) dotnet run -c Release --project eng/Px.GpuCheck -- --output artifacts/gpu-check/output "$@" ;;
    -h | --help | help) usage ;;
    *) usage >&2; exit 2 ;;
esac
