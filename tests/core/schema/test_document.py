from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.core.config.conftest import brand, registry
from tests.core.config.test_broken import CORPUS, test_a_broken_brand
from tests.core.config.test_programme import TEXT

from siyu.config import _build
from siyu.config._fields import fields_of
from siyu.config.files import read
from siyu.config.registered import Registered
from siyu.kinds import KINDS
from siyu.registry import discover
from siyu.schema import document
from siyu.schema.manual import _classes
from siyu.schema.tables import OWN

__all__ = ["brand", "registry"]

Editor = Callable[[Any], Any]

CONFIGS = sorted(path.parent for path in (Path(__file__).parents[3] / "configs").glob("*/brand.toml"))

# What no schema can tell: names that refer to something, conditions, what a plugin's own validator refuses.
SEMANTIC = {
    "what is sensitive needs",
    "expected words of letters",
    "expected an age of 0",
    "no content",
    "no channel",
    "no segment",
    "no campaign 'x'",
    "no incentive",
    "no event type",
    "no tag",
    "no feature or member attribute",
    "this is a whole number, not a",
    "spend is money",
    "write == instead of",
    "segments name each other",
    "taggers wait for each other",
    "the name 'x' is taken",
    "expected exactly one of",
    "expected when, ids, list or sample",
    "expected a text that is not empty",
    "no time zone",
    "expected a currency",
}


def semantic(message: str) -> bool:
    return any(message.startswith(each) for each in SEMANTIC)


@pytest.fixture(scope="session")
def bundled() -> dict[str, Any]:
    return document(discover())


@pytest.mark.parametrize("folder", CONFIGS, ids=lambda folder: folder.name)
def test_every_example_is_taken_file_by_file_and_merged(bundled: dict[str, Any], editor: Editor, folder: Path) -> None:
    validator = editor(bundled)
    assert validator.problems(read(folder).tree) == []
    for path in folder.glob("*.toml"):
        assert validator.problems(tomllib.loads(path.read_text(encoding="utf-8"))) == []


def test_what_check_takes_is_taken(registry: Registered, editor: Editor) -> None:
    assert editor(document(registry)).problems(tomllib.loads('[brand]\nname = "Tea"\n' + TEXT)) == []


@pytest.mark.parametrize(("text", "message"), [(each[0], each[2]) for each in CORPUS], ids=[each[1] for each in CORPUS])
def test_what_check_refuses_for_its_structure_is_refused(
    registry: Registered, editor: Editor, text: str, message: str
) -> None:
    tree = tomllib.loads('[brand]\nname = "Tea"\n' + text)
    assert editor(document(registry)).takes(tree) == semantic(message)


BRANDS = next(mark.args[1] for mark in test_a_broken_brand.pytestmark)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("text", "message"), [(each[0], each[2]) for each in BRANDS])
def test_a_broken_brand_is_refused(registry: Registered, editor: Editor, text: str, message: str) -> None:
    assert editor(document(registry)).takes(tomllib.loads(text)) == semantic(message)


# Each is a valid config of the bundled plugins, and what is broken in it, as (path, value or None to take it out).
BROKEN: list[tuple[tuple[Any, ...], Any]] = [
    (("brand", "name"), None),
    (("brand", "name"), 3),
    (("brand", "key"), {"env": "A", "file": "b"}),
    (("gate", "quiet"), "21:00"),
    (("gate", "caps", 0, "times"), 0),
    (("gate", "caps", 0, "per"), "year"),
    (("campaign", "welcome", "from"), None),
    (("campaign", "welcome", "from"), "2026-13-01"),
    (("campaign", "welcome", "steps", 0, "id"), None),
    (("campaign", "welcome", "steps", 1, "after"), "1 day"),
    (("campaign", "welcome", "steps", 1, "at"), "25:00"),
    (("campaign", "welcome", "goal", "evnt"), "ordered"),
    (("campaign", "win-back", "holdout"), "101%"),
    (("campaign", "welcome", "use"), "broadcast"),
    (("content", "matrix", "items", "welcome", "kind"), "sell"),
    (("incentive", "gaiwan", "items", 0, "price"), 99.0),
    (("incentive", "gaiwan", "items", 0, "price"), "99.0"),
    (("incentive", "gaiwan", "early", "stock"), True),
    (("incentive", "bring-a-friend", "gives", "inviter", "points"), 0),
    (("entry", "old-list", "table"), "orders"),
    (("entry", "old-list", "props", "interest"), 3),
    (("channel", "wecom", "folder"), "x"),
    (("channel", "wecom", "name"), "x"),
    (("tagger", "value", "when", "vip"), 3),
    (("metric", "path", "days"), "90d"),
    (("feature", "orders", "window"), "90"),
    (("attribute", "interest", "type"), "real"),
    (("include",), "x"),
]


@pytest.mark.parametrize(("path", "value"), BROKEN, ids=[".".join(map(str, each[0])) for each in BROKEN])
def test_a_break_in_the_tea_shop_is_refused_where_it_is(
    bundled: dict[str, Any], editor: Editor, path: tuple[Any, ...], value: object
) -> None:
    tree = read(next(each for each in CONFIGS if each.name == "tea-shop")).tree
    *outer, last = path
    table: Any = tree
    for key in outer:
        table = table.setdefault(key, {}) if isinstance(table, dict) else table[key]
    if value is None:
        del table[last]
    else:
        table[last] = value
    problems = editor(bundled).problems(tree)
    assert problems
    assert all(problem.startswith(str(path[0])) for problem in problems)


def test_amounts_follow_the_currency(editor: Editor) -> None:
    sale = {"use": "points", "from": "2026-12-01", "earn": [{"event": "paid", "points": 1, "per": "100"}]}
    decimals = {**sale, "earn": [{"event": "paid", "points": 1, "per": "100.00"}]}
    for exponent, given in ((0, sale), (2, sale), (2, decimals)):
        assert editor(document(discover(), exponent)).takes({"incentive": {"p": given}})
    assert not editor(document(discover(), 0)).takes({"incentive": {"p": decimals}})


def test_every_own_table_is_in_it(bundled: dict[str, Any]) -> None:
    assert set(OWN) == set(_build._OWN)
    assert set(bundled["properties"]) == {"include", *OWN, *KINDS}


def documented(cls: type, seen: set[type]) -> list[str]:
    if cls in seen:
        return []
    seen.add(cls)
    fields = [field for field in fields_of(cls) if field.init]
    missing = [f"{cls.__qualname__}.{field.name}" for field in fields if not field.metadata.get("doc")]
    inner = [each for field in fields for part in _classes(field.type) for each in documented(part, seen)]
    return [*missing, *([] if cls.__doc__ else [cls.__qualname__]), *inner]


def test_everything_has_a_doc() -> None:
    seen: set[type] = set()
    classes = [cls for known in discover().components.values() for cls in known.values()]
    own = [cls for cls, _ in OWN.values() if cls is not OWN["segment"][0]]
    assert [name for cls in (*own, *classes) for name in documented(cls, seen)] == []
    assert len(seen) > 30


def test_defaults_and_examples_are_values_that_it_takes(bundled: dict[str, Any], editor: Editor) -> None:
    seen, whole = 0, editor(bundled)
    for table in [*bundled["$defs"].values(), *(bundled["properties"][name] for name in ("brand", "gate"))]:
        for field in table.get("properties", {}).values():
            for value in [*([field["default"]] if "default" in field else []), *field.get("examples", [])]:
                optional = value in ("", [], {})
                assert optional or whole.takes(value, field), (field, value)
                seen += 1
    assert seen > 100


def test_the_command_follows_the_brand(tmp_path: Path) -> None:
    (tmp_path / "brand.toml").write_text(
        '[brand]\nname = "x"\ncurrency = "JPY"\n[plugins]\nblock = ["journey"]\n', encoding="utf-8"
    )
    run = [sys.executable, "-m", "siyu", "schema", str(tmp_path)]
    run[1:3] = ["-c", "from siyu.cli import main; main()"]
    found = json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    assert "campaign.journey" not in found["$defs"]
    assert "campaign.broadcast" in found["$defs"]
    assert r"\." not in found["$defs"]["siyu_plugins.incentives._earning.Earn"]["properties"]["per"]["pattern"]
