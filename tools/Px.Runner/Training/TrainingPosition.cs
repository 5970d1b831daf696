namespace Px.Runner.Training;

/// <summary>How far a training is.</summary>
/// <param name="Step">Steps of the optimizer done, from 0, over all epochs.</param>
/// <param name="Steps">Steps in all, at least 1.</param>
/// <param name="Epoch">Epochs done, from 0.</param>
/// <param name="Epochs">Epochs in all, at least 1.</param>
public readonly record struct TrainingPosition(long Step, long Steps, int Epoch, int Epochs);
