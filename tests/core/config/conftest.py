"""Small components of every kind that matters to a config, and a folder to write configs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import Factory, define, field, frozen
from attrs.validators import ge

from siyu.config.expressions import Condition
from siyu.config.units import Duration, Secret
from siyu.events import EVENT_TYPES, EventType
from siyu.kinds import KINDS, Campaign, Channel, Component, Content, Cost, Incentive, Reward, Tagger, Term


@frozen(kw_only=True)
class Rules(Tagger):
    when: dict[str, Condition] = field(factory=dict)
    features: tuple[str, ...] = field(default=(), metadata={"refers": "feature"})
    tags_: tuple[str, ...] = field(default=(), metadata={"refers": "tag"})

    @property
    def gives(self) -> Sequence[str]:
        return tuple(self.when)


@frozen(kw_only=True)
class Library(Content):
    words: dict[str, str]

    @property
    def slots(self) -> Sequence[str]:
        return tuple(self.words)


@frozen(kw_only=True)
class Step:
    id: str
    say: str | None = field(default=None, metadata={"refers": "content"})
    via: tuple[str, ...] = field(default=(), metadata={"refers": "channel"})
    after: Duration = field(default=Duration(0))
    when: Condition | None = None


@frozen(kw_only=True)
class Journey(Campaign):
    steps: tuple[Step, ...]
    tries: int = field(default=1, validator=ge(1))


@frozen(kw_only=True)
class Points(Incentive):
    gives: tuple[Reward, ...] = ()
    costs: tuple[Cost, ...] = ()
    hidden: bool = False
    holds: tuple[str, ...] = ()

    @property
    def holdings(self) -> Sequence[str]:
        return self.holds

    def terms(self) -> Sequence[Term]:
        return (Term(item="x", costs=(Cost(incentive="q", amount=1, item="tpo"),)),) if self.hidden else ()

    @property
    def rewards(self) -> Sequence[Reward]:
        return self.gives


@frozen(kw_only=True)
class Http(Channel):
    token: Secret | None = None


@define
class Registered:
    components: Mapping[str, Mapping[str, type[Component]]]
    events: Mapping[str, EventType] = Factory(lambda: EVENT_TYPES)

    def owner(self, kind: str, name: str) -> str:
        return f"{kind}-plugin" if name in self.components[kind] else ""


BRAND = '[brand]\nname = "Tea"\n'


@pytest.fixture
def registry() -> Registered:
    known: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    known["tagger"] = {"rules": Rules}
    known["content"] = {"library": Library}
    known["campaign"] = {"journey": Journey}
    known["incentive"] = {"points": Points}
    known["channel"] = {"http": Http, "console": Channel}
    return Registered(known)


@pytest.fixture
def brand(tmp_path: Path) -> Callable[..., Path]:
    """Write a brand of the given text and return its folder."""

    def write(text: str, *, head: str = BRAND, **files: str) -> Path:
        for name, each in {"a": head + text, **files}.items():
            (tmp_path / f"{name}.toml").write_text(each, encoding="utf-8")
        return tmp_path

    return write
