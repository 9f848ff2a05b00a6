"""Whatever changes in a config's tree, its schema and ``check`` agree on its structure, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import tomli_w
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.core.schema.conftest import Editor
from tests.properties.test_mutated_configs import problems

from siyu.config.files import read
from siyu.errors import Problem
from siyu.registry import Registry, discover
from siyu.schema import document

Tree: TypeAlias = Any
Keys: TypeAlias = tuple[str | int, ...]

TREE = read(Path(__file__).parents[2] / "configs" / "tea-shop").tree
ROUNDS = settings.default.max_examples if settings.default else 12

# The words of structure alone: an unknown or missing key, a value of another type or written in another way. All else
# that is refused, such as names that nothing has, is beyond a schema.
STRUCTURE = (
    "unknown key",
    "unknown table",
    "the key 'use' is missing",
    "expected text, not",
    "expected true or false",
    "expected a whole number",
    "expected a number, not",
    "expected a table",
    "expected an array",
    "expected a duration as text",
    "expected money as text",
    "expected a share as text",
    "expected a time of day as text",
    "expected a part of the day",
    "expected a day",
    "expected weekdays",
    "expected where the secret is kept",
    "expected how much, from 1 up",
    "expected granted or",
    "expected marketing or",
    "expected educate, emotion or",
)
SCALARS: list[Tree] = [3, 0, -1, 2**63, 0.5, True, False, "x", "", " ", "90d", "1 day", "10%", "10", "10:00", "25:00"]
SCALARS += ["500.00", "5.0", "21:00-09:00", "9:00-10:00", "mon-fri", "mid-autumn", "ordered", "marketing", "promo"]
TABLES: list[Tree] = [[], {}, ["x"], [3], {"x": 1}, {"env": "A"}, {"points": 200}, [{"id": "a"}], {"event": "paid"}]
KEYS = ["use", "name", "from", "times", "when", "steps", "x", "gives", "text", "to", "days", "limit", "per", "a b", "é"]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return discover().require()


@pytest.fixture(scope="module")
def schema(registry: Registry) -> Editor:
    return Editor(document(registry))


def paths(tree: Tree, path: Keys = ()) -> Iterator[Keys]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, each in items:
        yield (*path, key)
        yield from paths(each, (*path, key))


@st.composite
def changed(draw: st.DrawFn) -> Tree:
    """Change one to three places of the tree: a key goes or comes, a value becomes another."""
    tree = deepcopy(TREE)
    for _ in range(draw(st.integers(1, 3))):
        *outer, last = draw(st.sampled_from(list(paths(tree))))
        around: Tree = tree
        for key in outer:
            around = around[key]
        how = draw(st.sampled_from(["drop", "value", "value", "table", "add"]))
        if how == "drop":
            del around[last]
        elif how == "add" and isinstance(around[last], dict):
            around[last][draw(st.sampled_from(KEYS))] = draw(st.sampled_from([*SCALARS, *TABLES]))
        else:
            around[last] = deepcopy(draw(st.sampled_from(TABLES if how == "table" else SCALARS)))
    return tree


def structural(tree: Tree, problem: Problem) -> bool:
    """Whether a schema could tell: not what stands within a condition, and not a day where JSON knows texts only."""
    value = tree
    for key in problem.path:
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, TypeError, ValueError):
            break
    condition = problem.message.startswith("expected money") and isinstance(value, str) and "'" in value
    day = problem.message.startswith("expected text") and isinstance(value, date)
    return problem.message.startswith(STRUCTURE) and not condition and not day


@pytest.mark.slow
@settings(max_examples=ROUNDS * 10)
@given(tree=changed())
def test_the_schema_and_check_agree(
    registry: Registry, schema: Editor, tmp_path_factory: pytest.TempPathFactory, tree: Tree
) -> None:
    folder = tmp_path_factory.mktemp("brand")
    (folder / "brand.toml").write_text(tomli_w.dumps(tree), encoding="utf-8")
    found, taken = problems(folder, registry), schema.takes(tree)
    event("taken" if taken else "refused")
    if not taken:
        assert found, schema.problems(tree)
    structure = [str(problem) for problem in found if structural(tree, problem)]
    assert not (taken and structure), structure
