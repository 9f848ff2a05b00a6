"""The typed condition language: ``"spend_90d >= '500.00' and not did('refunded')"``.

Python's own grammar, read by ``ast`` and cut down to comparisons, ``and``, ``or``, ``not``, arithmetic, literals,
names and the calls ``tag``, ``segment``, ``did``, ``never`` and ``days_since``; compiled to narwhals expressions.
Nothing is evaluated by Python. Logic is two-valued: a comparison with what is not known is false.
"""

from __future__ import annotations

import ast
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any, Self

import narwhals as nw
from attrs import field, frozen

from siyu.config._grammar import CALLS, ExpressionError, Flaw, parsed
from siyu.config._order import topological
from siyu.config._typing import TODAY, Names, Typed, called, day_number
from siyu.config._words import shown
from siyu.config.units import Money

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = ["CALLS", "TODAY", "Condition", "ExpressionError", "Flaw", "Names", "ordered"]

_PREFIX = {"tag": "tag", "segment": "segment", "did": "did", "never": "did", "days_since": "last"}
_WHOLE = ("integer", "money", "day")


@frozen
class Condition:
    """A condition on a member.

    Attributes:
        text: The condition as it was written; two conditions of one text are equal.
        tree: What was parsed of it.
        exponent: How many decimals the brand's currency has, for the amounts in it.
    """

    text: str
    tree: ast.expr = field(eq=False, repr=False)
    exponent: int = field(default=2, eq=False, repr=False)

    @classmethod
    def parse(cls, text: object, exponent: int = 2) -> Self:
        """Read a condition from text.

        Args:
            text: The text, as in ``"orders_90d >= 3 and tag('vip')"``.
            exponent: How many decimals the brand's currency has.

        Raises:
            ExpressionError: The text is no condition; its flaw says where.
            ValueError: The value is no text, or the condition reads nothing of the member.
        """
        if not isinstance(text, str):
            message = f'expected a condition as text, as in "orders_90d >= 3", not {shown(text)}'
            raise ValueError(message)  # noqa: TRY004 - the parsers of a config raise ValueError
        condition = cls(text, parsed(text), exponent)
        if not condition.needs:
            words = "the same for every member: name a feature, an attribute, a tag, a segment or an event"
            raise ExpressionError(Flaw(words, width=len(text)))
        return condition

    @property
    def needs(self) -> frozenset[str]:
        """The columns that it reads.

        A feature or a member attribute by its name; ``tag:NAME``, ``segment:NAME`` and ``did:TYPE`` (Boolean);
        ``last:TYPE`` (Int32: the day of the member's latest event of that type, null where there is none).
        """
        return frozenset(_needs(self.tree))

    @property
    def names(self) -> frozenset[str]:
        """The plain names in it, ``today`` included."""
        return frozenset(node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)) - set(CALLS)

    def check(self, names: Names) -> list[Flaw]:
        """Return what is wrong with it: unknown names, and types that do not go together."""
        typed = Typed(self.text, names)
        typed.condition(self.tree)
        return sorted(typed.flaws, key=lambda flaw: flaw.offset)

    def compile(self, today: int, types: Names | Mapping[str, str] | None = None) -> nw.Expr:
        """Return it as a Boolean expression, never null, over the columns that it needs.

        Args:
            today: The run's day number, in the brand's zone.
            types: The types of features and member attributes: names, or their ``columns``. A text that is compared
                with a column of type ``money`` is an amount, with one of type ``day`` a date. Without them every
                text is text.

        Raises:
            ExpressionError: Parts of it do not go together; ``check`` finds the same flaws.
        """
        columns = types.columns if isinstance(types, Names) else types or {}
        typed = Typed(self.text, Names(columns=columns, exponent=self.exponent), strict=False)
        typed.condition(self.tree)
        if typed.flaws:
            raise ExpressionError(typed.flaws[0])
        return _Compiler(typed, today).condition(self.tree)

    def __str__(self) -> str:
        """The condition as it was written."""
        return self.text


def ordered(needs: Mapping[str, Collection[str]]) -> list[str]:
    """Return the names of segments so that each comes after those that it needs; ties go by name.

    Raises:
        ValueError: Segments name each other in a circle; the message names it.
    """
    return topological(
        {
            name: {need.removeprefix("segment:") for need in each if need.startswith("segment:")}
            for name, each in needs.items()
        }
    )


def _needs(tree: ast.expr) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function, argument = called(node)
            yield f"{_PREFIX[function]}:{argument}"
        elif isinstance(node, ast.Name) and node.id not in (TODAY, *CALLS):
            yield node.id


@frozen
class _Compiler:
    """Turns a typed tree into a narwhals expression."""

    typed: Typed
    today: int

    def condition(self, node: ast.expr) -> nw.Expr:
        """Compile an expression that has to be true or false, so that it is never null."""
        match node:
            case ast.BoolOp(op=operator, values=values):
                return reduce(and_ if isinstance(operator, ast.And) else or_, map(self.condition, values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ~self.condition(operand)
            case ast.Compare(left=left, ops=operators, comparators=rights):
                steps = zip([left, *rights], operators, rights, strict=False)
                return reduce(and_, (self._compare(*step).fill_null(value=False) for step in steps))
        return self.value(node).fill_null(value=False)

    def value(self, node: ast.expr) -> nw.Expr:
        """Compile an expression; null where what it reads is not known."""
        match node:
            case ast.Name(id=name):
                return nw.lit(self.today, nw.Int64) if name == TODAY else self._column(name, self._type(node))
            case ast.Constant():
                value = self._literal(node)
                return nw.lit(value, _DTYPES[type(value)])
            case ast.Call():
                return self._call(node)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return nw.lit(0, nw.Int64) - self.value(operand)
            case ast.BinOp(left=left, op=operator, right=right):
                return _arithmetic(operator, self.value(left), self.value(right))
        return self.condition(node)

    def _type(self, node: ast.expr) -> str:
        return self.typed.types[id(node)]

    def _column(self, name: str, found: str) -> nw.Expr:
        # A narrow integer would overflow in arithmetic on some engines, and not on others.
        return nw.col(name).cast(nw.Int64) if found in _WHOLE else nw.col(name)

    def _literal(self, node: ast.Constant) -> Any:  # noqa: ANN401 - a literal of any of the language's types
        found = self._type(node)
        if isinstance(node.value, str) and found == "money":
            return Money.parse(node.value, self.typed.names.exponent).minor
        if isinstance(node.value, str) and found == "day":
            return day_number(node.value)
        return node.value

    def _call(self, node: ast.Call) -> nw.Expr:
        function, argument = called(node)
        column = nw.col(f"{_PREFIX[function]}:{argument}")
        if function == "days_since":
            return nw.lit(self.today, nw.Int64) - column.cast(nw.Int64)
        known = column.fill_null(value=False)
        return ~known if function == "never" else known

    def _compare(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> nw.Expr:
        if isinstance(operator, ast.In | ast.NotIn):
            # Not is_in: engines disagree on lists of other numbers than the column's.
            found = reduce(or_, (self.value(left) == self.value(item) for item in _items(right)))
            return ~found if isinstance(operator, ast.NotIn) else found
        compared: nw.Expr = _COMPARISONS[type(operator)](self.value(left), self.value(right))
        return compared


_DTYPES: dict[type, Any] = {bool: nw.Boolean, int: nw.Int64, float: nw.Float64, str: nw.String}
_COMPARISONS: dict[type[ast.cmpop], Any] = {
    ast.Eq: nw.Expr.__eq__,
    ast.NotEq: nw.Expr.__ne__,
    ast.Lt: nw.Expr.__lt__,
    ast.LtE: nw.Expr.__le__,
    ast.Gt: nw.Expr.__gt__,
    ast.GtE: nw.Expr.__ge__,
}


def _items(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.List | ast.Tuple) else []


def _arithmetic(operator: ast.operator, left: nw.Expr, right: nw.Expr) -> nw.Expr:
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Sub):
        return left - right
    if isinstance(operator, ast.Mult):
        return left * right
    # Engines give infinity, null or an error for a division by zero: here nothing is known.
    divisor = nw.when(right != 0).then(right)
    if isinstance(operator, ast.Div):
        return left / divisor
    floor = left // divisor
    # The sign of % differs between engines, that of // does not.
    return floor if isinstance(operator, ast.FloorDiv) else left - floor * divisor
