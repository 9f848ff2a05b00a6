"""The grammar of conditions: Python's own, cut down to a whitelist, and errors that point at the place."""

from __future__ import annotations

import ast
import re
import unicodedata
from typing import TYPE_CHECKING

from attrs import frozen

from siyu.config._words import closest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CALLS", "ExpressionError", "Flaw", "parsed", "span"]

CALLS = ("days_since", "did", "never", "segment", "tag")
"""The functions of a condition; each takes one name as text."""

_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<string>'[^'\\\n]*'|"[^"\\\n]*")|(?P<number>[0-9][0-9_]*(?:\.[0-9]+)?)"""
    r"""|(?P<name>[^\W\d]\w*)|(?P<operator>==|!=|<=|>=|//|&&|\|\||[-<>+*/%()\[\],])|(?P<other>.)""",
    re.DOTALL,
)
_INSTEAD = {"=": "==", "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not", "≥": ">=", "≤": "<=", "≠": "!="}
_QUOTES = "\u201c\u201d\u2018\u2019「」"
_WORDS = ("and", "or", "not", "in")
_OPEN = ("==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "//", "%")
_NODES = (
    ast.Expression,
    *(ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub),
    *(ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn),
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod),
    *(ast.Constant, ast.Name, ast.Load, ast.Call, ast.List, ast.Tuple),
)
_MISPLACED = "a list stands only after 'in', as in \"place in ['hz', 'sh']\""
_DEEPEST = 60
_LARGEST = 2**63 - 1


@frozen
class Flaw:
    """One thing that is wrong in a condition.

    Attributes:
        message: What is wrong and what was expected.
        hint: One close match or the way to mend it; empty where there is none.
        offset: Where it starts, in characters from 0.
        width: How many characters it takes.
    """

    message: str
    hint: str = ""
    offset: int = 0
    width: int = 1


class ExpressionError(ValueError):
    """A text that is no condition.

    Attributes:
        flaw: What is wrong, and where in the text.
    """

    def __init__(self, flaw: Flaw) -> None:
        """Keep the flaw; the message is the flaw's own."""
        self.flaw = flaw
        super().__init__(flaw.message)


def span(text: str, node: ast.expr) -> tuple[int, int]:
    """Return where a node of the parsed text starts and how long it is, in characters."""
    # ast counts UTF-8 bytes of the text without its leading white space.
    body = text.lstrip()
    raw = body.encode()
    start = len(raw[: node.col_offset].decode())
    return len(text) - len(body) + start, len(raw[node.col_offset : node.end_col_offset].decode())


def parsed(text: str) -> ast.expr:
    """Parse a condition and return its tree, made of the listed nodes only.

    Raises:
        ExpressionError: The text is empty, is no expression, or uses more than the listed nodes.
    """
    _scan(text)
    body = text.lstrip()
    try:
        # White space keeps its length, so that every offset stays true.
        tree = ast.parse(re.sub(r"\s", " ", body.rstrip()), mode="eval").body
    except SyntaxError as error:
        offset = len(text) - len(body) + max((error.offset or 1) - 1, 0)
        raise ExpressionError(Flaw(f"not a condition: {error.msg}", offset=min(offset, len(text)))) from None
    except (RecursionError, MemoryError):
        raise ExpressionError(Flaw("too deeply nested", width=len(text))) from None
    _shallow(text, tree)
    tree = _folded(tree)
    if isinstance(tree, ast.List | ast.Tuple):
        raise _error(text, tree, _MISPLACED)
    for node in _expressions(tree):
        _allowed(text, node)
    return tree


def _scan(text: str) -> None:
    """Refuse, with the right spelling, what the tokenizer of Python would read in another way or only warn of."""
    if not text.strip():
        raise ExpressionError(Flaw('empty: write a condition, as in "orders_90d >= 3"'))
    previous = None
    for match in _TOKEN.finditer(text):
        kind, word = match.lastgroup, match.group()
        message = _misread(match, previous)
        if message:
            raise ExpressionError(Flaw(message, offset=match.start(), width=len(word)))
        previous = previous if kind == "space" else match
    if previous is not None and (previous.group() in _WORDS or previous.group() in _OPEN):
        message = f"not a condition: nothing comes after '{previous.group()}'"
        raise ExpressionError(Flaw(message, offset=previous.start(), width=len(previous.group())))


def _misread(match: re.Match[str], previous: re.Match[str] | None) -> str:
    kind, word = match.lastgroup, match.group()
    if kind == "other" or word in _INSTEAD:
        return _unexpected(word)
    if kind == "name" and word.lower() in _WORDS and word not in _WORDS:
        return f"write '{word.lower()}' in small letters"
    if previous is None:
        return ""
    if kind == "name" and previous.lastgroup == "number" and previous.end() == match.start():
        return f"put a space between '{previous.group()}' and '{word}'"
    if kind == previous.lastgroup == "string":
        return "a comma or an operator is missing before this text"
    return ""


def _unexpected(word: str) -> str:
    plain = _INSTEAD.get(word) or unicodedata.normalize("NFKC", word)
    if word in _QUOTES:
        plain = '"'
    if plain != word and plain.isprintable():
        return f"write {plain} instead of {word}"
    if word in "'\"":
        return "a text that is not closed: put the same quote at its end"
    return f"unexpected '{word}'"


def _shallow(text: str, tree: ast.expr) -> None:
    level: list[ast.AST] = [tree]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise ExpressionError(Flaw("too deeply nested", width=len(text)))


def _folded(tree: ast.expr) -> ast.expr:
    folded: ast.expr = _Constants().visit(tree)
    return folded


class _Constants(ast.NodeTransformer):
    """Makes constants of ``true``, ``false`` and negative numbers."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in ("true", "false"):
            return node
        return ast.copy_location(ast.Constant(node.id == "true"), node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        inner = self.visit(node.operand)
        value = inner.value if isinstance(inner, ast.Constant) else None
        if isinstance(node.op, ast.USub) and isinstance(value, int | float) and not isinstance(value, bool):
            return ast.copy_location(ast.Constant(-value), node)
        return ast.copy_location(ast.UnaryOp(node.op, inner), node)


def _expressions(tree: ast.expr) -> Iterator[ast.expr]:
    """Walk the expressions of a tree; the name of a call and the items of a list are judged with their owner."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.expr) and not (isinstance(tree, ast.Call) and child is tree.func):
            yield from _expressions(child)


def _allowed(text: str, node: ast.expr) -> None:
    operator = getattr(node, "op", None)
    operators = [operator] if operator else getattr(node, "ops", [])
    if not isinstance(node, _NODES) or not all(isinstance(each, _NODES) for each in operators):
        raise _error(text, node, "not allowed in a condition")
    if isinstance(node, ast.Call):
        _allowed_call(text, node)
    elif isinstance(node, ast.Constant):
        _allowed_constant(text, node)
    elif isinstance(node, ast.Compare):
        _allowed_lists(text, node)
    elif any(isinstance(child, ast.List | ast.Tuple) for child in ast.iter_child_nodes(node)):
        raise _error(text, node, _MISPLACED)


def _allowed_call(text: str, node: ast.Call) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in CALLS:
        hint = closest(name, CALLS) or f"the functions are {', '.join(CALLS)}"
        raise _error(text, node.func, f"no function '{name}'" if name else "not a function", hint)
    literal = len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    if not literal or node.keywords:
        example = "vip" if name in ("segment", "tag") else "ordered"
        raise _error(text, node, f"{name} takes one name as text, as in {name}('{example}')")


def _allowed_constant(text: str, node: ast.Constant) -> None:
    if not isinstance(node.value, str | int | float):
        raise _error(text, node, f"{node.value!r} is not allowed in a condition")
    if not isinstance(node.value, str) and abs(node.value) > _LARGEST:
        raise _error(text, node, "too large a number")


def _allowed_lists(text: str, node: ast.Compare) -> None:
    operands = [node.left, *node.comparators]
    for operand, operator in zip(operands, [None, *node.ops], strict=True):
        wants = isinstance(operator, ast.In | ast.NotIn)
        if wants != isinstance(operand, ast.List | ast.Tuple):
            raise _error(text, operand, "'in' takes a list, and only it does, as in \"place in ['hz', 'sh']\"")
        items = operand.elts if isinstance(operand, ast.List | ast.Tuple) else None
        if items is not None and not (items and all(isinstance(item, ast.Constant) for item in items)):
            raise _error(text, operand, "a list holds texts or numbers, and at least one")
    if len(node.ops) > 1 and any(isinstance(operator, ast.In | ast.NotIn) for operator in node.ops):
        raise _error(text, node, "'in' cannot be chained: put 'and' between the two comparisons")


def _error(text: str, node: ast.expr, message: str, hint: str = "") -> ExpressionError:
    offset, width = span(text, node)
    return ExpressionError(Flaw(message, hint, offset, width))
