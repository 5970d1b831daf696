using System.Globalization;
using System.Reflection;

namespace TorchSharp.Subset.Tests.Surface;

/// <summary>An assembly's public and protected surface as text, one member a line: what a program compiled against it can see.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Of(Assembly assembly) => assembly.GetTypes().Where(type => type.IsVisible).SelectMany(LinesOf);

    private static IEnumerable<string> LinesOf(Type type)
    {
        var name = NameOf(type);
        yield return $"{KindOf(type)} {name}{BaseOf(type)}";
        foreach (var constructor in type.GetConstructors(Declared).Where(one => IsOpen(one) && !one.IsStatic))
            yield return $"{name}..ctor({Parameters(constructor)})";
        foreach (var method in type.GetMethods(Declared).Where(one => IsOpen(one) && (!one.IsSpecialName || one.Name.StartsWith("op_", StringComparison.Ordinal))))
        {
            var generic = method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(one => one.Name))}>" : "";
            yield return $"{name}.{method.Name}{generic}({Parameters(method)}) : {NameOf(method.ReturnType)}{Static(method.IsStatic)}";
        }
        foreach (var property in type.GetProperties(Declared))
        {
            var (get, set) = (property.GetMethod is { } getter && IsOpen(getter), property.SetMethod is { } setter && IsOpen(setter));
            if (!get && !set) continue;
            var indices = property.GetIndexParameters();
            var index = indices.Length == 0 ? "" : $"[{string.Join(", ", indices.Select(Parameter))}]";
            yield return $"{name}.{property.Name}{index} : {NameOf(property.PropertyType)} {{{(get ? " get;" : "")}{(set ? " set;" : "")} }}{Static((property.GetMethod ?? property.SetMethod)!.IsStatic)}";
        }
        foreach (var field in type.GetFields(Declared).Where(one => (one.IsPublic || one.IsFamily || one.IsFamilyOrAssembly) && !one.IsSpecialName))
            yield return $"{name}.{field.Name} : {NameOf(field.FieldType)}{Static(field.IsStatic)}{(field.IsLiteral ? " const" : "")}";
    }

    private static bool IsOpen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Static(bool isStatic) => isStatic ? " static" : "";

    private static string KindOf(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static string BaseOf(Type type)
    {
        if (type.IsEnum || type is { IsAbstract: true, IsSealed: true } || type.BaseType is not { } from) return "";
        return from == typeof(object) || from == typeof(ValueType) ? "" : " : " + NameOf(from);
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        var prefix = parameter.IsOut ? "out "
            : type.IsByRef ? (parameter.IsIn ? "in " : "ref ")
            : parameter.IsDefined(typeof(ParamArrayAttribute), false) ? "params "
            : "";
        return $"{prefix}{NameOf(type.IsByRef ? type.GetElementType()! : type)} {parameter.Name}{DefaultOf(parameter)}";
    }

    private static string DefaultOf(ParameterInfo parameter) => !parameter.HasDefaultValue ? "" : " = " + parameter.RawDefaultValue switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        var other => other.ToString(),
    };

    private static string NameOf(Type type)
    {
        if (type.IsGenericParameter) return type.Name;
        if (type.IsArray) return $"{NameOf(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (type.IsPointer) return NameOf(type.GetElementType()!) + "*";
        if (type.IsByRef) return NameOf(type.GetElementType()!) + "&";
        var arguments = new Queue<Type>(type.GetGenericArguments());
        var parts = Nesting(type).Reverse().Select(part =>
        {
            var tick = part.Name.IndexOf('`', StringComparison.Ordinal);
            if (tick < 0) return part.Name;
            var own = Enumerable.Range(0, int.Parse(part.Name[(tick + 1)..], CultureInfo.InvariantCulture)).Select(_ => NameOf(arguments.Dequeue()));
            return $"{part.Name[..tick]}<{string.Join(", ", own)}>";
        });
        var prefix = string.IsNullOrEmpty(type.Namespace) || type.Namespace == "System" ? "" : type.Namespace + ".";
        return prefix + string.Join('.', parts);
    }

    private static IEnumerable<Type> Nesting(Type type)
    {
        for (var outer = type; outer is not null; outer = outer.DeclaringType) yield return outer;
    }
}
