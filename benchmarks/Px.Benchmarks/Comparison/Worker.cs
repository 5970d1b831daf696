using System.Globalization;
using Px.Benchmarks.Floor;
using Px.Pruning.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Benchmarks.Comparison;

/// <summary>
/// One side or both at work in a process of their own; answers the commands of <c>benchmarks/python/worker.py</c>, whose last word
/// may name a side, and <c>pass NAME</c> with the seconds of one of <see cref="BarePasses"/>.
/// </summary>
internal sealed class Worker : IDisposable
{
    internal const string Command = "worker", Both = LibrarySide.Name + "," + AuthorsSide.Name;

    private readonly CifarResNet model;
    private readonly Tensor input, target;
    private readonly string[] names;
    private readonly Dictionary<string, ISide> sides;

    private Worker(string[] names, (CifarResNet Model, Tensor Input, Tensor Target) problem)
    {
        this.names = names;
        (model, input, target) = problem;
        sides = names.ToDictionary(name => name, CreateSide);
    }

    /// <param name="arguments">Sides (joined by a comma), threads, folder, depth, width.</param>
    internal static void Run(string[] arguments)
    {
        int[] numbers = [.. new[] { arguments[1], arguments[3], arguments[4] }.Select(Parse)];
        set_num_threads(numbers[0]);
        using var worker = new Worker(arguments[0].Split(','), new Problem(numbers[1], numbers[2], 0).Load(arguments[2]));
        Console.WriteLine($"ready {ProcessMemory.Library("libtorch_cpu")}");
        while (Console.ReadLine() is { } line) Console.WriteLine(worker.Answer(line.Split(' ')));
    }

    public void Dispose()
    {
        model.Dispose();
        input.Dispose();
        target.Dispose();
    }

    private string Answer(string[] words)
    {
        if (words[0] == BarePasses.Command) return Text(BarePasses.Seconds(words[1], model, input, target));
        string side = words.ElementAtOrDefault(4) ?? names[0];
        var contest = Contests.Find(words[1]);
        int rounds = Parse(words[2]);
        double sparsity = double.Parse(words[3], CultureInfo.InvariantCulture);
        if (words[0] == "warm")
        {
            WarmUp(side, contest, rounds, sparsity);
            return "ok";
        }

        sides[side].Reset();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        if (words[0] == "run") return string.Join(' ', sides[side].Prune(contest, rounds, sparsity).Select(Text));
        ProcessMemory.ResetPeak();
        long before = ProcessMemory.Resident();
        sides[side].Prune(contest, rounds, sparsity);
        return string.Create(CultureInfo.InvariantCulture, $"{before} {ProcessMemory.Peak()}");
    }

    private static void WarmUp(string side, Contest contest, int rounds, double sparsity)
    {
        using var temporaries = NewDisposeScope();
        var (input, target) = Problem.Tiny.CreateBatch(imageSize: 8);
        using var tiny = new Worker([side], (Problem.Tiny.CreateModel(), input, target));
        tiny.sides[side].Prune(contest, rounds, sparsity);
    }

    private static int Parse(string number) => int.Parse(number, CultureInfo.InvariantCulture);

    private static string Text(double seconds) => seconds.ToString("F6", CultureInfo.InvariantCulture);

    private ISide CreateSide(string name) =>
        name == LibrarySide.Name ? new LibrarySide(model, input, target) : new AuthorsSide(model, input, target);
}
