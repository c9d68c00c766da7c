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
        "Nestegg.Ente.Library", "Nestegg.Ente.Library.Files", "Nestegg.Ente.Library.People", "Nestegg.Ente.Library.Sharing",
        "Nestegg.Ente.Integrity", "Nestegg.Ente.Revival", "Nestegg.Ente.Api",
        "Nestegg", "Nestegg.Formats.Age", "Nestegg.Formats.Minisign", "Nestegg.Stores", "Nestegg.Stores.Local", "Nestegg.Stores.S3",
        "Nestegg.Repositories.Files", "Nestegg.Repositories.Manifests", "Nestegg.Repositories.Index", "Nestegg.Repositories.Packs",
        "Nestegg.Repositories.Locks", "Nestegg.Repositories", "Nestegg.Settings", "Nestegg.Instance.Programs", "Nestegg.Instance",
        "Nestegg.Instance.Preflights", "Nestegg.Snapshots", "Nestegg.Backup", "Nestegg.Checks", "Nestegg.Audit", "Nestegg.Contents",
        "Nestegg.Proof", "Nestegg.Export", "Nestegg.Find", "Nestegg.Restore", "Nestegg.Opening", "Nestegg.Jobs",
        "Nestegg.Cli.Terminal", "Nestegg.Cli.Commands", "Nestegg.Cli",
    ];

    [Theory]
    [InlineData("Nestegg.Ente")]
    [InlineData("Nestegg")]
    [InlineData("Nestegg.Server")]
    [InlineData("Nestegg.Cli")]
    public void No_room_knows_of_one_that_stands_after_it(string assembly)
    {
        using var module = ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, assembly + ".dll"));
        var arrows = module.GetTypes().SelectMany(type => Used(type).Select(used => (From: type, To: used)))
            .Select(arrow => (From: Room(arrow.From), To: Room(arrow.To), Text: $"{arrow.From.Name} uses {arrow.To.FullName}"))
            .Where(arrow => arrow.From != arrow.To && arrow.To.StartsWith("Nestegg", StringComparison.Ordinal));
        var wrong = arrows
            .Where(arrow => Array.IndexOf(Rooms, arrow.To) is var to && (to < 0 || to > Array.IndexOf(Rooms, arrow.From)))
            .Select(arrow => $"{arrow.From} → {arrow.To}: {arrow.Text}")
            .Distinct().Order().ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static string Room(TypeReference type) => type.DeclaringType is null ? type.Namespace : Room(type.DeclaringType);

    private static IEnumerable<TypeReference> Used(TypeDefinition type)
    {
        var bodies = type.Methods.Where(method => method.HasBody).SelectMany(method => method.Body.Instructions)
            .Select(step => step.Operand);
        var named = bodies.SelectMany(operand => operand switch
        {
            MethodReference method => [method.DeclaringType, method.ReturnType,
            .. method.Parameters.Select(parameter => parameter.ParameterType)],
            FieldReference field => [field.DeclaringType, field.FieldType],
            TypeReference used => [used],
            _ => Array.Empty<TypeReference>(),
        });
        var signatures = type.Methods.SelectMany(
            method => method.Parameters.Select(parameter => parameter.ParameterType).Append(method.ReturnType));
        return named.Concat(signatures).Concat(type.Fields.Select(field => field.FieldType)).Append(type.BaseType).OfType<TypeReference>()
            .SelectMany(used => used is GenericInstanceType generic ? [used,
            .. generic.GenericArguments] : (IEnumerable<TypeReference>)[used])
            .Select(used => used.GetElementType());
    }
}
