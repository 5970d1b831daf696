# Changes the libraries in small ways, one at a time, and runs an area's tests: a change that no test notices survives. Sourced by build.sh.
#
# One run of Stryker a library, however many areas: most of its time goes into compiling every change of the library at once.
mutate() {
    local areas=("$@") area library tests=() files=()
    [[ $# -gt 0 ]] || areas=(schedules ranking data masks safetensors checkpoints)
    dotnet tool restore --verbosity quiet >/dev/null
    for library in Px.Pruning Px.Pruning.Models; do
        tests=() files=()
        for area in "${areas[@]}"; do area_of "$area"; done
        [[ ${#files[@]} -eq 0 ]] || mutate_library
    done
}

# Appends to tests and files where the area is one of the library's. Fast tests only: each is run for many changes.
area_of() {
    case $library/$1 in
        Px.Pruning/schedules) tests+=(Tests.Schedules) files+=('Schedules/*.cs') ;;
        Px.Pruning/ranking) tests+=(Tests.Ranking) files+=('Ranking/*.cs') ;;
        Px.Pruning/data) tests+=(Tests.Data) files+=('Data/*.cs' DataBudget.cs PruningData.cs) ;;
        Px.Pruning/masks)
            tests+=(PruningMaskTests Masking.HeldWeights Masking.MaskBinding Masking.MaskFileTests Masking.PrunedFileTests Masking.TensorAddress)
            files+=('Masking/*.cs' PruningMask.cs MaskBinding.cs PrunedFile.cs)
            ;;
        Px.Pruning.Models/safetensors)
            tests+=(SafetensorsFileTests SafetensorsMalformedTests)
            files+=('**/Safetensors/*.cs' 'StateDicts/SafetensorsFile.cs')
            ;;
        Px.Pruning.Models/checkpoints)
            tests+=(CheckpointFileTests CheckpointHostileTests CheckpointLeftoversTests CheckpointOptionsTests CheckpointTensorKindsTests TiedTensorsTests)
            tests+=(StateDicts.Pickle StateDicts.Zip)
            files+=('StateDicts/Checkpoints/*.cs' 'StateDicts/Pickle/*.cs' 'StateDicts/Zip/*.cs' 'StateDicts/Bytes/*.cs' 'StateDicts/Checkpoint*.cs')
            ;;
        */schedules | */ranking | */data | */masks | */safetensors | */checkpoints) ;;
        *) usage >&2; exit 2 ;;
    esac
}

mutate_library() {
    local out=$PWD/artifacts/mutation/$library filter
    filter=$(printf '|FullyQualifiedName~%s' "${tests[@]}")
    rm -rf "$out"
    mkdir -p "$out"
    # As in tests/tests.runsettings, which Stryker does not read; and patience with a busy machine.
    (cd "tests/$library.Tests" && DOTNET_INFO_WAIT_TIME=60000 DOTNET_GCgen0size=8000000 DOTNET_TieredPGO=0 OMP_WAIT_POLICY=passive RunAnalyzers=false dotnet stryker --config-file ../../eng/stryker.json \
        --project "$library.csproj" --output "$out" --skip-version-check --test-case-filter "${filter:1}" "${files[@]/#/--mutate=}") | tee "$out/log.txt"
}
