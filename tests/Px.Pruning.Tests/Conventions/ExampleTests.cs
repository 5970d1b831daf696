using System.Reflection;
using TorchSharp;

namespace Px.Pruning.Tests.Conventions;

/// <summary>What users call first has an example, and the build has compiled it (<c>eng/Examples.targets</c>).</summary>
public sealed class ExampleTests
{
    [Theory, MemberData(nameof(Libraries.Names), MemberType = typeof(Libraries))]
    public void EntryPoints_HaveAnExample(string library)
    {
        var examples = WithExample(library).ToList();
        var entries = Libraries.Load(library).GetExportedTypes().Where(IsEntryPoint).Select(type => type.FullName!).ToList();

        entries.Should().HaveCountGreaterThan(5);
        entries.Where(type => !examples.Exists(member => member == $"T:{type}" || member.StartsWith($"M:{type}.", StringComparison.Ordinal)))
            .Should().BeEmpty("a user begins there");
    }

    [Fact]
    public void Examples_AreCompiled()
    {
        var compiled = Assembly.GetExecutingAssembly().GetTypes()
            .SelectMany(type => type.GetCustomAttributes<DocumentedAttribute>()).Select(documented => documented.Member);

        compiled.Should().BeEquivalentTo([.. WithExample(Libraries.Core), .. WithExample(Libraries.Models)]);
    }

    private static IEnumerable<string> WithExample(string library) =>
        Libraries.Documentation(library).Where(doc => doc.Value.Elements("example").Any()).Select(doc => doc.Key);

    /// <summary>Pruners, networks, and classes with a method that needs no object.</summary>
    private static bool IsEntryPoint(Type type) =>
        type.IsClass && (!type.IsAbstract || type.IsSealed)
        && (typeof(IPruner).IsAssignableFrom(type) || typeof(torch.nn.Module).IsAssignableFrom(type)
            || type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly).Any(method => !method.IsSpecialName));
}

/// <summary>On the compiled code of an example: the member whose documentation holds it.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class DocumentedAttribute(string member) : Attribute
{
    public string Member => member;
}
