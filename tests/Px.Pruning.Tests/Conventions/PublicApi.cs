using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Px.Pruning.Tests.Conventions;

/// <summary>What users of a library can see, one member a line: types in order of name, each followed by its members.</summary>
/// <remarks>What the compiler adds to records by itself (equality, printing, cloning) is told by the word <c>record</c>.</remarks>
internal static class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nullability = new();

    public static string Describe(Assembly assembly)
    {
        var types = assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal);
        return string.Join("\n\n", types.Select(Describe)) + "\n";
    }

    private static string Describe(Type type)
    {
        List<string> lines = [Head(type)];
        lines.AddRange(Members(type).Select(line => "    " + line).Order(StringComparer.Ordinal));
        return string.Join('\n', lines);
    }

    private static string Head(Type type)
    {
        var parents = string.Join(", ", Parents(type).Select(TypeName.Of).Order(StringComparer.Ordinal));
        return $"{type.Namespace}: {Kind(type)} {TypeName.Of(type)}{(parents.Length > 0 ? " : " + parents : "")}";
    }

    private static string Kind(Type type)
    {
        if (type.IsEnum) return "enum";
        if (type.IsInterface) return "interface";
        if (type.IsValueType) return "struct";
        if (type.IsSubclassOf(typeof(Delegate))) return "delegate";
        var inheritance = (type.IsAbstract, type.IsSealed) switch
        {
            (true, true) => "static ",
            (false, true) => "sealed ",
            (true, false) => "abstract ",
            _ => "",
        };
        return inheritance + (IsRecord(type) ? "record" : "class");
    }

    private static IEnumerable<Type> Parents(Type type)
    {
        if (type.IsEnum) yield break;
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType)) yield return parent;
        foreach (var contract in type.GetInterfaces().Except(InheritedInterfaces(type)).Where(contract => contract.IsVisible))
            if (!(IsRecord(type) && contract.Name == "IEquatable`1")) yield return contract;
    }

    private static IEnumerable<Type> InheritedInterfaces(Type type) =>
        (type.BaseType?.GetInterfaces() ?? []).Concat(type.GetInterfaces().SelectMany(parent => parent.GetInterfaces()));

    private static bool IsRecord(Type type) => type.GetMethod("<Clone>$") is not null;

    private static IEnumerable<string> Members(Type type)
    {
        foreach (var field in type.GetFields(Declared).Where(field => IsVisible(field) && !field.IsSpecialName))
        {
            yield return field.IsLiteral
                ? $"{(type.IsEnum ? "" : $"const {TypeName.Of(field.FieldType)} ")}{field.Name} = {Literal(field.GetRawConstantValue())}"
                : $"{Static(field.IsStatic)}{(field.IsInitOnly ? "readonly " : "")}{TypeName.Of(Nullability.Create(field))} {field.Name}";
        }
        if (type.IsEnum) yield break;

        foreach (var property in type.GetProperties(Declared).Where(property => property.GetAccessors(true).Any(IsVisible)))
        {
            if (property.GetMethod is { } get && IsGenerated(get) && property.Name == "EqualityContract") continue;
            yield return $"{Modifiers(property.GetAccessors(true)[0])}{(IsRequired(property) ? "required " : "")}"
                + $"{TypeName.Of(Nullability.Create(property))} {Indexed(property)} {{ {Accessors(property)}}}";
        }
        foreach (var constructor in type.GetConstructors(Declared).Where(IsVisible))
        {
            if (IsGenerated(constructor)) continue;
            yield return $"{Access(constructor)}{type.Name.Split('`')[0]}({Parameters(constructor)})";
        }
        foreach (var method in type.GetMethods(Declared).Where(IsVisible))
        {
            if (IsGenerated(method) || method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal)) continue;
            var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(TypeName.Of))}>" : "";
            yield return $"{Access(method)}{Modifiers(method)}{TypeName.Of(Nullability.Create(method.ReturnParameter))} {method.Name}{generic}"
                + $"({(method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "")}{Parameters(method)})";
        }
        foreach (var happening in type.GetEvents(Declared).Where(happening => IsVisible(happening.AddMethod!)))
            yield return $"event {TypeName.Of(happening.EventHandlerType!)} {happening.Name}";
    }

    private static string Indexed(PropertyInfo property) =>
        property.GetIndexParameters() is { Length: > 0 } parameters ? $"this[{string.Join(", ", parameters.Select(Parameter))}]" : property.Name;

    private static string Accessors(PropertyInfo property)
    {
        var get = property.GetMethod is { } getter && IsVisible(getter) ? "get; " : "";
        if (property.SetMethod is not { } setter || !IsVisible(setter)) return get;
        var isInit = setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
        return get + (isInit ? "init; " : "set; ");
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var list = parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? "ref " : "";
        var isDefaultStruct = parameter.ParameterType.IsValueType && Nullable.GetUnderlyingType(parameter.ParameterType) is null;
        var fallback = !parameter.HasDefaultValue ? ""
            : parameter.DefaultValue is null && isDefaultStruct ? " = default"
            : " = " + Literal(parameter.DefaultValue);
        return $"{list}{TypeName.Of(Nullability.Create(parameter))} {parameter.Name}{fallback}";
    }

    private static string Modifiers(MethodInfo method) =>
        Static(method.IsStatic)
        + (method.DeclaringType!.IsInterface || !method.IsVirtual || method.IsFinal ? ""
            : method.GetBaseDefinition() != method ? "override "
            : method.IsAbstract ? "abstract " : "virtual ");

    private static string Static(bool isStatic) => isStatic ? "static " : "";

    private static string Access(MethodBase method) => method.IsPublic ? "" : "protected ";

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsVisible(FieldInfo field) => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly;

    private static bool IsRequired(PropertyInfo property) => property.IsDefined(typeof(RequiredMemberAttribute));

    /// <summary>What the compiler wrote by itself, but not the getters of automatic properties.</summary>
    private static bool IsGenerated(MethodBase method) =>
        method.IsDefined(typeof(CompilerGeneratedAttribute))
        && (method.Name == "get_EqualityContract" || !method.Name.StartsWith("get_", StringComparison.Ordinal));

    private static string Literal(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
