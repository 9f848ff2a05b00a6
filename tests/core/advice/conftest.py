"""A brand whose config nothing is to be said of, and what is said of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import frozen

from siyu.advice.advise import Advised, advise
from siyu.advice.subject import Lived
from siyu.config.files import read
from siyu.config.programme import load
from siyu.hooks import hookimpl
from siyu.kinds import Channel
from siyu.registry import discover

Advise = Callable[..., list[Advised]]

SOUND = """
[brand]
name = "Tea"
[feature]
spend = { sum = "ordered.amount", window = "90d" }
orders = { count = "ordered" }
[entry.shop]
use = "simulate"
from = 2026-08-01
[entry.till]
use = "simulate"
from = 2026-08-01
[content.words]
use = "library"
[content.words.items.hi]
kind = "emotion"
text = "Hi! Reply STOP to end these messages."
[campaign.news]
use = "broadcast"
from = 2026-12-01
on = 2026-12-01
at = "10:00"
say = "hi"
via = "box"
holdout = "1%"
[channel.box]
use = "outbox"
"""


@frozen(kw_only=True)
class Capped(Channel):
    cap: int = 31

    def facts(self) -> Mapping[str, object]:
        return {"monthly_cap": self.cap}


@hookimpl
def _channels() -> Mapping[str, Any]:
    return {"capped": Capped}


PLUGIN = SimpleNamespace(siyu_register_channels=_channels)


@pytest.fixture
def advised(tmp_path: Path) -> Advise:
    """Return the advice on the sound brand with further tables, and with parts of it replaced."""

    def given(more: str = "", lived: Lived | None = None, **replaced: str) -> list[Advised]:
        text = SOUND
        for old, new in replaced.items():
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "brand.toml").write_text(text + more, encoding="utf-8")
        programme = load(tmp_path, discover((), {"extra": PLUGIN}).require())
        return advise(programme, read(tmp_path), lived)

    return given
