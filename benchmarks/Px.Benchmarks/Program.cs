using Px.Benchmarks.Channels;
using Px.Benchmarks.Check;
using Px.Benchmarks.Collapse;
using Px.Benchmarks.Comparison;
using Px.Benchmarks.Micro;
using Px.Benchmarks.Networks;

// These three take no arguments.
if (args is [AuthorsCheck.Command or CollapseTable.Command or NetworkTable.Command, _, ..])
{
    Console.WriteLine(ComparisonOptions.Usage);
    return 2;
}

switch (args.FirstOrDefault())
{
    case "micro":
        MicroBenchmarks.Run(args[1..]);
        break;
    case AuthorsCheck.Command:
        return AuthorsCheck.Run();
    case ChannelTable.Command:
        return ChannelTable.Run(args[1..]);
    case AccuracyTable.Command:
        return AccuracyTable.Run(args[1..]);
    case ChannelWorker.Command:
        ChannelWorker.Run(args[1..]);
        break;
    case CollapseTable.Command:
        CollapseTable.Run();
        break;
    case NetworkTable.Command:
        NetworkTable.Run();
        break;
    case NetworkWorker.Command:
        NetworkWorker.Run(args[1..]);
        break;
    case Neighbour.Command:
        Neighbour.Burn();
        break;
    case Worker.Command:
        Worker.Run(args[1..]);
        break;
    case "-h" or "--help":
        Console.WriteLine(ComparisonOptions.Usage);
        break;
    default:
        if (ComparisonOptions.Parse(args) is { } options) ComparisonRun.Start(options);
        else Console.WriteLine(ComparisonOptions.Usage);
        break;
}

return 0;
