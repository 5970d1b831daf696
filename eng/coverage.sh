# Runs the tests of both libraries and prints how many of their lines and branches are reached. Sourced by build.sh.
coverage() {
    local project bin library
    dotnet tool restore --verbosity quiet >/dev/null
    rm -rf artifacts/coverage
    mkdir -p artifacts/coverage
    # Directory.Build.targets: the collector is a package of the test projects only then.
    export Coverage=true RunAnalyzers=false
    for project in tests/Px.Pruning*.Tests; do
        dotnet build "$project" -c Release -v quiet
        bin=$project/bin/Release/net10.0
        for library in Px.Pruning Px.Pruning.Models; do own_copy "$bin/$library.dll"; done
        dotnet test "$project" -c Release --no-build --collect 'XPlat Code Coverage' --results-directory artifacts/coverage "$@" -- \
            DataCollectionRunSettings.DataCollectors.DataCollector.Configuration.Include='[Px.Pruning]*,[Px.Pruning.Models]*' \
            DataCollectionRunSettings.DataCollectors.DataCollector.Configuration.SkipAutoProps=true
    done
    dotnet reportgenerator -reports:'artifacts/coverage/*/coverage.cobertura.xml' -targetdir:artifacts/coverage/report \
        -reporttypes:'Cobertura;Html' -verbosity:Error
    awk -F '"' '
        /<package / {
            for (i = 1; i < NF; i++) {
                if ($i ~ / name=$/) name = $(i + 1)
                if ($i ~ / line-rate=$/) lines = $(i + 1)
                if ($i ~ / branch-rate=$/) branches = $(i + 1)
            }
            printf "%-20s %5.1f %% of lines, %5.1f %% of branches\n", name, 100 * lines, 100 * branches
        }' artifacts/coverage/report/Cobertura.xml
    echo "artifacts/coverage/report/index.html"
}

# The build links files where it can: what is to be changed in its folder must not be changed where it comes from.
own_copy() {
    local file
    for file in "$@"; do
        [[ ! -f $file ]] || { cp -p "$file" "$file.copy" && mv -f "$file.copy" "$file"; }
    done
}
