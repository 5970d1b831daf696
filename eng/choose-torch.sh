# Which TorchSharp this clone is built with: the NuGet package, or the subset under torch/. Sourced by build.sh.
# The choice is made once and remembered in torch.local.props, which Directory.Build.props imports.

choice_file=torch.local.props

# set_up_torch [--torch package|subset]
set_up_torch() {
    local asked= why=
    if [[ $# -gt 0 ]]; then
        if [[ $# -ne 2 || $1 != --torch || ($2 != package && $2 != subset) ]]; then
            usage >&2
            exit 2
        fi
        asked=$2 why="asked for"
    fi
    if [[ -n $asked ]]; then
        remember_torch "$asked"
    elif [[ -f $choice_file ]]; then
        why="remembered in $choice_file"
    else
        echo "Looking for a TorchSharp package that works here (once) ..."
        if why=$(why_not_the_package); then
            remember_torch package
            why="the package feed has it and it loads here"
        else
            remember_torch subset
        fi
    fi

    if grep -q '<PxTorchSubset>true<' "$choice_file"; then
        echo "TorchSharp: this repository's own subset, torch/ ($why)"
        build_native_subset
    else
        echo "TorchSharp: the NuGet package ($why)"
    fi
}

remember_torch() {
    local subset=false before=
    [[ $1 == subset ]] && subset=true
    [[ -f $choice_file ]] && before=$(<"$choice_file")
    local now="<Project><PropertyGroup><PxTorchSubset>$subset</PxTorchSubset></PropertyGroup></Project>"
    [[ $before != "$now" ]] || return 0
    echo "$now" >"$choice_file"
    # What was built with the other one must not be found beside what is built with this one.
    find src tests samples benchmarks torch/TorchSharp -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
}

# PX_LIBTORCH: a folder with include/ and lib/ of another libtorch than the system's, for example that of a Python install.
build_native_subset() {
    if [[ -n ${PX_LIBTORCH:-} ]]; then
        need_system_packages cmake g++ make
        torch/build-native.sh -DCMAKE_PREFIX_PATH="$PX_LIBTORCH"
    else
        need_system_packages cmake g++ make libtorch-dev libopenblas0-pthread
        torch/build-native.sh
    fi
}

# Succeeds where the package can be used; otherwise fails and prints why not, in one line.
why_not_the_package() {
    local wanted folder=
    wanted=$(sed -n 's/.*<TorchSharpVersion[^>]*>\([^<]*\)<.*/\1/p' Directory.Packages.props)
    folder=$(mktemp -d)
    trap "rm -rf '$folder'" EXIT # called in a subshell: its own exit
    probe_package "$folder" "$wanted"
}

# probe_package FOLDER VERSION: restores throw-away projects in the folder.
probe_package() {
    local folder=$1 wanted=$2 package native problem
    # The probe stands alone, whatever lies above the temporary folder.
    for file in Directory.Build.props Directory.Build.targets Directory.Packages.props; do echo '<Project />' >"$folder/$file"; done
    restore_package "$folder/managed" TorchSharp "$wanted" || {
        echo "the package feed serves no TorchSharp >= $wanted"
        return 1
    }
    package=$(dotnet msbuild "$folder/managed/Probe.csproj" -getProperty:PkgTorchSharp)
    if [[ $(uname -s) == Linux ]]; then
        native=$package/runtimes/linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')/native/libLibTorchSharp.so
        if [[ ! -f $native ]]; then
            echo "TorchSharp ${package##*/} has no native library for Linux on $(uname -m)"
            return 1
        fi
        # That libtorch itself is not found is normal here; that the C or C++ runtime is too old is not curable.
        problem=$(ldd "$native" 2>&1 | grep -o "version \`[^']*' not found" | sort -u | paste -sd, | sed 's/,/, /g')
        if [[ -n $problem ]]; then
            echo "TorchSharp ${package##*/} does not load here: $problem"
            return 1
        fi
    fi
    restore_package "$folder/bundle" TorchSharp-cpu "$wanted" || {
        echo "the package feed serves no TorchSharp-cpu >= $wanted"
        return 1
    }
}

restore_package() {
    mkdir "$1"
    cat >"$1/Probe.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework><NoWarn>NU1603</NoWarn></PropertyGroup>
  <ItemGroup><PackageReference Include="$2" Version="$3" GeneratePathProperty="true" /></ItemGroup>
</Project>
XML
    dotnet restore "$1/Probe.csproj" </dev/null >"$1/restore.log" 2>&1
}
