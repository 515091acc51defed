using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace EtcdBackupAgent.Mutation.Mutants;

/// <summary>Finds the places of one file that can be mutated, in the order of the file.</summary>
/// <remarks>
/// Text is never changed, so neither are the messages of logs and errors. Code that must be constant is left out,
/// because a switch at run time cannot be constant: attributes, const, enums, default values, patterns and labels.
/// </remarks>
internal sealed class CandidateSearch(SemanticModel model)
{
    private const string Is = Candidate.Switch;

    private static readonly Dictionary<SyntaxKind, string> Opposites = new()
    {
        [SyntaxKind.GreaterThanExpression] = ">=",
        [SyntaxKind.GreaterThanOrEqualExpression] = ">",
        [SyntaxKind.LessThanExpression] = "<=",
        [SyntaxKind.LessThanOrEqualExpression] = "<",
        [SyntaxKind.LogicalAndExpression] = "||",
        [SyntaxKind.LogicalOrExpression] = "&&",
        [SyntaxKind.AddExpression] = "-",
        [SyntaxKind.SubtractExpression] = "+",
        [SyntaxKind.AddAssignmentExpression] = "-=",
        [SyntaxKind.SubtractAssignmentExpression] = "+=",
    };

    public IEnumerable<Candidate> Find() => model.SyntaxTree.GetRoot()
        .DescendantNodes(descendIntoChildren: node => !IsLeftOut(node))
        .Where(node => !IsLeftOut(node))
        .SelectMany(FindAt);

    private IEnumerable<Candidate> FindAt(SyntaxNode node)
    {
        IEnumerable<Candidate> candidates = node switch
        {
            BinaryExpressionSyntax binary => OfBinary(binary),
            LiteralExpressionSyntax literal => OfLiteral(literal),
            ExpressionStatementSyntax statement => OfStatement(statement),
            ReturnStatementSyntax or BreakStatementSyntax or ContinueStatementSyntax or ThrowStatementSyntax
                when IsGuard(node) => [Removed((StatementSyntax)node)],
            _ => [],
        };
        return node is ExpressionSyntax condition && IsCondition(condition)
            ? candidates.Append(Negated(condition, $"!({condition})"))
            : candidates;
    }

    private IEnumerable<Candidate> OfBinary(BinaryExpressionSyntax node)
    {
        if (node.Kind() is SyntaxKind.EqualsExpression or SyntaxKind.NotEqualsExpression && IsBoolean(node))
        {
            string opposite = node.IsKind(SyntaxKind.EqualsExpression) ? "!=" : "==";
            yield return Negated(node, $"{node.Left} {opposite} {node.Right}");
        }
        else if (Opposites.TryGetValue(node.Kind(), out string? other) && !IsJoin(node))
        {
            string mutated = $"{node.Left} {other} {node.Right}";
            string both = $"({Is} ? ({node.Left}) {other} ({node.Right}) : {node})";
            yield return new Candidate(node, mutated, Converted(node, both));
        }
    }

    private IEnumerable<Candidate> OfLiteral(LiteralExpressionSyntax node)
    {
        if (node.Kind() is SyntaxKind.TrueLiteralExpression or SyntaxKind.FalseLiteralExpression)
        {
            bool isTrue = node.IsKind(SyntaxKind.TrueLiteralExpression);
            yield return new Candidate(node, isTrue ? "false" : "true", isTrue ? $"(!{Is})" : $"({Is})");
        }

        (decimal value, string suffix)? number = node.Token.Value switch
        {
            int value => (value, ""),
            long value => (value, "L"),
            uint value => (value, "U"),
            ulong value => (value, "UL"),
            _ => null,
        };
        if (number is var (original, type))
        {
            foreach (decimal changed in (decimal[])[original + 1, original - 1])
            {
                string mutated = changed.ToString(CultureInfo.InvariantCulture);
                yield return new Candidate(node, mutated, Converted(node, $"({Is} ? {mutated}{type} : {node})"));
            }
        }
    }

    private IEnumerable<Candidate> OfStatement(ExpressionStatementSyntax node)
    {
        yield return Removed(node);
        if (node.Expression is AssignmentExpressionSyntax assignment
            && Opposites.TryGetValue(assignment.Kind(), out string? other) && !IsJoin(assignment))
        {
            string mutated = $"{assignment.Left} {other} {assignment.Right};";
            yield return new Candidate(node, mutated, $"if ({Is}) {{ {mutated} }} else {{ {node} }}");
        }
    }

    private static Candidate Removed(StatementSyntax node) =>
        new(node, "nothing", $"if (!{Is}) {{ {node} }}");

    private static Candidate Negated(ExpressionSyntax node, string mutated) =>
        new(node, mutated, $"(({node}) ^ {Is})");

    /// <summary>A number that was constant must be converted to a smaller type explicitly.</summary>
    private string Converted(ExpressionSyntax node, string both)
    {
        TypeInfo type = model.GetTypeInfo(node);
        return type.ConvertedType is { SpecialType: >= SpecialType.System_Char and <= SpecialType.System_UInt64 } to
            && !SymbolEqualityComparer.Default.Equals(to, type.Type)
            ? $"(({to.ToDisplayString()}){both})"
            : both;
    }

    /// <summary>Joins texts or delegates, for which there is no subtraction.</summary>
    private bool IsJoin(ExpressionSyntax node) =>
        model.GetTypeInfo(node).Type is { SpecialType: SpecialType.System_String } or { TypeKind: TypeKind.Delegate };

    private bool IsBoolean(ExpressionSyntax node) =>
        model.GetTypeInfo(node).Type?.SpecialType == SpecialType.System_Boolean;

    /// <summary>A condition that is not a comparison, whose opposite is a candidate already.</summary>
    private bool IsCondition(ExpressionSyntax node) =>
        node.Parent switch
        {
            IfStatementSyntax parent => parent.Condition == node,
            WhileStatementSyntax parent => parent.Condition == node,
            DoStatementSyntax parent => parent.Condition == node,
            ForStatementSyntax parent => parent.Condition == node,
            ConditionalExpressionSyntax parent => parent.Condition == node,
            WhenClauseSyntax => true,
            _ => false,
        }
        && node.Kind() is not (SyntaxKind.EqualsExpression or SyntaxKind.NotEqualsExpression
            or SyntaxKind.TrueLiteralExpression or SyntaxKind.FalseLiteralExpression)
        && IsBoolean(node);

    /// <summary>A statement that leaves the code around an <c>if</c>.</summary>
    private static bool IsGuard(SyntaxNode statement) =>
        (statement.Parent is BlockSyntax block ? block.Parent : statement.Parent) is IfStatementSyntax;

    private static bool IsLeftOut(SyntaxNode node) => node switch
    {
        AttributeListSyntax or EnumMemberDeclarationSyntax or PatternSyntax or CaseSwitchLabelSyntax => true,
        InterpolationAlignmentClauseSyntax => true,
        EqualsValueClauseSyntax { Parent: ParameterSyntax } => true,
        FieldDeclarationSyntax field => field.Modifiers.Any(SyntaxKind.ConstKeyword),
        LocalDeclarationStatementSyntax local => local.IsConst,
        ArgumentListSyntax { Parent: InvocationExpressionSyntax call } =>
            call.Expression is MemberAccessExpressionSyntax { Name.Identifier.Text: "ConfigureAwait" },
        _ => false,
    };
}
