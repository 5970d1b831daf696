namespace Px.Demo.Training;

/// <summary>How every network is trained: SGD with momentum, a cosine from <see cref="LearningRate"/> to 0 over all steps.</summary>
internal sealed record TrainingRecipe
{
    /// <summary>The highest learning rate.</summary>
    public double LearningRate { get; init; } = 0.1;

    public double Momentum { get; init; } = 0.9;

    public double WeightDecay { get; init; } = 1e-4;

    public required int Epochs { get; init; }

    public required int BatchSize { get; init; }

    /// <summary>Decides the order of the images and which are mirrored.</summary>
    public required long Seed { get; init; }

    /// <summary><c>η(t) = η₀ (1 + cos(πt/T)) / 2</c> for the steps t = 0 … T − 1.</summary>
    public double LearningRateAt(long step, long steps) => LearningRate * (1 + Math.Cos(Math.PI * step / steps)) / 2;
}
