using Px.Benchmarks.Authors;
using Px.Benchmarks.Comparison;
using Px.Pruning;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Benchmarks.Check;

/// <summary>
/// Does the authors' way in C# compute the published formulas? Its scores against the library's, whose tests hold them against an
/// independent oracle; NTK-SAP, which draws its own weights, against finite differences. In float64, where weights are kept.
/// </summary>
internal static class AuthorsCheck
{
    internal const string Command = "check";

    private const double Tolerance = 1e-6;

    /// <summary>Prints a line a method. 1 where one of them differs, else 0.</summary>
    internal static int Run()
    {
        Console.WriteLine("The authors' way in C# against the library: median and largest error, in units of the layer's largest score");
        bool[] agree =
        [
            .. Contests.All.Where(contest => contest.IsInCSharp && contest.Name is not ("Random" or "NTK-SAP")).Select(Compare),
            CompareNtkSap(),
            CountKept(),
        ];
        return agree.All(good => good) ? 0 : 1;
    }

    /// <summary>Proportional, with one factor for all layers.</summary>
    private static bool Compare(Contest contest)
    {
        using var temporaries = NewDisposeScope();
        // The authors' SynFlow adds the absolute values of biases, shifts and running means, which the formula does not have.
        using var problem = new CheckProblem(shifts: contest.Name != "SynFlow");
        var before = problem.Authors.State.ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());
        var theirs = Harness.Scored(problem.Authors, problem.Input, problem.Target, Methods.All[contest.Name]);
        using var ours = contest.Create().Score(
            problem.Model, PruningData.From([(problem.Input, problem.Target)]), problem.Mask,
            new PruningOptions { Data = DataBudget.All, BatchSize = int.MaxValue });
        var layers = problem.Authors.Layers.Zip(theirs, (name, scores) => (Kept: problem.Mask[name], Ours: ours[name], Theirs: scores)).ToList();
        double factor = layers.Sum(layer => Sum(layer.Ours, layer.Kept)) / layers.Sum(layer => Sum(layer.Theirs, layer.Kept));
        var errors = cat([.. layers.Select(layer =>
            ((layer.Theirs * factor - layer.Ours).abs() / layer.Ours[layer.Kept].abs().max())[layer.Kept].to(float64))]);
        // What must survive a round: SynFlow's signs and PX's running statistics.
        bool restored = contest.Name is not ("PX" or "SynFlow") || problem.Authors.State.All(
            entry => entry.Key.EndsWith("tracked", StringComparison.Ordinal) || allclose(entry.Value, before[entry.Key], 0, 0));
        return Print(contest.Name, errors.median().ToDouble(), errors.max().ToDouble(), restored ? "" : "the network has changed");
    }

    /// <summary>The derivative of J by one entry of the mask, by a central difference with the same draws.</summary>
    private static bool CompareNtkSap()
    {
        using var temporaries = NewDisposeScope();
        using var problem = new CheckProblem(shifts: true);
        var model = problem.Authors;
        string layer = model.Layers.ElementAt(3);
        void Set(double value) => model.Masks[layer][0, 0, 0, 0] = value;

        Set(1);
        manual_seed(1);
        double found = Ntk.MaskScores(model, problem.Input)[3][0, 0, 0, 0].ToDouble();

        double Objective(double entry)
        {
            using var noGrad = no_grad();
            Set(entry);
            manual_seed(1);
            return Ntk.Objective(model, Ntk.Perturbed(model), problem.Input).ToDouble();
        }

        const double step = 1e-6;
        double expected = Math.Abs(Objective(1 + step) - Objective(1 - step)) / (2 * step);
        double error = Math.Abs(found / expected - 1);
        return Print("NTK-SAP", error, error, "");
    }

    /// <summary>One threshold for all layers keeps exactly as many weights as asked.</summary>
    private static bool CountKept()
    {
        using var temporaries = NewDisposeScope();
        using var problem = new CheckProblem(shifts: true);
        foreach (var mask in problem.Authors.Masks.Values) mask.fill_(1);
        Harness.Prune(problem.Authors, problem.Input, problem.Target, Methods.All["Magnitude"], 0.9, rounds: 2, static () => { });
        double total = problem.Authors.Masks.Values.Sum(mask => mask.numel());
        double wrong = problem.Authors.Masks.Values.Sum(mask => mask.sum().ToDouble()) - (total - Math.Floor(0.9 * total));
        return Print("kept", Math.Abs(wrong), Math.Abs(wrong), "");
    }

    private static double Sum(Tensor scores, Tensor kept) => scores[kept].abs().sum().ToDouble();

    private static bool Print(string name, double median, double largest, string remark)
    {
        bool good = largest <= Tolerance && remark.Length == 0;
        string numbers = $"{Statistics.Number(median, "0.0e+0"),10}{Statistics.Number(largest, "0.0e+0"),10}";
        Console.WriteLine($"{name,-12}{numbers}  {(good ? "ok" : $"DIFFERS {remark}")}");
        return good;
    }
}
