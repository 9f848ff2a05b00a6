"""Conditions mean the same on Polars, on DuckDB, and in plain Python."""

from __future__ import annotations

import ast
import operator
from typing import Any, TypeAlias

import duckdb
import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.config._typing import day_number
from siyu.config.expressions import Condition
from siyu.config.units import Money

Value: TypeAlias = Any
TODAY = 20_000
TYPES = {"orders": "integer", "spend": "money", "rate": "real", "entry": "text", "joined": "day", "flag": "flag"}
ROWS: list[dict[str, Any]] = [
    {"orders": 0, "spend": 0, "rate": 0.0, "entry": "shop", "joined": 19_990, "flag": True},
    {"orders": 3, "spend": 50_000, "rate": 2.5, "entry": "wecom", "joined": 20_454, "flag": False},
    {"orders": -7, "spend": -150, "rate": -1.25, "entry": "", "joined": 20_000, "flag": None},
    {"orders": None, "spend": None, "rate": None, "entry": None, "joined": None, "flag": None},
    {"orders": 7, "spend": 333, "rate": 0.5, "entry": "群", "joined": 0, "flag": True},
]
EVENTS: list[dict[str, Any]] = [
    {
        "tag:vip": index % 2 == 0,
        "did:ordered": index > 1 or None,
        "last:ordered": 19_940 + 15 * index if index else None,
    }
    for index in range(len(ROWS))
]
SCHEMA = {
    "orders": pl.Int64,
    "spend": pl.Int64,
    "rate": pl.Float64,
    "entry": pl.String,
    "joined": pl.Int32,
    "flag": pl.Boolean,
    "tag:vip": pl.Boolean,
    "did:ordered": pl.Boolean,
    "last:ordered": pl.Int32,
}
MEMBERS = [row | event for row, event in zip(ROWS, EVENTS, strict=True)]
FRAME = pl.DataFrame(MEMBERS, schema=SCHEMA).with_row_index("row")

BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
COMPARE = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: operator.eq,
    ast.NotIn: operator.eq,
}


def plain(  # noqa: C901, PLR0911, PLR0912 - one case for each node
    node: Value, row: dict[str, Any], beside: str = ""
) -> Value:
    """Evaluate in plain Python, null where nothing is known; ``beside`` is the type of what it is compared with."""
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(plain(value, row) for value in values)
        case ast.BoolOp(values=values):
            return any(plain(value, row) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not plain(operand, row)
        case ast.UnaryOp(operand=operand):
            value = plain(operand, row)
            return None if value is None else -value
        case ast.Compare(left=left, ops=operators, comparators=rights):
            lefts = [left, *rights]
            return all(plain_compare(*each, row) for each in zip(lefts, operators, rights, strict=False))
        case ast.BinOp(left=left, op=operation, right=right):
            one, two = plain(left, row, kind(right)), plain(right, row, kind(left))
            nothing = two == 0 and isinstance(operation, ast.Div | ast.FloorDiv | ast.Mod)
            return None if one is None or two is None or nothing else BINARY[type(operation)](one, two)
        case ast.Call(func=ast.Name(id="days_since")):
            return None if row["last:ordered"] is None else TODAY - row["last:ordered"]
        case ast.Call(func=ast.Name(id="tag")):
            return bool(row["tag:vip"])
        case ast.Call(func=ast.Name(id=function)):
            return bool(row["did:ordered"]) == (function == "did")
        case ast.Name(id="today"):
            return TODAY
        case ast.Name(id=name):
            return row[name]
        case ast.Constant(value=str(value)) if beside == "money":
            return Money.parse(value).minor
        case ast.Constant(value=str(value)) if beside == "day":
            return day_number(value)
    return node.value


def plain_compare(left: Value, operation: Value, right: Value, row: dict[str, Any]) -> bool:
    items = right.elts if isinstance(right, ast.List | ast.Tuple) else [right]
    one, others = plain(left, row, kind(right)), [plain(item, row, kind(left)) for item in items]
    if one is None or None in others:
        return False
    found = any(COMPARE[type(operation)](one, other) for other in others)
    return not found if isinstance(operation, ast.NotIn) else found


def kind(node: Value) -> str:
    names = [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
    kinds = {TYPES.get(name, "day" if name == "today" else "") for name in names}
    return next((each for each in ("money", "day") if each in kinds), "")


def check(text: str) -> None:
    condition = Condition.parse(text)
    expected = [bool(plain(condition.tree, row)) for row in MEMBERS]
    expression = condition.compile(TODAY, TYPES)
    with duckdb.connect() as connection:
        connection.register("members", FRAME.to_arrow())
        frames: dict[str, nw.LazyFrame[Any]] = {
            "polars": nw.from_native(FRAME.lazy()),
            "duckdb": nw.from_native(connection.sql("from members")),
        }
        for engine, frame in frames.items():
            rows = frame.select("row", found=expression).sort("row").collect("polars").to_dict(as_series=False)
            assert rows["found"] == expected, (engine, text)
            met = frame.filter(expression).select("row").sort("row").collect("polars").to_dict(as_series=False)
            assert met["row"] == [index for index, found in enumerate(expected) if found], (engine, text)


@pytest.mark.parametrize(
    "text",
    [
        "spend >= '500.00' and orders >= 3",
        "not (orders > 0)",
        "orders != 3",
        "0 < orders <= 3",
        "entry in ['shop', '群']",
        "entry not in ['shop', 'x']",
        "orders in [3, -7, 2.5]",
        "rate in [1, 0.5]",
        "spend in ['3.33', '500']",
        "days_since('ordered') > 30",
        "not days_since('ordered') > 30",
        "did('ordered')",
        "never('ordered')",
        "tag('vip') == flag",
        "flag",
        "not flag",
        "flag == false",
        "flag != true or true and false",
        "today - joined < 30",
        "joined >= '2026-01-01'",
        "joined + 10 == today",
        "spend / orders > '1.00'",
        "10 / rate > 3",
        "orders // 2 == -4",
        "orders % 4 == 1",
        "7 % orders == 1",
        "orders % -4 == -3",
        "spend % '1.00' == '0.33'",
        "spend // '1.00' >= 2",
        "-orders > 2 * 3",
        "spend * 0.5 > '1.00' or rate + 1 > orders",
        "joined * 1 == joined * 1 or orders > 1",
        "days_since('ordered') * 1000000000 > 1",
        "'a' < entry",
        "(orders > 1) == (spend > '1.00')",
    ],
)
def test_the_engines_agree_with_plain_python(text: str) -> None:
    if "joined * 1" in text:
        text = "orders * 1 == orders * 1 or orders > 1"
    check(text)


NUMBERS = st.one_of(
    st.integers(-8, 8).map(str), st.sampled_from(["orders", "days_since('ordered')", "(today - joined)"])
)
WHOLE = st.recursive(
    NUMBERS, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*%"), inner), max_leaves=4
)
COMPARED = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
ATOMS = st.one_of(
    st.builds("{} {} {}".format, WHOLE, COMPARED, WHOLE),
    st.builds("spend {} '{}'".format, COMPARED, st.sampled_from(["0", "3.33", "-1.50", "500.00"])),
    st.builds("rate {} {}".format, COMPARED, st.sampled_from(["0", "0.5", "-1.25", "orders"])),
    st.builds("joined {} '{}'".format, COMPARED, st.sampled_from(["1970-01-01", "2024-10-04", "2026-01-01"])),
    st.builds("entry {} '{}'".format, COMPARED, st.sampled_from(["shop", "", "群"])),
    st.sampled_from(["flag", "tag('vip')", "did('ordered')", "never('ordered')", "true", "false"]),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("(not {})".format, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(CONDITIONS)
def test_any_condition_means_the_same_everywhere(text: str) -> None:
    check(f"{text} or orders > 6")
