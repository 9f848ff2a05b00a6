"""Passes that go on at the same time: no touch twice, none lost, and nobody waits for another's computing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import narwhals as nw
import pytest
from attrs import define, field, frozen
from tests.brands import EVERYTHING, HEAD, folder, gapless, happened, opened, rounds, rows

from siyu.hooks import hookimpl
from siyu.kinds import Frame, Tagger
from siyu.moments import written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from siyu.brand import Brand
    from siyu.view import View

NOW = "2026-11-12T12:00"
LONG = 60
KEY = ("campaign", "edition", "step", "recipient", "occurrence")


@define
class Turnstile:
    """A tagger that says when it computes, and waits until it may go on."""

    scope: Literal["member", "population"] = "population"
    reached: threading.Event = field(factory=threading.Event)
    free: threading.Event = field(factory=threading.Event)

    @hookimpl
    def siyu_register_taggers(self) -> Mapping[str, type[Tagger]]:
        turnstile = self

        @frozen(kw_only=True)
        class Waiting(Tagger):
            """Waits."""

            scope: ClassVar[Literal["member", "population"]] = turnstile.scope

            def tags(self, view: View) -> Frame:
                turnstile.reached.set()
                assert turnstile.free.wait(LONG)
                return view.members.select("member", tag=nw.lit(self.name))

        return {"waiting": Waiting}


def joins(first: int, last: int) -> list[dict[str, Any]]:
    """Return members who join, invited by one before, and order at once."""
    numbers = range(first, last)
    return [
        event
        for number in numbers
        for event in (
            happened(f"m{number}", "joined", "2026-11-12T01:00", f"j{number}", ref=f"wecom:m{number - 1}"),
            happened(f"m{number}", "ordered", "2026-11-12T02:00", f"o{number}", ref=f"o{number}", amount=5000 + number),
        )
    ]


def together(*tasks: Callable[[], object]) -> None:
    """Do tasks at once, each in a thread of its own."""
    barrier = threading.Barrier(len(tasks))

    def begun(task: Callable[[], object]) -> object:
        barrier.wait(LONG)
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        for done in [pool.submit(begun, task) for task in tasks]:
            done.result(LONG * 2)


def linked(brand: Brand, firsts: tuple[int, ...]) -> None:
    for first in firsts:
        brand.link(f"wecom:m{first}", f"wecom:m{first + 1}", evidence="till", now=NOW)


def decided(brand: Brand) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    return sorted(rows(brand, "touches", *KEY)), sorted(rows(brand, "grants", "id", "amount"))


def delivered(path: Path) -> Counter[str]:
    return Counter(line for file in path.glob("out/*.jsonl") for line in file.read_text("utf-8").splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(rounds(2, 8)))
def test_run_and_tick_at_once_send_nothing_twice_and_lose_nothing(tmp_path: Path, seed: int) -> None:
    path = folder(tmp_path, EVERYTHING)
    with opened(path) as brand:
        for first in range(0, 60, 20):
            brand.ingest(joins(first, first + 20), now=NOW)
        brand.run(now=NOW, send=False)
        expected = decided(brand)
    with opened(path) as brand:
        brand.ingest(joins(0, 20), now=NOW)
        together(
            lambda: brand.run(now=NOW),
            lambda: [brand.tick(now=NOW) for _ in range(2 + seed % 2)],
            lambda: [brand.ingest(joins(first, first + 20), now=NOW) for first in range(20, 60, 20)],
        )
        brand.tick(now=NOW)
        touched = sorted(rows(brand, "touches", *KEY))
        # A tick sees to journeys of new members; the broadcast to all of them is the next run's at the latest.
        assert len(touched) == len(set(touched))
        brand.run(now=NOW)
        assert decided(brand) == expected
        steps = rows(brand, "steps", "campaign", "member", "step", "occurrence")
        assert len(steps) == len(set(steps))
        newest = dict(rows(brand, "receipts", "touch", "state"))
        assert set(newest.values()) == {"sent"}
        assert len(newest) == len(touched) == sum(delivered(path).values())
        assert set(delivered(path).values()) == {1}
        gapless(brand)


def test_a_tick_does_not_wait_for_the_computing_of_a_run(tmp_path: Path) -> None:
    turnstile = Turnstile()
    path = folder(tmp_path, EVERYTHING + '[tagger.gate]\nuse = "waiting"\n')
    with opened(path, plugins={"turnstile": turnstile}) as brand, ThreadPoolExecutor(2) as pool:
        brand.ingest(joins(0, 5), now=NOW)
        run = pool.submit(brand.run, now=NOW)
        try:
            assert turnstile.reached.wait(LONG)
            brand.ingest(joins(5, 8), now=NOW)
            pool.submit(brand.tick, now=NOW).result(LONG)
            assert not run.done()
            welcomed = {who for who, campaign in rows(brand, "touches", "recipient", "campaign") if campaign == "trip"}
            assert {brand.number(f"wecom:m{number}") for number in range(5, 8)} <= welcomed
            assert set(dict(rows(brand, "receipts", "touch", "state")).values()) == {"sent"}
            answer = pool.submit(brand.claim, "sale", member="wecom:m6", id="r1", now=NOW).result(LONG)
            assert answer.kind == "reserved"
        finally:
            turnstile.free.set()
        run.result(LONG)
        touched = rows(brand, "touches", *KEY)
        assert len(touched) == len(set(touched))
        brand.run(now=NOW)
        assert {who for who, *_ in rows(brand, "touches", "recipient")} == {
            brand.number(f"wecom:m{number}") for number in range(8)
        }
        gapless(brand)


def test_members_who_are_joined_while_a_tick_computes_are_left_to_the_next_pass(tmp_path: Path) -> None:
    turnstile = Turnstile(scope="member")
    path = folder(tmp_path, EVERYTHING + '[tagger.gate]\nuse = "waiting"\n')
    with opened(path, plugins={"turnstile": turnstile}) as brand, ThreadPoolExecutor(2) as pool:
        turnstile.free.set()
        brand.ingest(joins(0, 1), now=NOW)
        brand.run(now=NOW)
        sent = rows(brand, "touches", *KEY)
        turnstile.free.clear()
        turnstile.reached.clear()
        # The same person by another id: the same starts, at the same moments.
        brand.ingest(
            [{**event, "identity": "wecom:n0", "source_id": f"{event['source_id']}n"} for event in joins(0, 1)], now=NOW
        )
        tick = pool.submit(brand.tick, now=NOW)
        try:
            assert turnstile.reached.wait(LONG)
            brand.link("wecom:m0", "wecom:n0", evidence="till", now=NOW)
        finally:
            turnstile.free.set()
        tick.result(LONG)
        assert len(rows(brand, "canon")) == 2
        brand.run(now=NOW)
        assert rows(brand, "touches", *KEY) == sent
        gapless(brand)


FILED = """
[entry.till]
use = "files"
files = ["orders.csv"]
type = "ordered"
member = "wecom:{who}"
id = "id"
time = "time"
amount = "amount"
[entry.forms]
use = "files"
files = ["forms.csv"]
table = "consents"
member = "wecom:{who}"
time = "time"
columns = { state = "state", channel = "channel", purpose = "purpose" }
"""


@define
class Overtaking:
    """Does something else once the run has read its entries."""

    act: Callable[[], object] = lambda: None

    @hookimpl
    def siyu_after_stage(self, stage: str) -> None:
        if stage == "ingest":
            self.act()


def test_what_another_pass_brings_meanwhile_is_taken_once_and_a_contradiction_is_refused(tmp_path: Path) -> None:
    path, overtaking = folder(tmp_path, EVERYTHING + FILED), Overtaking()
    orders = "who,id,time,amount\nann,o1,2026-11-12T01:00:00,50.00\nann,o2,2026-11-12T02:00:00,60.00\n"
    (path / "orders.csv").write_text(orders + "ann,o3,2026-11-12T03:00:00,70.00\n", encoding="utf-8")
    said = "who,time,state,channel,purpose\nann,2026-11-12T01:00:00,granted,box,marketing\n"
    (path / "forms.csv").write_text(said, encoding="utf-8")
    till = {"source": "till", "entry": "till"}
    news = [
        happened("ann", "ordered", "2026-11-12T01:00", "o1", amount=5000, **till),
        happened("ann", "ordered", "2026-11-12T02:00", "o2", amount=999, **till),
    ]
    where = {"channel": "box", "purpose": "marketing"}
    words = {"identity": "wecom:ann", "time": "2026-11-12T01:00", "state": "granted", **where}
    with opened(path, plugins={"overtaking": overtaking}) as brand:
        overtaking.act = lambda: [brand.ingest(news, now=NOW), brand.ingest([words], table="consents", now=NOW)]
        counts = brand.run(now=NOW).counts
        assert sorted(rows(brand, "events", "source_id", "amount")) == [("o1", 5000), ("o2", 999), ("o3", 7000)]
        assert len(rows(brand, "consents")) == len(rows(brand, "identities")) == 1
        ((entry, reason, raw),) = rows(brand, "rejects", "entry", "reason", "raw")
        assert (entry, reason) == ("till", "the same id came before with other content")
        assert "6000" in raw
        assert (counts["events"], counts["consents"], counts["rejects"]) == (1, 0, 1)
        gapless(brand)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(rounds(1, 8)))
def test_plans_disturb_neither_runs_nor_each_other(tmp_path: Path, seed: int) -> None:
    with opened(folder(tmp_path, EVERYTHING)) as brand:
        brand.ingest(joins(0, 10 + seed), now=NOW)
        together(
            lambda: brand.run(now=NOW),
            lambda: [brand.plan(now=NOW) for _ in range(2)],
            lambda: [brand.plan(now=NOW) for _ in range(2)],
        )
        before = decided(brand)
        assert before[0]
        assert brand.run(now=NOW).counts["touches"] == 0
        assert decided(brand) == before
        gapless(brand)


@pytest.mark.slow
def test_links_and_ticks_and_runs_at_once(tmp_path: Path) -> None:
    with opened(folder(tmp_path, EVERYTHING)) as brand:
        brand.ingest(joins(0, 12), now=NOW)
        together(
            lambda: brand.run(now=NOW),
            lambda: brand.tick(now=NOW),
            lambda: linked(brand, (0, 4)),
            lambda: [brand.claim("sale", member=f"wecom:m{one}", id=f"r{one}", now=NOW) for one in range(6)],
        )
        brand.run(now=NOW)
        touched = rows(brand, "touches", *KEY)
        assert len(touched) == len(set(touched))
        assert Counter(kind for (kind,) in rows(brand, "grants", "kind"))["reserved"] == 3
        gapless(brand)


CAPPED = (
    HEAD.replace("caps = []", 'caps = [{ times = 1, per = "day" }, { times = 1, per = "month" }]')
    + "".join(
        f"""
[campaign.{name}]
use = "broadcast"
from = 2026-11-01
on = 2026-11-28
at = "10:00"
every = "day"
say = "hi"
via = "box"
"""
        for name in ("one", "two", "three")
    )
    + """
[campaign.trip]
use = "journey"
from = 2026-11-01
start = { event = "joined" }
via = "box"
steps = [{ id = "hello", say = "hi", latest = "30d" }, { id = "later", say = "hi", after = "1h", latest = "30d" }]
"""
)


@pytest.mark.slow
def test_eight_at_once_keep_the_caps_to_the_end_of_the_month(tmp_path: Path) -> None:
    with opened(folder(tmp_path, CAPPED)) as brand:
        brand.ingest([one for one in joins(0, 16) if one["type"] == "joined"], now=NOW)
        now, later = "2026-11-30T12:00", "2026-12-01T12:00"
        together(*([partial(brand.run, now=now), partial(brand.tick, now=now)] * 4))
        assert Counter(used(brand)) == Counter((who, "2026-11-30") for who in {who for who, _ in used(brand)})
        assert len(used(brand)) == 16
        # The day after the month's end everybody has room again, for one of what is held since and what is new.
        together(*([partial(brand.run, now=later)] * 2))
        days = Counter(at for _, at in used(brand))
        assert days == {"2026-11-30": 16, "2026-12-01": 16}
        assert set(Counter(used(brand)).values()) == {1}
        assert set(delivered(tmp_path).values()) == {1}


def used(brand: Brand) -> list[tuple[int, str]]:
    """Return whom messages went out to, and on which day in the brand's zone."""
    whom = dict(rows(brand, "touches", "id", "recipient"))
    sent = [
        (whom[touch], time)
        for touch, state, time in rows(brand, "receipts", "touch", "state", "time")
        if state == "sent"
    ]
    return [(who, written(time, "Asia/Shanghai")[:10]) for who, time in sent]
