"""The types of conditions: what each part of one is, and what does not go together."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from datetime import date

from attrs import Factory, define, field, frozen

from siyu.config._grammar import Flaw, span
from siyu.config._words import closest
from siyu.config.units import Money

__all__ = ["TODAY", "UNKNOWN", "Names", "Typed", "day_number"]

TODAY = "today"
"""The name of the run's day, a day like ``joined``."""

_NUMBERS = ("integer", "real")
_EPOCH = date(1970, 1, 1).toordinal()
_ARTICLE = {"integer": "a whole number", "real": "a number", "flag": "true or false", "day": "a day"}
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
UNKNOWN = "unknown"
"""The type of what is wrong already, and so goes with everything."""


@frozen
class Names:
    """What a condition may name.

    Attributes:
        columns: Features and member attributes: name -> ``integer``, ``money``, ``real``, ``text``, ``flag`` or
            ``day``.
        tags: The tags, for ``tag('…')``.
        segments: The segments, for ``segment('…')``.
        events: The event types, for ``did('…')``, ``never('…')`` and ``days_since('…')``.
        exponent: How many decimals the brand's currency has.
    """

    columns: Mapping[str, str] = field(factory=dict)
    tags: Collection[str] = ()
    segments: Collection[str] = ()
    events: Collection[str] = ()
    exponent: int = 2


def day_number(text: str) -> int:
    """Return the day number of a date such as ``2026-11-11``.

    Raises:
        ValueError: The text is no such date.
    """
    return date.fromisoformat(text).toordinal() - _EPOCH


@define
class Typed:
    """A condition's tree with a type for each part, and the flaws that were found on the way.

    Attributes:
        text: The condition as it was written.
        names: What it may name; a name that is not among them is of unknown type where ``strict`` is off.
        strict: Whether unknown names are flaws.
        types: The type of each expression, by identity; a text beside money or a day takes that type.
        flaws: What is wrong.
    """

    text: str
    names: Names
    strict: bool = True
    types: dict[int, str] = Factory(dict)
    flaws: list[Flaw] = Factory(list)

    def condition(self, node: ast.expr) -> None:
        """Type an expression that has to be true or false."""
        found = self.visit(node)
        if found not in ("flag", UNKNOWN):
            example = f'compare it, as in "{self._source(node)} {_EXAMPLES[found]}"'
            self.flaw(node, f"{_named(found)}, not a condition: {example}")

    def visit(self, node: ast.expr) -> str:
        """Type an expression and all within it; return its type."""
        found = self._type(node)
        return self.types.setdefault(id(node), found)

    def flaw(self, node: ast.expr, message: str, hint: str = "") -> str:
        """Note a flaw; return the type of an expression that has one."""
        offset, width = span(self.text, node)
        self.flaws.append(Flaw(message, hint, offset, width))
        return UNKNOWN

    def _type(self, node: ast.expr) -> str:  # noqa: PLR0911 - one for each node
        match node:
            case ast.BoolOp(values=values):
                for value in values:
                    self.condition(value)
                return "flag"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.condition(operand)
                return "flag"
            case ast.UnaryOp(operand=operand):
                return self._negative(node, self.visit(operand))
            case ast.Compare():
                return self._compare(node)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Call():
                return self._call(node)
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.Constant(value=value):
                return _literal(value)
        raise AssertionError(node)

    def _name(self, node: ast.Name, name: str) -> str:
        if name == TODAY:
            return "day"
        found = self.names.columns.get(name)
        if found is None and self.strict:
            hint = closest(name, [*self.names.columns, TODAY])
            return self.flaw(node, f"no feature or member attribute '{name}'", hint)
        return found or UNKNOWN

    def _call(self, node: ast.Call) -> str:
        function, argument = called(node)
        word, known = {
            "tag": ("tag", self.names.tags),
            "segment": ("segment", self.names.segments),
        }.get(function, ("event type", self.names.events))
        if self.strict and argument not in known:
            self.flaw(node.args[0], f"no {word} '{argument}'", closest(argument, known))
        return "integer" if function == "days_since" else "flag"

    def _negative(self, node: ast.expr, found: str) -> str:
        if found in (*_NUMBERS, "money", UNKNOWN):
            return found
        return self.flaw(node, f"{_named(found)}, so it has no negative")

    def _compare(self, node: ast.Compare) -> str:
        operands = [node.left, *node.comparators]
        for operand in operands:
            for each in operand.elts if isinstance(operand, ast.List | ast.Tuple) else (operand,):
                self.visit(each)
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            for each in right.elts if isinstance(right, ast.List | ast.Tuple) else (right,):
                self._comparable(left, operator, each)
        return "flag"

    def _comparable(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> None:
        one, two = self._pair(left, right)
        if UNKNOWN in (one, two):
            return
        if one == two == "flag" and isinstance(operator, _ORDER):
            self.flaw(right, "true and false have no order: write == or !=")
        elif one != two and not (one in _NUMBERS and two in _NUMBERS):
            self._mismatch(left, right, one, two)

    def _mismatch(self, left: ast.expr, right: ast.expr, one: str, two: str) -> None:
        money, other = (left, right) if one == "money" else (right, left)
        if "money" in (one, two) and isinstance(other, ast.Constant) and type(other.value) in (int, float):
            written = Money(round(other.value * 10**self.names.exponent), self.names.exponent)
            self.flaw(other, f"{self._source(money)} is money: write '{written}' instead of {self._source(other)}")
        else:
            self.flaw(right, f"{self._source(left)} is {_noun(one)}, and cannot be compared with {_noun(two)}")

    def _pair(self, left: ast.expr, right: ast.expr) -> tuple[str, str]:
        """Give a text beside money or a day that type, and return both types."""
        self._retype(right, self.types[id(left)])
        self._retype(left, self.types[id(right)])
        return self.types[id(left)], self.types[id(right)]

    def _retype(self, node: ast.expr, other: str) -> None:
        if other not in ("money", "day") or not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            return
        try:
            Money.parse(node.value, self.names.exponent) if other == "money" else day_number(node.value)
            self.types[id(node)] = other
        except ValueError as error:
            words = str(error) if other == "money" else f"expected a date, as in '2026-11-11', not '{node.value}'"
            self.types[id(node)] = self.flaw(node, words)

    def _arithmetic(self, node: ast.BinOp) -> str:
        self.visit(node.left)
        self.visit(node.right)
        if isinstance(node.op, ast.Mult):
            one, two = self.types[id(node.left)], self.types[id(node.right)]
        else:
            one, two = self._pair(node.left, node.right)
        if UNKNOWN in (one, two):
            return UNKNOWN
        found = _result(node.op, one, two)
        if found:
            return found
        symbol = _SYMBOLS[type(node.op)]
        return self.flaw(node, f"{symbol} does not go with {_noun(one)} and {_noun(two)}")

    def _source(self, node: ast.expr) -> str:
        offset, width = span(self.text, node)
        return self.text[offset : offset + width]


_SYMBOLS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%"}
_EXAMPLES = {"integer": "> 0", "real": "> 0", "money": "> '0'", "text": "== 'a'", "day": "> '2026-01-01'"}


def called(node: ast.Call) -> tuple[str, str]:
    """Return the function and the argument of a call."""
    match node:
        case ast.Call(func=ast.Name(id=function), args=[ast.Constant(value=str(argument))]):
            return function, argument
    raise AssertionError(node)


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "flag"
    return {int: "integer", float: "real"}.get(type(value), "text")


def _noun(kind: str) -> str:
    return _ARTICLE.get(kind, kind)


def _named(kind: str) -> str:
    return f"this is {_noun(kind)}"


def _result(operator: ast.operator, one: str, two: str) -> str:
    """Return the type of an operation, or an empty text where it has none."""
    numbers = one in _NUMBERS and two in _NUMBERS
    whole = "real" not in (one, two)
    if isinstance(operator, ast.Add | ast.Sub):
        return _sum(operator, one, two, numbers=numbers, whole=whole)
    if isinstance(operator, ast.Mult):
        if "money" in (one, two) and (one in _NUMBERS or two in _NUMBERS):
            return "money"
        return ("integer" if whole else "real") if numbers else ""
    if isinstance(operator, ast.Div):
        return "money" if one == "money" and two in _NUMBERS else "real" if numbers or one == two == "money" else ""
    return _whole(operator, one, two)


def _sum(operator: ast.operator, one: str, two: str, *, numbers: bool, whole: bool) -> str:
    if numbers:
        return "integer" if whole else "real"
    if one == two == "money":
        return "money"
    if one == two == "day" and isinstance(operator, ast.Sub):
        return "integer"
    if one == "day" and two == "integer":
        return "day"
    return "day" if (one, two) == ("integer", "day") and isinstance(operator, ast.Add) else ""


def _whole(operator: ast.operator, one: str, two: str) -> str:
    """Type ``//`` and ``%``, which take whole numbers only: engines differ on the others."""
    if one == two == "integer":
        return "integer"
    if one == two == "money":
        return "integer" if isinstance(operator, ast.FloorDiv) else "money"
    return "money" if (one, two) == ("money", "integer") else ""
