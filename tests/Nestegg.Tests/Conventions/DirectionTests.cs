using Mono.Cecil;
using Mono.Cecil.Rocks;

namespace Nestegg.Tests.Conventions;

/// <summary>Which room may know of which: a type may use its own room and those that stand before it here (docs/architecture.md).</summary>
public class DirectionTests
{
    private static readonly string[] Rooms =
    [
        "Nestegg.Server.S3",
        "Nestegg.Ente", "Nestegg.Ente.Json", "Nestegg.Ente.Scratch", "Nestegg.Ente.Retries", "Nestegg.Ente.Cryptography",
        "Nestegg.Ente.Database", "Nestegg.Ente.Objects", "Nestegg.Ente.Configuration", "Nestegg.Ente.Accounts",
        "Nestegg.Ente.Library", "Nestegg.Ente.Integrity", "Nestegg.Ente.Revival", "Nestegg.Ente.Api",
        "Nestegg", "Nestegg.Formats.Age", "Nestegg.Formats.Minisign", "Nestegg.Stores", "Nestegg.Stores.Local", "Nestegg.Stores.S3",
        "Nestegg.Repositories.Files", "Nestegg.Repositories.Manifests", "Nestegg.Repositories.Index", "Nestegg.Repositories.Packs",
        "Nestegg.Repositories.Locks", "Nestegg.Repositories", "Nestegg.Retention", "Nestegg.Settings", "Nestegg.Instance.Programs",
        "Nestegg.Instance.Containers", "Nestegg.Instance", "Nestegg.Instance.Preflights",
        "Nestegg.Snapshots", "Nestegg.Backup", "Nestegg.Checks", "Nestegg.Audit", "Nestegg.Contents",
        "Nestegg.Proof", "Nestegg.Export", "Nestegg.Find", "Nestegg.Restore", "Nestegg.Opening", "Nestegg.Jobs",
        "Nestegg.Cli.Terminal", "Nestegg.Cli.Commands", "Nestegg.Cli",
    ];

    // Engines do not know each other; these do.
    private static readonly string[] Engines =
    [
        "Nestegg.Backup", "Nestegg.Checks", "Nestegg.Audit", "Nestegg.Contents", "Nestegg.Proof", "Nestegg.Export", "Nestegg.Find",
        "Nestegg.Restore",
    ];

    private static readonly string[] BetweenEngines =
    [
        "Nestegg.Proof → Nestegg.Contents", "Nestegg.Export → Nestegg.Contents", "Nestegg.Find → Nestegg.Export",
        "Nestegg.Restore → Nestegg.Audit",
    ];

    [Theory]
    [InlineData("Nestegg.Ente")]
    [InlineData("Nestegg")]
    [InlineData("Nestegg.Server")]
    [InlineData("Nestegg.Cli")]
    public void No_room_knows_of_one_that_stands_after_it(string assembly)
    {
        using var module = ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, assembly + ".dll"));
        var wrong = module.GetTypes().SelectMany(type => Used(type).SelectMany(Parts).Select(used => (From: type, To: used)))
            .Select(arrow => (From: Room(arrow.From), To: Room(arrow.To), Text: $"{arrow.From.Name} uses {arrow.To.FullName}"))
            .Where(arrow => arrow.From != arrow.To && arrow.To.StartsWith("Nestegg", StringComparison.Ordinal))
            .Where(arrow => !IsAllowed(arrow.From, arrow.To))
            .Select(arrow => $"{arrow.From} → {arrow.To}: {arrow.Text}")
            .Distinct().Order().ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Every_room_is_there()
    {
        var there = Directory.EnumerateFiles(AppContext.BaseDirectory, "Nestegg*.dll").SelectMany(file =>
        {
            using var module = ModuleDefinition.ReadModule(file);
            return module.Types.Select(type => type.Namespace).ToHashSet();
        });
        Assert.Equal([], Rooms.Except(there));
    }

    private static bool IsAllowed(string from, string to) =>
        Array.IndexOf(Rooms, to) is >= 0 and var place && place <= Array.IndexOf(Rooms, from)
        && (!Engines.Contains(from) || !Engines.Contains(to) || BetweenEngines.Contains($"{from} → {to}"));

    private static string Room(TypeReference type) => type.DeclaringType is null ? type.Namespace : Room(type.DeclaringType);

    private static IEnumerable<TypeReference?> Used(TypeDefinition type)
    {
        var bodies = type.Methods.Where(method => method.HasBody).Select(method => method.Body).ToList();
        return bodies.SelectMany(body => body.Instructions).SelectMany(step => step.Operand switch
            {
                MethodReference method => OfMethod(method).Append(method.DeclaringType),
                FieldReference field => [field.DeclaringType, field.FieldType],
                TypeReference used => [used],
                _ => Array.Empty<TypeReference>(),
            })
            .Concat(bodies.SelectMany(body => body.Variables).Select(variable => variable.VariableType))
            .Concat(bodies.SelectMany(body => body.ExceptionHandlers).Select(handler => handler.CatchType))
            .Concat(type.Methods.SelectMany(OfMethod))
            .Concat(type.Methods.SelectMany(method => method.CustomAttributes).Concat(type.CustomAttributes).Select(of => of.AttributeType))
            .Concat(type.Fields.Select(field => field.FieldType))
            .Concat(type.Interfaces.Select(implemented => implemented.InterfaceType))
            .Append(type.BaseType);
    }

    private static IEnumerable<TypeReference> OfMethod(MethodReference method) =>
        method.Parameters.Select(parameter => parameter.ParameterType).Append(method.ReturnType)
            .Concat(method is GenericInstanceMethod generic ? generic.GenericArguments : []);

    /// <summary>A type, and those that it is put together from, however deep.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference? type) => type switch
    {
        null => [],
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Append(generic.ElementType),
        TypeSpecification of => Parts(of.ElementType),
        _ => [type],
    };
}
