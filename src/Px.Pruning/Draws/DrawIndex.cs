namespace Px.Pruning.Draws;

/// <summary>Which of NTK-SAP's batches random numbers are for.</summary>
/// <param name="Round">The round, from 1.</param>
/// <param name="Repeat">The repeat, from 0.</param>
/// <param name="Batch">The batch of the repeat, from 0.</param>
internal readonly record struct DrawIndex(int Round, int Repeat, int Batch);
