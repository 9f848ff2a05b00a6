"""Small components that state facts, and a way to judge a config that has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import field, frozen

from siyu.config.programme import Programme, load
from siyu.config.units import Money
from siyu.errors import ConfigError, Problem
from siyu.hooks import hookimpl
from siyu.kinds import Channel, Incentive
from siyu.registry import discover

Judge = Callable[..., list[Problem]]

HEAD = """[brand]
name = "Tea"
zone = "Asia/Shanghai"
[gate.age]
least = 18
"""


@frozen(kw_only=True)
class Draw(Incentive):
    prize: Money | None = None
    odds: bool = False
    shown: dict[str, int] = field(factory=dict)

    def facts(self) -> Mapping[str, object]:
        prize = {} if self.prize is None else {"highest_prize": self.prize}
        return {"lottery": True, "odds": self.odds, **prize}


@frozen(kw_only=True)
class Chain(Incentive):
    depth: int = 1
    entry_fee: bool = False
    pays_per_head: bool = False

    def facts(self) -> Mapping[str, object]:
        return {"depth": self.depth, "entry_fee": self.entry_fee, "pays_per_head": self.pays_per_head}


@frozen(kw_only=True)
class Wire(Channel):
    message: str = "mail"
    postal_address: str = ""
    one_click: str = ""
    data_region: str = ""
    transfer_basis: str = ""

    def facts(self) -> Mapping[str, object]:
        names = ("message", "postal_address", "one_click", "data_region", "transfer_basis")
        return {name: getattr(self, name) for name in names}


@frozen(kw_only=True)
class Odd(Incentive):
    states: dict[str, int] = field(factory=dict)
    fails: bool = False

    def facts(self) -> Mapping[str, object]:
        if self.fails:
            message = "no"
            raise RuntimeError(message)
        return dict(self.states)


@hookimpl
def _incentives() -> Mapping[str, Any]:
    return {"draw": Draw, "chain": Chain, "odd": Odd}


@hookimpl
def _channels() -> Mapping[str, Any]:
    return {"wire": Wire}


PLUGIN = SimpleNamespace(siyu_register_incentives=_incentives, siyu_register_channels=_channels)


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., Programme]:
    """Load a brand of the given text."""

    def load_text(text: str, *, head: str = HEAD) -> Programme:
        (tmp_path / "brand.toml").write_text(head + text, encoding="utf-8")
        return load(tmp_path, discover((), {"extra": PLUGIN}).require())

    return load_text


@pytest.fixture
def judged(loaded: Callable[..., Programme]) -> Judge:
    """Return the problems of a brand under a pack."""

    def judge(text: str, *, packs: str = '"cn-2026"', head: str = HEAD) -> list[Problem]:
        try:
            loaded(f"{text}\n[rules]\npacks = [{packs}]\n", head=head)
        except ConfigError as error:
            return list(error.problems)
        return []

    return judge
