from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import Attribute, field, frozen
from tests.core.cli.conftest import command

from siyu.config._converter import converter
from siyu.config._fields import fields_of, structured
from siyu.config._walk import Named, parts
from siyu.config.expressions import Condition
from siyu.errors import UserError
from siyu.kinds import Channel, Metric, Tagger, doc
from siyu.registry import Registry, discover
from siyu.schema import manual
from siyu.schema.example import example
from siyu.testing.views import programme_of

__all__ = ["command"]

Command = Callable[..., Any]

REGISTRY = discover()
USES = [(kind, use) for kind, classes in sorted(REGISTRY.components.items()) for use in sorted(classes)]

# What another component may be called by, for each kind that is referred to.
STANDING = {
    "content": '[content.words-{name}]\nuse = "library"\n'
    '[content.words-{name}.items.{name}]\nkind = "promo"\ntext = "x"\n',
    "channel": '[channel.{name}]\nuse = "console"\n',
    "segment": "[segment]\n{name} = \"never('ordered')\"\n",
    "tag": "[tagger.{name}]\nuse = 'rules'\nwhen.{name} = \"never('ordered')\"\n",
    "campaign": '[campaign.{name}]\nuse = "broadcast"\nfrom = 2026-12-01\non = 2026-12-01\nat = "10:00"\n'
    'say = "x"\nvia = "y"\n',
    "tagger": '[tagger.{name}]\nuse = "tiers"\ntiers = {{ silver = "300.00", gold = "1000.00" }}\nwindow = "365d"\n',
    "incentive": '[incentive.{name}]\nuse = "points"\nfrom = 2026-12-01\nearn = [{{ event = "paid", points = 1 }}]\n',
}


def around(kind: str, name: str, table: dict[str, Any]) -> str:
    """Return the config that an example needs beside itself."""
    rest = {key: value for key, value in table.items() if key != "use"}
    cls = REGISTRY.components[kind][table["use"]]
    asked = {field.name for field in fields_of(cls)}
    given = {key: value for key, value in {"name": name, "folder": Path(), "written": ""}.items() if key in asked}
    found = list(parts(structured(cls, rest, converter(2), given)))
    return "".join(sorted({*(text for _, part in found for text in needed(part))}))


def needed(part: Condition | Named) -> Iterator[str]:
    if isinstance(part, Named):
        if part.kind == "event":
            return
        yield STANDING[part.kind].format(name=part.name)
        return
    for need in part.needs:
        sort, _, name = need.partition(":")
        if sort in ("tag", "segment"):
            yield STANDING[sort].format(name=name)
        elif not name and need != "birth_year":
            kind = 'sum = "ordered.amount"' if "spend" in need else 'count = "ordered"'
            yield f"[feature.{need}]\n{kind}\n"


@pytest.mark.parametrize(("kind", "use"), USES)
def test_the_example_of_every_component_passes_check(kind: str, use: str) -> None:
    text = manual(REGISTRY, f"{kind}.{use}").example
    assert f'use = "{use}"' in text
    ((name, table),) = tomllib.loads(text)[kind].items()
    programme, _ = programme_of(f"{text}\n{around(kind, name, table)}")
    assert programme.uses[kind, name] == use


@pytest.mark.parametrize(("kind", "use"), USES)
def test_every_key_is_told(kind: str, use: str) -> None:
    found = manual(REGISTRY, f"{kind}.{use}")
    assert found.doc
    assert "```" not in found.doc
    plugin = REGISTRY.plugins[REGISTRY.owner(kind, use)]
    assert found.plugin == f"plugin '{plugin.name}' of siyu {plugin.version}"
    told = [*found.keys, *(key for part in found.parts for key in part.keys)]
    assert all(key.doc and key.type for key in told)
    assert not {"name", "folder"} & {key.key for key in found.keys}
    for key in told:
        for text in (key.example, key.default):
            assert text in ("", "needed") or tomllib.loads(f"x = {text}")


def test_keys_units_defaults_and_inner_tables() -> None:
    found = manual(REGISTRY, "flash-sale")
    keys = {key.key: key for key in found.keys}
    assert (keys["from"].type, keys["from"].default, keys["from"].example) == ("day", "needed", "2026-12-01")
    assert keys["items"].type == "list of table"
    items = next(part for part in found.parts if part.path == "items")
    stock = next(key for key in items.keys if key.key == "stock")
    assert (stock.type, stock.default, stock.unit, stock.example) == ("whole number", "needed", "units", "800")
    assert {part.path for part in found.parts} == {"limit", "budget", "worth", "items", "early"}


@frozen(kw_only=True)
class Far(Metric):
    """Measures how far."""

    days: int = field(metadata=doc("how many", unit="days"))


@frozen(kw_only=True)
class Plain(Metric):
    """Asks for nothing."""


@frozen(kw_only=True)
class Odd(Tagger):
    """Takes no number that one could guess."""

    number: int = field(metadata=doc("a number"))

    @number.validator
    def _check(self, _: Attribute[int], value: int) -> None:
        if value < 1000:
            raise ValueError("too small")


@frozen(kw_only=True)
class Screen(Channel):
    """Shares its name with a metric."""


@pytest.fixture
def registry() -> Registry:
    made = discover()
    for kind, name, cls in (
        ("metric", "far", Far),
        ("metric", "plain", Plain),
        ("tagger", "odd", Odd),
        ("channel", "far", Screen),
    ):
        made.take(kind, name, cls, "rules")
    return made


def test_a_name_that_two_kinds_share_is_asked_back(registry: Registry) -> None:
    with pytest.raises(UserError, match=r"'far' may be channel\.far and metric\.far: name one of them"):
        manual(registry, "far")
    assert manual(registry, "metric.far").example == '[metric.far]\nuse = "far"\ndays = 1'


def test_no_example_is_better_than_a_wrong_one(registry: Registry) -> None:
    assert example("tagger", "odd", Odd, Path()) == ""
    assert manual(registry, "odd").keys[0].default == "needed"


def test_a_name_that_nothing_has(command: Command) -> None:
    ended = command("plugins", "show", "jurney")
    assert ended.status == 1
    assert "no plugin brings 'jurney'; did you mean 'journey'?" in ended.error
    assert "there are campaign.broadcast" in command("plugins", "show", "xyzzyx").error


def test_the_command_shows_it(command: Command) -> None:
    told = command("plugins", "show", "journey")
    assert told.status == 0
    assert told.output.startswith("campaign 'journey', of plugin 'journey' of siyu")
    assert 'steps = [\n  { id = "hello", say = "welcome", latest = "20s" },' in told.output
    assert '[{ id = "hello", say = "hello" }]' in told.output
    found = json.loads(command("plugins", "show", "campaign.journey", "--json").output)
    assert found["use"] == "journey"
    assert {key["key"] for key in found["keys"]} >= {"from", "start", "steps", "goal"}
    shown = command("plugins", "show", "cac").output
    assert "it is by channel code: the costs that name the code" in shown


def test_the_command_shows_what_has_no_keys(
    command: Command, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siyu.registry.discover", lambda: registry)
    assert "Asks for nothing.\n\nIt has no keys of its own.\n" in command("plugins", "show", "plain").output


def test_the_list_is_as_it_was(command: Command, tmp_path: Path) -> None:
    (tmp_path / "brand.toml").write_text('[brand]\nname = "x"\n[plugins]\nblock = ["rfm"]\n', encoding="utf-8")
    states = {each["name"]: each["state"] for each in json.loads(command("plugins", tmp_path, "--json").output)}
    assert (states["rfm"], states["rules"]) == ("blocked", "loaded")
    assert command("plugins").output == command("plugins", "list").output
    assert command("plugins", tmp_path / "none").status == 1
