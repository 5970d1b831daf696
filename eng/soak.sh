# Runs what attacks readers, files and sweeps, at a size of the caller's choice, and prints a table. Sourced by build.sh.
#
# What takes part: tests that have, or whose class has, [Trait("Category", "Soak")], and classes named SoakTests. A generator reads its size from one of the variables
# below (in every day's tests it has a small size of its own) and says in one line of its output what it did and found: "soak: WHAT: FOUND".
soak() {
    local minutes=10 status=0
    if [[ ${1:-} == --minutes ]]; then
        minutes=${2:-}
        shift "$(($# > 1 ? 2 : 1))"
    fi
    if [[ $# -gt 0 || ! $minutes =~ ^[1-9][0-9]{0,3}$ ]]; then
        usage >&2
        exit 2
    fi
    # About what two cores do in a minute, shared among the generators. A variable that is set already counts.
    local size
    for size in MUTATIONS=4000 ARCHIVES=5000 ANSWERS=1000 PRUNES=500 RESULTS=150 SWEEPS=3 KILLS=3; do
        size="PX_SOAK_${size%=*}=$((${size#*=} * minutes))"
        [[ -n $(printenv "${size%=*}") ]] || export "${size?}"
    done
    export PX_SOAK_MINUTES=$minutes
    rm -rf artifacts/soak
    mkdir -p artifacts/soak
    dotnet build Px.sln -c Release -v quiet
    env | grep '^PX_SOAK_' | sort
    dotnet test Px.sln -c Release --no-build -m:1 --logger trx --results-directory artifacts/soak \
        --filter 'Category=Soak|FullyQualifiedName~SoakTests' >artifacts/soak/log.txt 2>&1 || status=$?
    soak_table artifacts/soak/*.trx
    if [[ $status -ne 0 ]]; then
        echo "The tests that failed, or why they did not run, are in artifacts/soak/log.txt." >&2
    fi
    return "$status"
}

# A row for each class of tests, and what its generators said.
soak_table() {
    awk '
        match($0, /<UnitTestResult [^>]*>/) {
            result = substr($0, RSTART, RLENGTH)
            name = value(result, "testName"); sub(/\(.*/, "", name); sub(/\.[^.]*$/, "", name); sub(/.*\./, "", name)
            split(value(result, "duration"), part, ":")
            tests[name]++; failed[name] += value(result, "outcome") == "Failed"; seconds[name] += 3600 * part[1] + 60 * part[2] + part[3]
        }
        match($0, /soak: [^<]*/) { said[++lines] = substr($0, RSTART + 6, RLENGTH - 6) }
        function value(text, key) { return match(text, " " key "=\"[^\"]*\"") ? substr(text, RSTART + length(key) + 3, RLENGTH - length(key) - 4) : "" }
        END {
            printf "\n%-32s %6s %7s %9s\n", "tests", "run", "failed", "seconds"
            for (name in tests) printf "%-32s %6d %7d %9.0f\n", name, tests[name], failed[name], seconds[name] | "sort"
            close("sort")
            if (lines) print ""
            for (i = 1; i <= lines; i++) { split(said[i], row, ": "); printf "%-32s %s\n", row[1], substr(said[i], length(row[1]) + 3) }
        }' "$@"
}
