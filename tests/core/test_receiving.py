"""Requests become rows of the log: once each, before they are answered, and whatever others do meanwhile."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from attrs import define, frozen
from tests.brands import HEAD, fingerprints, folder, gapless, opened, rows

import siyu.receiving
from siyu.errors import PluginError, UserError
from siyu.hooks import hookimpl
from siyu.kinds import Answer, Batch, Entry, Request
from siyu.stages.raw import RAW, REJECTED
from siyu.stages.record import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from siyu.brand import Brand
    from siyu.kinds import Intake
    from siyu.work import Work

NOW = 1_796_000_000
LONG = 60
TOML = (
    HEAD
    + """
[entry.door]
use = "door"
[entry.till]
use = "files"
files = ["till/*.csv"]
type = "ordered"
member = "wecom:{who}"
time = "at"
[campaign.hello]
use = "journey"
from = 2026-11-01
start = { event = "joined" }
via = "box"
steps = [{ id = "hi", say = "hi" }]
"""
)


@frozen(kw_only=True)
class Door(Entry):
    """Takes what stands in the body: a word that it fails by, or rows by table."""

    limit: ClassVar[int] = 2_000

    def receive(self, request: Request, intake: Intake) -> Answer:
        if request.body == b"bug":
            raise KeyError("bug")
        if request.body == b"unset":
            raise UserError("the secret is empty")
        if not request.body:
            return Answer(status=401, body=b"who are you")
        if request.path == "/together":
            return Answer(status=200, body=b"thanks", messages=(request.body.decode(),))
        return Answer(status=200, body=b"thanks", batches=tuple(_batches(json.loads(request.body), intake)))

    def mapped(self, messages: Sequence[Any], intake: Intake) -> Iterator[Batch]:
        if "bad" in messages:
            raise KeyError("bad")
        # The number of all messages shows which came together.
        yield from _batches({"events": [event(name, quantity=len(messages)) for name in messages]}, intake)


def _batches(tables: dict[str, list[dict[str, Any]]], intake: Intake) -> Iterator[Batch]:
    for table, given in tables.items():
        schema = REJECTED if table == "rejects" else {**RAW[table]}
        columns = {name: [row.get(name) for row in given] for name in schema}
        if "time" in schema:
            moments = {"column": "time", "name": "made", "to": "moment"}
            frame = intake.frame(columns, {**schema, "time": RAW["events"]["type"]})
            frame = intake.convert(frame, **moments).drop("time").rename({"made": "time"})  # type: ignore[arg-type]
        else:
            frame = intake.frame(columns, schema)
        if table == "rejects":
            nothing = intake.frame({name: [] for name in RAW["events"]}, RAW["events"])
            yield Batch(rows=nothing, rejects=frame)
        else:
            yield Batch(rows=frame, table=table)  # type: ignore[arg-type]


@define
class Doors:
    """The plugin that brings the entry."""

    @hookimpl
    def siyu_register_entries(self) -> Mapping[str, type[Entry]]:
        return {"door": Door}


@pytest.fixture
def brand(tmp_path: Path) -> Iterator[Brand]:
    (tmp_path / "till").mkdir()
    with opened(folder(tmp_path, TOML), plugins={"doors": Doors()}) as made:
        yield made


def event(name: str, **more: object) -> dict[str, Any]:
    return {
        "identity": "wecom:ann",
        "type": "joined",
        "time": "2026-11-20T08:00:00",
        "source_id": name,
        "source": "door",
        **more,
    }


def link(one: str, other: str, at: str = "2026-11-20T08:00:00") -> dict[str, Any]:
    return {"identity": one, "other": other, "evidence": "door", "time": at}


def pushed(brand: Brand, now: int = NOW, **tables: list[dict[str, Any]]) -> Answer:
    return brand.receive("door", Request(method="POST", body=json.dumps(tables).encode(), now=now))


def test_what_is_pushed_is_in_the_log_when_it_is_answered(brand: Brand) -> None:
    answer = pushed(brand, events=[event("1"), event("2", identity="wecom:bob")])
    assert (answer.status, answer.body) == (200, b"thanks")
    assert rows(brand, "events", "source", "source_id", "entry", "run") == [
        ("door", "1", "door", 1),
        ("door", "2", "door", 1),
    ]
    assert rows(brand, "runs", "kind", "now") == [("ingest", NOW)]
    gapless(brand)


def test_the_same_request_again_is_answered_and_writes_nothing(brand: Brand) -> None:
    given: dict[str, Any] = {
        "events": [event("1"), event("2", type="nonsense")],
        "rejects": [{"source": "door", "line": 3, "reason": "no", "raw": "x"}],
    }
    first = pushed(brand, **given)
    before = fingerprints(brand)
    assert len(rows(brand, "rejects")) == 2
    again = pushed(brand, now=NOW + 60, **given)
    assert (again.status, again.body) == (first.status, first.body)
    assert fingerprints(brand) == before


@pytest.mark.parametrize(
    ("entry", "body", "status"),
    [("gate", b"{}", 404), ("till", b"{}", 404), ("door", b"", 401), ("door", b"x" * 2001, 413)],
)
def test_refusals_write_nothing(brand: Brand, entry: str, body: bytes, status: int) -> None:
    before = fingerprints(brand)
    answer = brand.receive(entry, Request(method="POST", body=body, now=NOW))
    assert answer.status == status
    assert fingerprints(brand) == before


def test_a_body_up_to_the_limit_is_taken(brand: Brand) -> None:
    body = json.dumps({"events": [event("1")]}).encode()
    answer = brand.receive("door", Request(method="POST", body=body.ljust(2_000), now=NOW))
    assert answer.status == 200


def test_the_lines_of_an_order_come_in_with_it_whatever_their_order(brand: Brand) -> None:
    line = {"source": "door", "source_id": "1", "sku": "G01", "quantity": 1, "amount": 9900}
    pushed(brand, items=[line], events=[event("1", type="ordered", amount=9900)])
    assert rows(brand, "items", "sku", "amount") == [("G01", 9900)]


def test_the_lines_of_an_order_that_two_push_at_once_are_kept_once(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = {"source": "door", "source_id": "1", "sku": "G01", "quantity": 1, "amount": 9900}
    order = {"events": [event("1", type="ordered", amount=9900)], "items": [line, line]}
    turnstile = Turnstile(threading.Event(), threading.Event(), record)
    monkeypatch.setattr(siyu.receiving, "record", turnstile)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(pushed, brand, events=[event("0")])
        assert turnstile.reached.wait(LONG)
        others = [pool.submit(pushed, brand, NOW, **order) for _ in range(3)]
        while len(brand._waiting) < 3:
            threading.Event().wait(0.01)
        turnstile.free.set()
        assert [one.result(LONG).status for one in (first, *others)] == [200] * 4
    assert turnstile.passes == 2
    assert rows(brand, "items", "sku", "amount") == [("G01", 9900)] * 2
    assert rows(brand, "rejects") == []


def test_an_entry_that_fails_is_named(brand: Brand) -> None:
    before = fingerprints(brand)
    with pytest.raises(PluginError, match=r"entry\.door failed in plugin 'doors'"):
        brand.receive("door", Request(method="POST", body=b"bug", now=NOW))
    with pytest.raises(UserError, match="the secret is empty"):
        brand.receive("door", Request(method="POST", body=b"unset", now=NOW))
    assert fingerprints(brand) == before


def test_links_are_in_force_from_the_next_tick_or_run(brand: Brand) -> None:
    ann, bob = brand.number("wecom:ann"), brand.number("wecom:bob")
    brand.run(now=NOW)
    pushed(brand, events=[event("1"), event("2", identity="wecom:bob")], links=[link("wecom:ann", "wecom:bob")])
    assert rows(brand, "canon") == []
    brand.tick(now=NOW, send=False)
    brand.run(now=NOW, send=False)
    assert sorted(rows(brand, "canon")) == sorted([(ann, min(ann, bob)), (bob, min(ann, bob))])
    assert rows(brand, "members", "member") == [(min(ann, bob),)]


def test_a_link_that_is_said_again_does_not_undo_a_person(brand: Brand) -> None:
    pushed(brand, links=[link("wecom:ann", "wecom:bob")])
    brand.unlink("wecom:ann", "wecom:bob", evidence="they are sisters", now=NOW)
    before = fingerprints(brand)
    pushed(brand, links=[link("wecom:ann", "wecom:bob", "2026-11-21T08:00:00")])
    assert fingerprints(brand) == before
    brand.run(now=NOW)
    assert rows(brand, "canon") == []


@define
class Failing:
    """Records, but for passes that bring an event of this id."""

    bad: str
    tried: int = 0

    def __call__(self, work: Work, writer: Any) -> None:  # noqa: ANN401 - it is handed on
        record(work, writer)
        self.tried += 1
        written = work.session.cursor.execute("SELECT source_id FROM events").fetchall()
        if (self.bad,) in written:
            raise OSError("no space left on the disk")


def test_what_cannot_be_committed_is_answered_503_and_leaves_nothing(
    brand: Brand, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(siyu.receiving, "record", Failing("bad"))
    before = fingerprints(brand)
    answer = pushed(brand, events=[event("bad")])
    assert (answer.status, answer.body, answer.batches) == (503, b"", ())
    assert fingerprints(brand) == before
    assert "what was pushed to door could not be kept" in caplog.text
    assert "no space left" in caplog.text
    assert pushed(brand, events=[event("good")]).status == 200
    gapless(brand)


@define
class Turnstile:
    """Records the first pass only when it is let."""

    reached: threading.Event
    free: threading.Event
    then: Any
    passes: int = 0

    def __call__(self, work: Work, writer: Any) -> None:  # noqa: ANN401 - it is handed on
        self.passes += 1
        if self.passes == 1:
            self.reached.set()
            assert self.free.wait(LONG)
        self.then(work, writer)


def test_those_who_wait_are_kept_in_one_pass_and_one_cannot_spoil_the_others(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    turnstile = Turnstile(threading.Event(), threading.Event(), Failing("7"))
    monkeypatch.setattr(siyu.receiving, "record", turnstile)
    with ThreadPoolExecutor(10) as pool:
        first = pool.submit(pushed, brand, events=[event("0")])
        assert turnstile.reached.wait(LONG)
        others = [pool.submit(pushed, brand, events=[event(str(number))]) for number in range(1, 9)]
        while len(brand._waiting) < 8:
            threading.Event().wait(0.01)
        turnstile.free.set()
        assert first.result(LONG).status == 200
        assert [other.result(LONG).status for other in others] == [200] * 6 + [503] + [200]
    # One for the first, one for the eight together, and then one for each of them.
    assert turnstile.passes == 1 + 1 + 8
    assert sorted(name for (name,) in rows(brand, "events", "source_id")) == ["0", "1", "2", "3", "4", "5", "6", "8"]
    gapless(brand)


def test_messages_that_wait_become_rows_together_and_one_cannot_spoil_the_others(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(name: str) -> Answer:
        return brand.receive("door", Request(method="POST", path="/together", body=name.encode(), now=NOW))

    def together(*names: str) -> list[Answer | BaseException | None]:
        turnstile = Turnstile(threading.Event(), threading.Event(), record)
        monkeypatch.setattr(siyu.receiving, "record", turnstile)
        with ThreadPoolExecutor(10) as pool:
            first = pool.submit(pushed, brand, events=[event(f"before {names[0]}")])
            assert turnstile.reached.wait(LONG)
            others = []
            for name in names:
                others.append(pool.submit(send, name))
                while len(brand._waiting) < len(others):
                    threading.Event().wait(0.01)
            turnstile.free.set()
            assert first.result(LONG).status == 200
            return [one.exception(LONG) or one.result() for one in others]

    assert [answer.status for answer in together("1", "2", "3") if isinstance(answer, Answer)] == [200] * 3
    assert rows(brand, "events", "source_id", "quantity")[1:] == [("1", 3), ("2", 3), ("3", 3)]
    fourth, bad, fifth = together("4", "bad", "5")
    assert isinstance(fourth, Answer)
    assert isinstance(fifth, Answer)
    assert isinstance(bad, PluginError)
    assert "entry.door failed in plugin 'doors'" in str(bad)
    assert rows(brand, "events", "source_id", "quantity")[5:] == [("4", 1), ("5", 1)]
    gapless(brand)


def test_eight_threads_post_the_same_four_times_each(brand: Brand) -> None:
    barrier = threading.Barrier(8)

    def post() -> list[int]:
        barrier.wait(LONG)
        return [pushed(brand, events=[event("1")], links=[link("wecom:ann", "wecom:bob")]).status for _ in range(4)]

    with ThreadPoolExecutor(8) as pool:
        answers = [one.result(LONG) for one in [pool.submit(post) for _ in range(8)]]
    assert answers == [[200] * 4] * 8
    assert len(rows(brand, "events")) == 1
    assert len(rows(brand, "links")) == 1
    assert len(rows(brand, "runs")) == 1
    gapless(brand)


@pytest.mark.slow
def test_pushes_beside_runs_ticks_and_ingests_lose_nothing(brand: Brand) -> None:
    def push(first: int) -> None:
        for number in range(first, first + 6):
            pushed(brand, events=[event(f"p{number}", identity=f"wecom:p{number % 4}")])

    tasks = [
        lambda: push(0),
        lambda: push(3),
        lambda: [brand.run(now=NOW, send=False) for _ in range(2)],
        lambda: [brand.tick(now=NOW, send=False) for _ in range(2)],
        lambda: [brand.ingest([event(f"i{number}")], entry="door", now=NOW) for number in range(4)],
    ]
    with ThreadPoolExecutor(len(tasks)) as pool:
        for done in [pool.submit(task) for task in tasks]:
            done.result(LONG)
    names = sorted(name for (name,) in rows(brand, "events", "source_id"))
    assert names == sorted([*(f"p{number}" for number in range(9)), *(f"i{number}" for number in range(4))])
    gapless(brand)
