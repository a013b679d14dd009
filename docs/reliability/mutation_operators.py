"""What Cosmic Ray's operators leave out: ``+=``, statements, keyword arguments, names.

Each follows `cosmic_ray.operators.operator.Operator`: `mutation_positions` yields a
(start, end) for every change that it can make to a node of the syntax tree, and `mutate`
makes the one at `index`.
"""

import parso  # first: cosmic_ray's own imports of it are circular otherwise
from cosmic_ray.operators import (
    binary_operator_replacement,
    boolean_replacer,
    comparison_operator_replacement,
    number_replacer,
    remove_decorator,
    unary_operator_replacement,
    zero_iteration_for_loop,
)
from cosmic_ray.operators.operator import Example, Operator

# Names that are easily taken for one another.
TWINS = [
    ("all", "any"),
    ("ceil", "floor"),
    ("greater", "greater_equal"),
    ("less", "less_equal"),
    ("max", "min"),
    ("maximum", "minimum"),
    ("mean", "sum"),
    ("ones_like", "zeros_like"),
]
OTHER = {a: b for twins in TWINS for a, b in (twins, twins[::-1])}
AUGMENTED = ["+=", "-=", "*=", "/="]
# A bit operator between floats is a TypeError, which any test would see.
ARITHMETIC = {"Add", "Sub", "Mul", "Div", "FloorDiv", "Pow"}


class AugmentedAssignment(Operator):
    """Replace ``+=``, ``-=``, ``*=``, ``/=`` by each other, and by ``=``."""

    def mutation_positions(self, node):
        if node.type == "operator" and node.value in AUGMENTED:
            yield from [(node.start_pos, node.end_pos)] * len(AUGMENTED)

    def mutate(self, node, index):
        node.value = ([other for other in AUGMENTED if other != node.value] + ["="])[index]
        return node

    @classmethod
    def examples(cls):
        return (Example("x *= y", "x += y"),)


class StatementRemover(Operator):
    """Replace a statement inside of a function or class by ``pass``."""

    kinds = ("expr_stmt", "atom_expr", "raise_stmt")

    def mutation_positions(self, node):
        inside = node.type == "simple_stmt" and node.parent.type == "suite"
        if inside and node.children[0].type in self.kinds:
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        first = node.get_first_leaf()
        node.children[0] = parso.python.tree.Keyword("pass", node.start_pos, first.prefix)
        return node

    @classmethod
    def examples(cls):
        return (Example("def f(x):\n    x += 1\n", "def f(x):\n    pass\n"),)


class KeywordRemover(Operator):
    """Remove a keyword argument from a call."""

    def mutation_positions(self, node):
        for argument in self._keywords(node):
            yield argument.start_pos, argument.end_pos

    def mutate(self, node, index):
        position = node.children.index(self._keywords(node)[index])
        if node.type == "arglist":  # with the comma before it, or after the first one
            start = max(position - 1, 0)
            del node.children[start : start + 2]
        else:
            del node.children[position]
        return node

    @staticmethod
    def _keywords(node):
        if node.type not in ("arglist", "trailer"):
            return []
        return [
            child
            for child in node.children
            if child.type == "argument" and child.children[1].get_code() == "="
        ]

    @classmethod
    def examples(cls):
        return (Example("f(x, axis=0)", "f(x)"),)


class TwinReplacer(Operator):
    """Replace a function's name by one that is easily taken for it."""

    def mutation_positions(self, node):
        if node.type != "name" or node.value not in OTHER:
            return
        attribute = node.get_previous_leaf() is not None and node.get_previous_leaf() == "."
        if attribute or node.get_next_leaf() == "(":
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        node.value = OTHER[node.value]
        return node

    @classmethod
    def examples(cls):
        return (Example("max(x)", "min(x)"),)


def _arithmetic():
    """Yield Cosmic Ray's replacements of one arithmetic operator by another."""
    for kind in binary_operator_replacement.operators():
        _, before, after = kind.__name__.rsplit("_", 2)
        if {before, after} <= ARITHMETIC:
            yield kind


OPERATORS = [
    *_arithmetic(),
    *comparison_operator_replacement.operators(),
    *unary_operator_replacement.operators(),
    number_replacer.NumberReplacer,
    boolean_replacer.AddNot,
    boolean_replacer.ReplaceTrueWithFalse,
    boolean_replacer.ReplaceFalseWithTrue,
    boolean_replacer.ReplaceAndWithOr,
    boolean_replacer.ReplaceOrWithAnd,
    remove_decorator.RemoveDecorator,
    zero_iteration_for_loop.ZeroIterationForLoop,
    AugmentedAssignment,
    StatementRemover,
    KeywordRemover,
    TwinReplacer,
]
