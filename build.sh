#!/usr/bin/env bash
# Everything a clone of this repository can do, each with all of its own set-up. On Windows use `dotnet` directly: see README.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
. eng/system-packages.sh
. eng/check-packages.sh
. eng/soak.sh
. eng/mutate.sh
. eng/coverage.sh
. eng/fuzz.sh

usage() {
    cat <<'TEXT'
usage: ./build.sh COMMAND [ARGUMENTS]

  demo [ARGUMENTS]   prune and train a ResNet-20 on Fashion-MNIST by PX, SNIP, magnitude and random, and print
                     a table: the sample ResNet with --demo; --quick takes a minute, --help lists the arguments
  sample NAME [ARGUMENTS]
                     run one of the samples: ResNet, Vgg, DeepLab, BringYourOwnModel, OwnCriterion, Faster; --help lists its arguments,
                     samples/README.md says more
  px COMMAND [ARGUMENTS]
                     grids of networks: run, sweep, report, chart, compare; --help lists arguments, tools/README.md says more
  test [ARGUMENTS]   build everything and run all tests; arguments go to `dotnet test`, for example --filter Masking
  pack               the NuGet packages, and px as a dotnet tool for this platform, checked, in artifacts/
  bench [ARGUMENTS]  time, memory and growth of each method against the way its authors run it, and time against bare passes;
                     --help lists the arguments
  docs               the documentation site, in artifacts/docs; a broken link or a missing cross-reference fails
  soak [--minutes N] attack readers, files and sweeps with damage, for about N minutes (10), and print what ran and what was found
  mutate [AREA...]   change the code of AREA in small ways, one at a time, and print which of the changes its tests notice: schedules, ranking,
                     data, masks, safetensors, checkpoints; all of them by default
  coverage [ARGUMENTS]
                     run the tests of both libraries and print how many lines and branches they reach; arguments go to `dotnet test`
  fuzz [TARGET...] [--executions N]
                     attack the readers of files by coverage-guided fuzzing (afl++, Linux only), N files for each (100,000), and print
                     executions, crashes, hangs and memory
TEXT
}

# One test project after the other: tests that measure memory must not measure their neighbours.
run_tests() { dotnet test "$1" -c Release --no-build -m:1 --logger trx --results-directory "artifacts/test-results/$2" "${@:3}"; }

test_all() {
    rm -rf artifacts/test-results
    dotnet build Px.sln -c Release -v quiet
    if [[ $# -gt 0 ]]; then
        run_tests Px.sln . "$@"
        return
    fi
    # Half of the time goes into the golden values and a few other classes, which run beside the rest, on one thread, since the two share the cores.
    local slow
    slow=$(printf '|FullyQualifiedName~%s' Tests.Reference Tests.WithoutSpeedUps ShrinkerModel SampleMemory Methods.Known TorchVisionTests)
    slow=${slow:1}
    local log=artifacts/tests-beside.log status=0 project
    mkdir -p artifacts
    # VGG-16 without speed-ups takes minutes and is left out; with any filter this command has it.
    OMP_NUM_THREADS=1 run_tests tests/Px.Pruning.Tests beside --filter "($slow)&(FullyQualifiedName!~WithoutSpeedUps|DisplayName!~vgg16)" >"$log" 2>&1 &
    local beside=$!
    trap "kill $beside 2>/dev/null" EXIT
    for project in tests/*.Tests; do
        if [[ $project == tests/Px.Pruning.Tests ]]; then
            run_tests "$project" . --filter "$(sed 's/|/\&/g; s/~/!~/g' <<<"$slow")" || status=$?
        else
            run_tests "$project" . || status=$?
        fi
    done
    wait "$beside" || status=$?
    trap - EXIT
    cat "$log"
    return "$status"
}

pack() {
    need_system_packages unzip
    rm -f artifacts/*.nupkg artifacts/*.snupkg
    for project in Px.Pruning Px.Pruning.Models; do
        dotnet pack "src/$project" -c Release -o artifacts -v quiet
    done
    # What lies in the folder of the publication goes into a tool.
    rm -rf tools/Px.Experiments/bin/Release/net10.0/publish
    dotnet pack tools/Px.Experiments -c Release -o artifacts -v quiet
    check_packages artifacts
}

demo() {
    # With --data the images are the caller's.
    [[ " $* " == *" --data"* || " $* " == *" --help"* ]] || need_system_packages dataset-fashion-mnist
    dotnet run -c Release --project samples/ResNet -- --demo "$@"
}

sample() {
    if [[ ${1:-} == Px.Experiments ]]; then
        echo "build.sh: Px.Experiments is a tool now: ./build.sh px ${*:2}" >&2
        px "${@:2}"
        return
    fi
    if [[ $# -eq 0 || ! -f samples/$1/$1.csproj ]]; then
        usage >&2
        exit 2
    fi
    run_project "samples/$1" "${@:2}"
}

px() { run_project tools/Px.Experiments "$@"; }

# $1: a project, the rest its arguments. Fashion-MNIST is a Debian package; with --data the images are the caller's.
run_project() {
    [[ ! " $* " =~ " fashion-mnist "|"-small " || " $* " =~ " --data"[\ =] ]] || need_system_packages dataset-fashion-mnist
    dotnet run -c Release --project "$1" -- "${@:2}"
}

bench() {
    if [[ (" $* " == *" --against python "* || ${1:-} =~ ^(check|models)$) && -z ${PX_PYTHON:-} ]]; then
        need_system_packages python3-torch python3-numpy
    fi
    [[ ${1:-} != channels-accuracy || " $* " == *" --data"* ]] || need_system_packages dataset-fashion-mnist
    if [[ ${1:-} == models && -z ${PX_PYTHON:-} ]]; then need_system_packages python3-torchvision; fi
    local python=${PX_PYTHON:-/usr/bin/python3}
    if [[ ${1:-} == check ]]; then
        dotnet run -c Release --project benchmarks/Px.Benchmarks -- check
        "$python" -B benchmarks/python/selfcheck.py
    else
        dotnet run -c Release --project benchmarks/Px.Benchmarks -- "$@"
    fi
}

docs() {
    dotnet tool restore --verbosity quiet
    rm -rf artifacts/docs artifacts/docs-api artifacts/docs-decisions
    mkdir -p artifacts/docs-decisions
    # The table of contents of the decisions: their first lines.
    awk 'FNR == 1 && sub(/^# /, "") { print "- name: \"" $0 "\"\n  href: ../../" FILENAME }' docs/decisions/*.md >artifacts/docs-decisions/toc.yml
    dotnet docfx docfx.json --warningsAsErrors --logLevel warning
    echo "artifacts/docs/index.html"
}

command=${1:-}
shift || true
case $command in
    demo | sample | px | test | pack | bench | docs | soak | mutate | coverage | fuzz) ;;
    -h | --help | help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac

if ! command -v dotnet >/dev/null; then
    echo "build.sh: no 'dotnet' here. Install the .NET 10 SDK: https://dotnet.microsoft.com/download" >&2
    exit 1
fi
case $command in
    test) test_all "$@" ;;
    *) "$command" "$@" ;;
esac
