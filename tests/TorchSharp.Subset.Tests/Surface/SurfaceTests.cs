namespace TorchSharp.Subset.Tests.Surface;

/// <summary>Whatever compiles against the subset must compile against TorchSharp 0.105.2: nothing of its surface is its own.</summary>
public sealed class SurfaceTests
{
    private const string Listing = "torchsharp/api-0.105.2.txt";
    private const int FewestMembers = 500;

    [ListedFact]
    public void Surface_OfTheSubset_IsPartOfTheRealOnes()
    {
        var real = File.ReadLines(ListedFactAttribute.Path!).ToHashSet();
        var members = PublicSurface.Of(typeof(torch).Assembly).ToList();
        members.Should().HaveCountGreaterThan(FewestMembers);
        members.Where(member => !real.Contains(member)).Should().BeEmpty();
    }

    /// <summary>A fact that needs the listing of TorchSharp's surface, which lies in a folder beside the repository where there is one.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class ListedFactAttribute : FactAttribute
    {
        public ListedFactAttribute()
        {
            if (!SubsetFactAttribute.IsSubset) Skip = "About the subset only: the real TorchSharp is referenced.";
            else if (Path is null) Skip = $"shared/{Listing} does not lie beside the repository.";
        }

        public static string? Path { get; } = Find();

        private static string? Find()
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                var candidate = System.IO.Path.Combine(folder.FullName, "shared", Listing);
                if (File.Exists(candidate)) return candidate;
            }
            return null;
        }
    }
}
