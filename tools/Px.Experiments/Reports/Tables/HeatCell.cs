namespace Px.Experiments.Reports.Tables;

/// <summary>A coloured number.</summary>
/// <param name="Text">How it is written.</param>
/// <param name="Heat">How much of the colour it has, in [0, 1].</param>
/// <param name="Value">What it is sorted by.</param>
public sealed record HeatCell(string Text, double Heat, double Value)
{
    /// <summary>A lesser number beside it.</summary>
    public string? Aside { get; init; }

    /// <summary>Whether it is something to worry about.</summary>
    public bool IsAlarming { get; init; }

    /// <summary>Whether it means something else than its neighbours.</summary>
    public bool IsApart { get; init; }
}
