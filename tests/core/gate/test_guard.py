from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import narwhals as nw
import pytest

from siyu.errors import PluginError
from siyu.hooks import hookimpl
from siyu.kinds import Frame
from siyu.view import View

Judge = Callable[..., list[tuple[Any, ...]]]


def plugin(rule: Callable[[Frame], Frame | None]) -> SimpleNamespace:
    """Return a plugin whose only hook gives what a rule makes of the touches."""

    @hookimpl
    def siyu_guard_touches(view: View, touches: Frame) -> Frame | None:
        assert view.today
        return rule(touches)

    return SimpleNamespace(siyu_guard_touches=siyu_guard_touches)


def says(state: str, reason: str | None, least: int = 1) -> SimpleNamespace:
    """Return a plugin that says the same of all touches from a number on."""
    words = nw.lit(reason).cast(nw.String)
    return plugin(lambda touches: touches.filter(nw.col("id") >= least).select("id", state=nw.lit(state), reason=words))


def test_without_a_plugin_nothing_is_held(judge: Judge) -> None:
    assert judge("plugins", [{}]) == []
    assert judge("plugins", [{}], plugins={"a": plugin(lambda _touches: None)}) == []


def test_plugins_hold_and_suppress(judge: Judge) -> None:
    plugins = {"a": says("held", "wait", 2), "b": says("suppressed", "a no", 3), "c": plugin(lambda _touches: None)}
    assert judge("plugins", [{}, {}, {}], plugins=plugins) == [(2, "held", "wait"), (3, "suppressed", "a no")]


def test_suppressed_wins_with_its_own_reason(judge: Judge) -> None:
    expected = [(1, "suppressed", "zzz")]
    assert judge("plugins", [{}], plugins={"a": says("held", "aaa"), "b": says("suppressed", "zzz")}) == expected
    expected = [(1, "suppressed", "aaa")]
    assert judge("plugins", [{}], plugins={"a": says("held", "zzz"), "b": says("suppressed", "aaa")}) == expected


def test_two_that_agree_give_one_verdict(judge: Judge) -> None:
    plugins = {"a": says("held", "wait"), "b": says("held", "wait"), "c": says("held", None)}
    assert judge("plugins", [{}, {}], plugins=plugins) == [(1, "held", "wait"), (2, "held", "wait")]


@pytest.mark.parametrize("state", ["queued", "sent", "expired", ""])
def test_a_plugin_can_only_tighten(judge: Judge, state: str) -> None:
    with pytest.raises(PluginError, match=r"siyu_guard_touches failed in plugin 'lax' of .*other than 'held'"):
        judge("plugins", [{}], plugins={"strict": says("held", "wait"), "lax": says(state, "go")})


def test_a_failure_is_the_plugins_own_even_if_only_the_engine_notices(judge: Judge) -> None:
    with pytest.raises(PluginError, match=r"siyu_guard_touches failed in plugin 'wrong' of the embedding program"):
        judge("plugins", [{}], plugins={"wrong": plugin(lambda touches: touches.select("id", state="no such column"))})
    with pytest.raises(PluginError, match=r"siyu_guard_touches failed in plugin 'zero' of .*ZeroDivisionError"):
        judge("plugins", [{}], plugins={"zero": plugin(lambda _touches: 1 // 0)})  # type: ignore[arg-type,return-value]
