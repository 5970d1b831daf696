namespace Px.Pruning.Probing;

/// <summary>Which speed-ups are switched off, by PX_OFF: for the measurement that decides which of them stay.</summary>
internal static class Off
{
    internal static bool Is(string what) => Environment.GetEnvironmentVariable("PX_OFF")?.Split(',').Contains(what) == true;
}
