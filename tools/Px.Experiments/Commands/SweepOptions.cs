using Px.Experiments.Grids;
using Px.Experiments.Inputs;
using Px.Runner.CommandLines;

namespace Px.Experiments.Commands;

/// <summary>What the command line of <c>run</c> and <c>sweep</c> asks for.</summary>
public sealed record SweepOptions
{
    /// <summary>A protocol of <see cref="Protocols"/>; null for none.</summary>
    public string? Protocol { get; init; }

    /// <summary>A file of grids; null for none.</summary>
    public string? GridFile { get; init; }

    /// <summary>Lists that are given, for <see cref="Grid.Models"/> and so on; null where they are not.</summary>
    public IReadOnlyList<string>? Models { get; init; }

    /// <inheritdoc cref="Models"/>
    public IReadOnlyList<string>? DataSets { get; init; }

    /// <inheritdoc cref="Models"/>
    public IReadOnlyList<string>? Initializations { get; init; }

    /// <inheritdoc cref="Models"/>
    public IReadOnlyList<string>? Methods { get; init; }

    /// <inheritdoc cref="Models"/>
    public IReadOnlyList<double>? Sparsities { get; init; }

    /// <inheritdoc cref="Models"/>
    public IReadOnlyList<int>? Rounds { get; init; }

    /// <inheritdoc cref="Models"/>
    public IReadOnlyList<int>? Seeds { get; init; }

    /// <summary>What is changed of every grid: its numbers.</summary>
    public Func<Grid, Grid> Change { get; init; } = grid => grid;

    /// <summary>Where data sets lie.</summary>
    public NamedPaths Data { get; init; } = new();

    /// <summary>Where pretrained weights lie.</summary>
    public NamedPaths Weights { get; init; } = new();

    /// <summary>Where results go.</summary>
    public string Output { get; init; } = "experiments";

    /// <summary>Which part of the cells.</summary>
    public Shard Shard { get; init; } = Shard.Whole;

    /// <summary>Whether the cells are only listed.</summary>
    public bool List { get; init; }

    /// <summary>Whether cells that could not be run are tried again.</summary>
    public bool Retry { get; init; }

    /// <summary>Threads of libtorch; null for its own choice.</summary>
    public int? Threads { get; init; }

    /// <summary>Whether to run on the first CUDA device instead of the CPU.</summary>
    public bool Cuda { get; init; }

    /// <summary>A file for what is logged; null for none.</summary>
    public string? Log { get; init; }

    /// <summary>Whether what is logged goes to the terminal, too.</summary>
    public bool Verbose { get; init; }

    /// <summary>What the grid is called.</summary>
    public string Title => Protocol ?? (GridFile is null ? "experiments" : Path.GetFileNameWithoutExtension(GridFile));

    /// <summary>The cells, each once: of a protocol or a file those that the lists name, otherwise those that the lists span.</summary>
    /// <exception cref="UsageException">There are none, or some cannot be run.</exception>
    public IReadOnlyList<Cell> Cells()
    {
        if (Protocol is not null && GridFile is not null)
            throw new UsageException("--protocol and --grid: one of them");
        var (source, named) = Protocol is not null ? ($"--protocol {Protocol}", Protocols.Find(Protocol))
            : GridFile is not null ? ($"--grid {GridFile}", Grids.GridFile.Read(GridFile))
            : ("the command line", [Spanned(new Grid())]);
        List<Grid> grids = [.. named.Select(Change)];
        grids.ForEach(grid => GridCheck.Require(grid, source));
        List<Cell> cells = [.. grids.SelectMany(grid => grid.Cells()).Distinct().Where(IsNamed)];
        return cells.Count > 0 ? Shard.Of(cells) : throw new UsageException($"{source} has no network with all that is asked for");
    }

    private Grid Spanned(Grid grid) => grid with
    {
        Models = Models ?? grid.Models,
        Data = DataSets ?? grid.Data,
        Initializations = Initializations ?? grid.Initializations,
        Methods = Methods ?? grid.Methods,
        Sparsities = Sparsities ?? grid.Sparsities,
        Rounds = Rounds ?? grid.Rounds,
        Seeds = Seeds ?? grid.Seeds,
    };

    private bool IsNamed(Cell cell) =>
        Models?.Contains(cell.Model) != false
        && DataSets?.Contains(cell.Data) != false
        && Initializations?.Contains(cell.Initialization) != false
        && Methods?.Contains(cell.Method) != false
        && (cell.Method == Cell.Dense || Sparsities?.Contains(cell.Sparsity) != false)
        && (cell.Rounds is not { } rounds || Rounds?.Contains(rounds) != false)
        && Seeds?.Contains(cell.Seed) != false;
}
