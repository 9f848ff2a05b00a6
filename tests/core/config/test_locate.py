from __future__ import annotations

import json
import tomllib
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.config.locate import index, locate

TEXT = """# a brand
brand.name = "Tea \\u8336 # shop"  # [not.a.table]
"quoted key" = 'it is'
[feature]
spend = { sum = "ordered.amount", "window" = '90d' }
[ campaign . "wel.come" ]
from = 2026-12-01 10:00:00
steps = [  # a comment with ] and "
  { id = "a", when = "x > 1" },
  [1, 2,
   3],
]
[[rule]]
name = "one"
[[rule]]
name = "two"
[rule.deep]
x = 1
[[rule.more]]
y = 2
[[rule.more]]
y.z = 3
"""

Value: TypeAlias = Any

LONG = 'a = """\nx > 1 and \\\n   y \\"z\\" \\u8336 > 2"""\nb = \'\'\'\nq\' > 3\'\'\'\n'


def leaves(value: Value, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        return [(path, value)]
    return [leaf for key, each in items for leaf in leaves(each, (*path, key))]


def same(text: str) -> None:
    found = index(text)
    assert found.twice is None
    for path, value in leaves(tomllib.loads(text)):
        start, end = found.values[path]
        assert tomllib.loads(f"value = {text[start:end]}")["value"] == value
        if isinstance(path[-1], str):
            start, end = found.keys[path]
            assert next(iter(tomllib.loads(f"{text[start:end]} = 1"))) == path[-1]


@pytest.mark.parametrize("text", [TEXT, LONG, "", "\n\n# only a comment", "a = 1", "a=[]\nb={}\n"])
def test_each_value_of_a_written_text_is_found(text: str) -> None:
    same(text)


SCALARS = st.one_of(
    st.integers(-(2**40), 2**40),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8),
    st.dates(date(1900, 1, 1)),
    st.datetimes(datetime(1900, 1, 1)),  # noqa: DTZ001 - TOML's local times have no zone
)
KEYS = st.text(st.sampled_from("ab-_1 .\"'茶#=[]"), max_size=4)
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3))
    ),
    max_size=4,
)


def key(name: str, data: st.DataObject) -> str:
    bare = name and all(letter in "ab-_1" for letter in name)
    return name if bare and data.draw(st.booleans()) else json.dumps(name, ensure_ascii=False)


def scalar(value: Value, data: st.DataObject) -> str:
    if isinstance(value, str):
        plain = "'" not in value and data.draw(st.booleans())
        written = json.dumps(value, ensure_ascii=False)
        shapes = [
            written,
            f'""{written}""',
            f'"""\n{written[1:-1]}"""',
            *([f"'{value}'", f"'''\n{value}'''"] if plain else []),
        ]
        return data.draw(st.sampled_from(shapes if value else [written]))
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)


def inline(value: Value, data: st.DataObject) -> str:
    if isinstance(value, list):
        gap = data.draw(st.sampled_from(["", " ", "\n", " # ] } ,\n"]))
        return f"[{gap}{', '.join(inline(each, data) + gap for each in value)}]"
    if isinstance(value, dict):
        pairs = [f"{key(name, data)} = {inline(each, data)}" for name, each in value.items()]
        return "{ " + ", ".join(pairs) + " }"
    return scalar(value, data)


def document(tree: dict[str, Any], data: st.DataObject, header: str = "") -> str:
    lines, tables = [], []
    for name, value in tree.items():
        written = key(name, data)
        full = f"{header}{written}"
        many = isinstance(value, list) and value and all(isinstance(each, dict) for each in value)
        if isinstance(value, dict) and data.draw(st.booleans()):
            tables.append(f"[ {full} ] # [x]\n{document(value, data, full + '.')}")
        elif many and data.draw(st.booleans()):
            tables += [f"[[{full}]]\n{document(each, data, full + '.')}" for each in value]
        elif isinstance(value, dict) and value and data.draw(st.booleans()):
            lines += [f"{written} . {key(inner, data)} = {inline(each, data)}" for inner, each in value.items()]
        else:
            lines.append(f"  {written} = {inline(value, data)}  # a = 1")
    return "\n".join([*lines, *tables]) + "\n"


@settings(max_examples=200, deadline=None)
@given(TREES, st.data())
def test_each_value_of_any_text_is_found(tree: dict[str, Any], data: st.DataObject) -> None:
    text = document(tree, data)
    assert tomllib.loads(text) == tree
    same(text)


@pytest.mark.parametrize(
    ("path", "on", "line", "marked"),
    [
        (("feature", "spend", "window"), "value", 5, "'90d'"),
        (("feature", "spend", "window"), "key", 5, '"window"'),
        (("campaign", "wel.come"), "key", 6, '"wel.come"'),
        (("campaign", "wel.come", "steps", 0, "when"), "value", 9, '"x > 1"'),
        (("campaign", "wel.come", "steps", 1, 2), "value", 11, "3"),
        (("campaign", "wel.come", "steps", 0, "nothing"), "key", 9, '{ id = "a", when = "x > 1" }'),
        (("campaign", "wel.come", "nothing"), "value", 6, '"wel.come"'),
        (("rule", 1, "name"), "value", 16, '"two"'),
        (("rule", 1, "more", 1, "y", "z"), "value", 22, "3"),
    ],
)
def test_places(path: tuple[str | int, ...], on: Literal["key", "value"], line: int, marked: str) -> None:
    place = locate(TEXT, path, on)
    assert place is not None
    assert (place.line, place.source[place.column - 1 :][: place.width]) == (line, marked)


def test_nothing_is_found_where_no_part_of_the_path_is() -> None:
    assert locate(TEXT, ("nobody", "here")) is None
    assert locate(TEXT, ()) is None


@pytest.mark.parametrize(("name", "word", "line"), [("a", "y", 3), ("a", "茶", 3), ("a", "2", 3), ("b", "3", 5)])
def test_a_place_within_a_text_of_many_lines(name: str, word: str, line: int) -> None:
    value = tomllib.loads(LONG)[name]
    place = locate(LONG, (name,), "value", value.index(word), len(word))
    assert place is not None
    marked = place.source[place.column - 1 :][: place.width]
    assert (place.line, marked) == (line, "\\u8336" if word == "茶" else word)


@given(st.text(max_size=60))
def test_what_is_no_toml_ends_the_search(text: str) -> None:
    index(text)
