using System.Diagnostics;
using Px.Fuzz;
using SharpFuzz;

switch (args)
{
    // Before the libraries are instrumented: what is added to them writes where afl-fuzz reads.
    case ["seeds", var folder]:
        foreach (var (name, target) in FuzzTargets.All)
        {
            var place = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
            foreach (var (i, seed) in target.Seeds().Index())
                File.WriteAllBytes(Path.Combine(place, $"{i}"), seed);
        }

        return 0;

    // Many files under afl-fuzz, which gives them one after the other; the standard input without it.
    case [var name] when FuzzTargets.All.TryGetValue(name, out var target):
        using (new Timer(_ => WritePeak(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)))
        {
            Fuzzer.Run(stream =>
            {
                using var file = new MemoryStream();
                stream.CopyTo(file);
                target.Attack(file.ToArray());
            });
        }

        return 0;

    default:
        Console.Error.WriteLine("usage: Px.Fuzz seeds FOLDER | TARGET");
        return 2;
}

// afl-fuzz ends this process by force, so that what it took at most is written while it runs.
static void WritePeak()
{
    if (Environment.GetEnvironmentVariable("PX_FUZZ_PEAK") is not { } path)
        return;
    using var process = Process.GetCurrentProcess();
    File.WriteAllText(path, $"{process.PeakWorkingSet64 >> 20}");
}
