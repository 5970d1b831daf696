# Attacks readers of files with afl++: inputs that reach new code are bred further. Sourced by build.sh.
#
# What is attacked is in eng/Px.Fuzz/FuzzTargets.cs, and what counts as a find in FuzzTarget.Attack: an exception that is not documented, memory beyond the bound,
# a tensor left behind. A find is a file in artifacts/fuzz/TARGET/default/crashes; Px.Fuzz TARGET <FILE repeats it.
fuzz() {
    local executions=100000 targets=() bin=eng/Px.Fuzz/bin/Release/net10.0 library target status=0
    while [[ $# -gt 0 ]]; do
        case $1 in
            --executions) executions=${2:-}; shift "$(($# > 1 ? 2 : 1))" ;;
            *) targets+=("$1"); shift ;;
        esac
    done
    if [[ ! $executions =~ ^[1-9][0-9]*$ ]]; then
        usage >&2
        exit 2
    fi
    need_system_packages afl++
    dotnet tool restore --verbosity quiet >/dev/null
    # Those of the run before are instrumented already.
    rm -f "$bin"/Px.Pruning*.dll
    dotnet build eng/Px.Fuzz -c Release -v quiet -p:RunAnalyzers=false
    rm -rf artifacts/fuzz/seeds
    "$bin/Px.Fuzz" seeds artifacts/fuzz/seeds
    [[ ${#targets[@]} -gt 0 ]] || mapfile -t targets < <(ls artifacts/fuzz/seeds)
    for library in Px.Pruning Px.Pruning.Models; do
        own_copy "$bin/$library.dll"
        dotnet sharpfuzz "$bin/$library.dll"
    done
    printf '%-18s %11s %7s %8s %8s %7s %7s %9s\n' target executions a-second seconds edges crashes hangs peak-MiB
    for target in "${targets[@]}"; do
        fuzz_one "$target" || status=1
    done
    return "$status"
}

fuzz_one() {
    local out=artifacts/fuzz/$1 find finds=() work
    # In memory where that is possible: some readers take a path, and afl-fuzz leaves them no time to clean up.
    work=$(mktemp -d -p "$([[ -w /dev/shm ]] && echo /dev/shm || echo /tmp)")
    rm -rf "$out"
    mkdir -p "$out"
    env AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_SKIP_BIN_CHECK=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_FORKSRV_INIT_TMOUT=60000 \
        PX_FUZZ_PEAK="$PWD/$out/peak" TMPDIR="$work" \
        afl-fuzz -i "artifacts/fuzz/seeds/$1" -o "$out" -t 10000 -G 20000 -s 1 -E "$executions" -- "$bin/Px.Fuzz" "$1" >"$out/log.txt" 2>&1 || {
        echo "afl-fuzz ended early; its last lines, and $out/default/.cur_input the file that it gave:" >&2
        tail -n 5 "$out/log.txt" >&2
        rm -rf "$work"
        return 1
    }
    rm -rf "$work"
    awk -v target="$1" -v peak="$(cat "$out/peak" 2>/dev/null)" '
        { value[$1] = $3 }
        END {
            printf "%-18s %11d %7.0f %8d %8d %7d %7d %9s\n", target, value["execs_done"], value["execs_per_sec"], value["run_time"], value["edges_found"],
                value["saved_crashes"], value["saved_hangs"], peak
        }' "$out/default/fuzzer_stats"
    mapfile -t finds < <(find "$out/default/crashes" "$out/default/hangs" -name 'id:*' 2>/dev/null | sort)
    for find in "${finds[@]}"; do
        echo "$find" >&2
        timeout 60 "$bin/Px.Fuzz" "$1" <"$find" 2>&1 | head -n 4 >&2
    done
    [[ ${#finds[@]} -eq 0 ]]
}
