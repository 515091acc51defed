using Microsoft.CodeAnalysis;

namespace EtcdBackupAgent.Mutation.Mutants;

/// <summary>One possible change of one place.</summary>
/// <param name="Node">The expression or statement that is replaced.</param>
/// <param name="Mutated">What takes its place, for people.</param>
/// <param name="Template">
/// What takes its place, with both behaviours; <see cref="Switch"/> stands for the condition that the mutant is on.
/// </param>
internal sealed record Candidate(SyntaxNode Node, string Mutated, string Template)
{
    /// <summary>A character that no source file has.</summary>
    public const string Switch = "\u0001";

    /// <summary>Whether both change the same place, or one changes a part of the other's.</summary>
    public bool Overlaps(Candidate other) =>
        Node.SyntaxTree == other.Node.SyntaxTree && Node.Span.IntersectsWith(other.Node.Span);
}
