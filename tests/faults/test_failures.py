"""A plugin that fails in the middle of a run leaves nothing behind: no row, no gap in the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import pytest
from attrs import define, frozen
from tests.brands import EVERYTHING, contents, fingerprints, folder, gapless, happened, opened, rows

from siyu.errors import PluginError
from siyu.hooks import hookimpl
from siyu.kinds import Channel, Frame, Incentive, Metric, Receipt, Tagger
from siyu.loop import STAGES
from siyu.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from siyu.kinds import Component, Message

NOW = "2026-11-12T12:00"
EVENTS = [
    happened(f"m{number}", what, f"2026-11-12T0{hour}:00", f"{what}{number}", ref=f"{what}{number}", amount=amount)
    for number in range(6)
    for what, hour, amount in (("joined", 1, None), ("ordered", 2, 5000))
]
FILED = """
[entry.till]
use = "files"
files = ["in/*.csv"]
type = "ordered"
member = "wecom:{who}"
id = "id"
time = "time"
amount = "amount"
"""
MOODY = """
[tagger.mood]
use = "moody"
[metric.mood]
use = "moody"
[incentive.mood]
use = "moody"
from = 2026-11-01
"""
PARTS = [*(stage.name for stage in STAGES), "tagger", "metric", "incentive", "guard", "before"]


@define
class Moods:
    """A plugin that fails at whatever is named."""

    fails: str = ""

    def try_(self, part: str) -> None:
        if self.fails == part:
            raise OSError(f"{part} is in no mood")

    @hookimpl
    def siyu_before_run(self, view: View) -> None:  # noqa: ARG002 - a hook's signature
        self.try_("before")

    @hookimpl
    def siyu_after_stage(self, view: View, stage: str) -> None:  # noqa: ARG002 - a hook's signature
        self.try_(stage)

    @hookimpl
    def siyu_guard_touches(self, view: View, touches: Frame) -> None:  # noqa: ARG002 - a hook's signature
        self.try_("guard")

    @hookimpl
    def siyu_register_taggers(self) -> Mapping[str, type[Component]]:
        moods = self

        @frozen(kw_only=True)
        class Moody(Tagger):
            """Tags nobody."""

            def tags(self, view: View) -> Frame:
                moods.try_("tagger")
                return view.members.select("member", tag=nw.lit("mood")).head(0)

        return {"moody": Moody}

    @hookimpl
    def siyu_register_metrics(self) -> Mapping[str, type[Component]]:
        moods = self

        @frozen(kw_only=True)
        class Moody(Metric):
            """Measures one thing."""

            def measure(self, view: View) -> Frame:
                moods.try_("metric")
                return view.members.select(key=nw.lit("mood"), value=nw.len().cast(nw.Float64), n=nw.len())

        return {"moody": Moody}

    @hookimpl
    def siyu_register_incentives(self) -> Mapping[str, type[Component]]:
        moods = self

        @frozen(kw_only=True)
        class Moody(Incentive):
            """Gives nothing."""

            def settle(self, view: View) -> None:  # noqa: ARG002 - what an incentive is asked with
                moods.try_("incentive")

        return {"moody": Moody}

    @hookimpl
    def siyu_register_channels(self) -> Mapping[str, type[Component]]:
        moods = self

        @frozen(kw_only=True)
        class Moody(Channel):
            """Says of each message that it was sent."""

            def send(self, messages: Sequence[Message]) -> Iterable[Receipt]:
                for number, message in enumerate(messages):
                    if number == 2:
                        moods.try_("channel")
                    yield Receipt(message.touch, "sent")

        return {"moody": Moody}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = folder(tmp_path_factory.mktemp("moods"), EVERYTHING + FILED + MOODY)
    (made / "in").mkdir()
    (made / "in" / "one.csv").write_text("who,id,time,amount\nm1,f1,2026-11-12T03:00:00,12.00\n", encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def whole(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with opened(path, plugins={"moods": Moods()}) as brand:
        brand.ingest(EVENTS, now=NOW)
        brand.run(now=NOW)
        return contents(brand)


@pytest.mark.slow
def test_runs_that_fail_leave_nothing(path: Path, whole: dict[str, list[tuple[Any, ...]]]) -> None:
    moods = Moods()
    with opened(path, plugins={"moods": moods}) as brand:
        brand.ingest(EVENTS, now=NOW)
        before, last = fingerprints(brand), brand.store.last
        for moods.fails in PARTS:
            with pytest.raises(PluginError, match=f"{moods.fails} is in no mood"):
                brand.run(now=NOW)
            assert fingerprints(brand) == before
            assert brand.store.last == last
        moods.fails = ""
        brand.run(now=NOW)
        assert contents(brand) == whole
        gapless(brand)


def test_a_channel_that_fails_leaves_its_touches_in_doubt_and_the_rest_done(tmp_path: Path) -> None:
    moods = Moods(fails="channel")
    toml = EVERYTHING.replace('use = "outbox"\npath = "out"', 'use = "moody"')
    with opened(folder(tmp_path, toml), plugins={"moods": moods}) as brand:
        brand.ingest(EVENTS, now=NOW)
        with pytest.raises(PluginError, match="channel is in no mood"):
            brand.run(now=NOW)
        newest = dict(rows(brand, "receipts", "touch", "state"))
        assert sorted(newest.values()) == ["sent"] * 2 + ["unknown"] * (len(newest) - 2)
        assert len(newest) == len(rows(brand, "touches"))
        assert rows(brand, "grants")
        moods.fails = ""
        brand.run(now=NOW)
        assert dict(rows(brand, "receipts", "touch", "state")) == newest
        gapless(brand)
