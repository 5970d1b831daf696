# What a package must contain before anyone may publish it. Sourced by build.sh.

# check_packages FOLDER: lists every violation and fails if there is one.
check_packages() {
    local folder=$1 problems=0
    check_package "$folder" Px.Pruning "Microsoft.Extensions.Logging.Abstractions TorchSharp"
    check_package "$folder" Px.Pruning.Models "TorchSharp"
    if [[ $problems -gt 0 ]]; then
        echo "pack: $problems problem(s); these packages must not be published." >&2
        return 1
    fi
    echo "pack: contents and dependencies are as they should be."
}

check_package() {
    local id=$2 dependencies=$3 package symbols files nuspec tfm
    package=$(find "$1" -name "$id.[0-9]*.nupkg")
    symbols=$(find "$1" -name "$id.[0-9]*.snupkg")
    if [[ ! -f $package || ! -f $symbols ]]; then
        problem "$id: one .nupkg and one .snupkg expected, found '$package' and '$symbols'"
        return 0
    fi
    echo "$package, $symbols"
    files=$(unzip -Z1 "$package")
    nuspec=$(unzip -p "$package" "$id.nuspec")

    for tfm in net8.0 net10.0; do
        has_line "$files" "lib/$tfm/$id.dll"
        has_line "$files" "lib/$tfm/$id.xml"
        has_line "$(unzip -Z1 "$symbols")" "lib/$tfm/$id.pdb"
        check_dependencies "$tfm" "$dependencies"
    done
    has_line "$files" README.md
    has_line "$files" icon.png
    ! unzip -p "$package" README.md | grep -E '\]\([^h)]' || problem "$id: its README has links that only work in the repository"
    # SourceLink knows where the sources are once the repository is one of GitHub's.
    if [[ $(git config remote.origin.url) == https://github.com/* ]]; then
        for tfm in net8.0 net10.0; do
            unzip -p "$symbols" "lib/$tfm/$id.pdb" | grep -aF 'https://raw.githubusercontent.com/' >/dev/null || problem "$id ($tfm): the symbols have no SourceLink"
        done
    fi
    local others
    others=$(grep -E '\.(dll|so|dylib|exe|a|lib)$' <<<"$files" | grep -vE "^lib/net(8|10)\.0/$id\.dll$" || true)
    [[ -z $others ]] || problem "$id contains binaries that are not its own: $others"
    for text in '<license type="expression">MIT</license>' '<readme>README.md</readme>' '<description>' '<tags>' '<icon>icon.png</icon>' '<releaseNotes>http' '<repository type="git" url="http'; do
        [[ $nuspec == *"$text"* ]] || problem "$id: the nuspec has no $text"
    done
}

# check_dependencies TFM "NAMES": exactly these, and TorchSharp from the lowest version that the libraries support.
check_dependencies() {
    local group found lowest
    lowest=$(sed -n 's/.*<TorchSharpVersion[^>]*>\([^<]*\)<.*/\1/p' Directory.Packages.props)
    group=$(tr -d '\n' <<<"$nuspec" | grep -o "<group targetFramework=\"$1\">.*" | sed 's|</group>.*||')
    found=$(grep -o '<dependency id="[^"]*"' <<<"$group" | cut -d'"' -f2 | sort | paste -sd' ' || true)
    [[ $found == "$2" ]] || problem "$id ($1) depends on '$found' instead of '$2'"
    [[ $group == *"<dependency id=\"TorchSharp\" version=\"$lowest\""* ]] || problem "$id ($1) does not depend on TorchSharp >= $lowest"
}

has_line() {
    grep -qxF "$2" <<<"$1" || problem "$id: $2 is missing"
}

problem() {
    echo "pack: $1" >&2
    problems=$((problems + 1))
}
