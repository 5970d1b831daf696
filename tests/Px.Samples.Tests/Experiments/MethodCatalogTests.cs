using Px.Pruning;
using Px.Samples.Experiments;

namespace Px.Samples.Tests.Experiments;

public sealed class MethodCatalogTests
{
    [Fact]
    public void Names_EveryMethodOfTheLibrary_HasOne()
    {
        var methods = typeof(IPruner).Assembly.GetExportedTypes().Where(type => type.IsAssignableTo(typeof(IPruner)) && !type.IsAbstract)
            .Except([typeof(CustomPruner)]).ToList();

        methods.Should().HaveCountGreaterThan(10);
        MethodCatalog.Names.Select(name => MethodCatalog.Create(name, (_, _) => { }, "none").GetType()).Should().BeEquivalentTo(methods);
        MethodCatalog.Names.Should().OnlyHaveUniqueItems();
    }
}
