namespace TorchSharp.Subset.Tests;

/// <summary>A fact about machines with CUDA, or about those without; skipped, with the reason, on the others.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CudaFactAttribute : FactAttribute
{
    public CudaFactAttribute(bool available)
    {
        if (torch.cuda.is_available() == available) return;
        Skip = available ? "This machine has no CUDA." : "This machine has CUDA; the test is about those without.";
    }
}
