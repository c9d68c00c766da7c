using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Nestegg.Ente.Configuration;

/// <summary>
/// The events of a YAML text within limits, so that neither the library, which goes down each level by recursion, nor those who walk its
/// trees can be made to run out of stack, time or memory. What an alias repeats counts as often as it is repeated.
/// </summary>
internal sealed class BoundedYaml(IParser inner, string source) : IParser
{
    // museum and compose nest to ten levels, and to some thousand values.
    private const int DeepestLevel = 64;
    private const int MostNodes = 200_000;

    private readonly Dictionary<AnchorName, (int Nodes, int Levels)> anchors = [];
    private readonly Stack<Level> open = new();
    private int nodes;

    public ParsingEvent? Current => inner.Current;

    public bool MoveNext()
    {
        if (!inner.MoveNext())
        {
            return false;
        }

        if (inner.Current is AnchorAlias alias)
        {
            // An anchor that is not closed holds the alias: the tree would have no end.
            Add(anchors.TryGetValue(alias.Value, out var size) ? size : (1, IsOpen(alias.Value) ? DeepestLevel + 1 : 0));
        }
        else if (inner.Current is Scalar scalar)
        {
            Add((1, 0));
            Remember(scalar.Anchor, (1, 0));
        }
        else if (inner.Current is NodeEvent start)
        {
            open.Push(new Level(start.Anchor, nodes));
            Add((1, 0));
        }
        else if (inner.Current is MappingEnd or SequenceEnd && open.TryPop(out var level))
        {
            Remember(level.Anchor, (nodes - level.NodesBefore, level.Levels + 1));
            Deepen(level.Levels + 1);
        }

        return true;
    }

    private bool IsOpen(AnchorName anchor) => open.Any(level => level.Anchor == anchor);

    private void Add((int Nodes, int Levels) size)
    {
        nodes += size.Nodes;
        Deepen(size.Levels);
        if (open.Count + size.Levels > DeepestLevel || nodes > MostNodes)
        {
            throw new EnteException(
                $"{source} line {inner.Current!.Start.Line} cannot be read: "
                + (nodes > MostNodes ? $"it comes to more than {MostNodes:N0} values." : $"it nests deeper than {DeepestLevel} levels."),
                "No configuration of an instance does, and no nestegg.yaml. Is it the right file, and is it whole?");
        }
    }

    private void Deepen(int levels)
    {
        if (open.TryPeek(out var level))
        {
            level.Levels = Math.Max(level.Levels, levels);
        }
    }

    private void Remember(AnchorName anchor, (int Nodes, int Levels) size)
    {
        if (!anchor.IsEmpty)
        {
            anchors[anchor] = size;
        }
    }

    private sealed class Level(AnchorName anchor, int nodesBefore)
    {
        public AnchorName Anchor { get; } = anchor;

        public int NodesBefore { get; } = nodesBefore;

        public int Levels { get; set; }
    }
}
