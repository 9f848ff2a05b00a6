"""Embedding: a brand in a program of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
import pytest

import siyu
from siyu.errors import ConfigError, PluginError, StoreError, UserError
from siyu.hooks import hookimpl
from siyu.tables import TABLES

BRAND = """
[brand]
name = "Tea"
zone = "Asia/Shanghai"
[gate]
consent = "unless-withdrawn"
[content.texts]
use = "library"
[content.texts.items.hello]
kind = "emotion"
text = "Hello"
[campaign.hello]
use = "broadcast"
from = 2026-11-01
on = 2026-11-20
at = "10:00"
say = "hello"
via = "screen"
[channel.screen]
use = "console"
[incentive.points]
use = "points"
from = 2026-11-01
earn = [{ event = "joined", points = 5 }]
[incentive.cup]
use = "flash-sale"
from = 2026-11-01
items = [{ sku = "C1", price = "1.00", was = "2.00", stock = 1 }]
[metric.again]
use = "repurchase"
"""
NOW = "2026-11-20T12:00"
JOINED = [
    {"identity": "wecom:ann", "type": "joined", "time": "2026-11-10T08:00:00Z", "source_id": "1"},
    {"identity": "wecom:bob", "type": "joined", "time": "2026-11-11T08:00:00Z", "source_id": "2"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "brand.toml").write_text(BRAND, encoding="utf-8")
    return tmp_path


@pytest.fixture
def brand(folder: Path) -> Iterator[siyu.Brand]:
    with siyu.open(folder, store=":memory:") as opened:
        yield opened


def rows(brand: siyu.Brand, table: str, *columns: str) -> list[tuple[Any, ...]]:
    with brand.store.opened() as session:
        frame = session.table(table)
        return sorted(session.engine.rows(frame.select(*columns) if columns else frame), key=repr)


def everything(brand: siyu.Brand) -> dict[str, list[tuple[Any, ...]]]:
    return {table: rows(brand, table) for table in TABLES}


@pytest.mark.parametrize(
    "form",
    [list, iter, pl.DataFrame, pl.LazyFrame, lambda given: nw.from_native(pl.DataFrame(given))],
    ids=["list", "iterator", "eager", "lazy", "narwhals"],
)
def test_rows_come_in_any_form(brand: siyu.Brand, form: Callable[[object], object]) -> None:
    outcome = brand.ingest(form(JOINED), now=NOW)
    assert outcome.counts["events"] == 2
    day = int(datetime(2026, 11, 10, 8, tzinfo=UTC).timestamp())
    expected = [(1, "joined", day, "api"), (2, "joined", day + 86400, "api")]
    assert rows(brand, "events", "seq", "type", "second", "entry") == expected
    assert rows(brand, "identities", "kind") == [("wecom",), ("wecom",)]


def test_moments_come_in_any_form(brand: siyu.Brand) -> None:
    there = timezone(timedelta(hours=8))
    moments = [
        "2026-11-10T08:00:00",
        "2026-11-10T16:00:00+08:00",
        datetime(2026, 11, 10, 8),  # noqa: DTZ001 - without a zone it is UTC
        datetime(2026, 11, 10, 16, tzinfo=there),
    ]
    brand.ingest([{**JOINED[0], "time": moment, "source_id": str(number)} for number, moment in enumerate(moments)])
    assert len({second for (second,) in rows(brand, "events", "second")}) == 1


def test_the_same_rows_are_taken_once_and_others_of_their_id_refused(brand: siyu.Brand) -> None:
    brand.ingest([*JOINED, JOINED[0]])
    again = brand.ingest([*JOINED[::-1], {**JOINED[0], "subject": "other"}])
    assert (again.counts["events"], again.counts["rejects"]) == (0, 1)
    assert rows(brand, "rejects", "reason") == [("the same id came before with other content",)]


def test_rows_that_are_none_are_set_apart(brand: siyu.Brand) -> None:
    bad = [{**JOINED[0], "identity": "ann"}, {**JOINED[0], "type": "jioned"}, {**JOINED[0], "time": None}]
    outcome = brand.ingest([*bad, JOINED[1]], entry="shop")
    assert (outcome.counts["events"], outcome.counts["rejects"]) == (1, 3)
    found = [(entry, reason.partition(":")[0]) for entry, reason in rows(brand, "rejects", "entry", "reason")]
    assert sorted(found) == [("shop", "identity"), ("shop", "time"), ("shop", "type")]


@pytest.mark.parametrize(
    ("given", "table", "words"),
    [
        ([{"who": "ann"}], "events", "events does not have: who"),
        (JOINED, "members", "'members' takes no rows; choose one of events"),
        ([{**JOINED[0], "time": "noon"}], "events", "'noon' is not a moment"),
        (7, "events", "expected a frame, or rows as mappings, not int"),
    ],
)
def test_what_cannot_be_rows_is_refused_whole(brand: siyu.Brand, given: object, table: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        brand.ingest(given, table=table)
    assert rows(brand, "events") == []


def test_a_plan_leaves_every_table_as_it_was(brand: siyu.Brand) -> None:
    brand.ingest(JOINED)
    before, last = everything(brand), brand.store.last
    plan = brand.plan(now=NOW)
    assert plan.touches is not None
    assert plan.grants is not None
    assert len(plan.touches.collect()) == 2
    assert plan.grants.collect()["amount"].to_list() == [5, 5]
    assert (everything(brand), brand.store.last) == (before, last)
    run = brand.run(now=NOW)
    assert [run.counts[name] for name in ("touches", "grants")] == [plan.counts[name] for name in ("touches", "grants")]
    assert run.touched == plan.touched
    again = brand.run(now=NOW)
    assert (again.counts["touches"], again.counts["grants"]) == (0, 0)
    assert len(rows(brand, "touches")) == len(rows(brand, "grants")) == 2


def test_a_plan_that_is_closed_or_fails_holds_nothing(folder: Path) -> None:
    fails = False

    @hookimpl
    def siyu_after_stage(stage: str) -> None:
        if fails and stage == "gate":
            raise OSError("the disk is full")

    with siyu.open(
        folder, store=":memory:", plugins={"failing": SimpleNamespace(siyu_after_stage=siyu_after_stage)}
    ) as brand:
        brand.ingest(JOINED)
        plan, other = brand.plan(now=NOW), brand.plan(now=NOW)
        assert len(brand._reading) == 2
        plan.close()
        plan.close()
        with pytest.raises(duckdb.ConnectionException):
            _ = plan.touches
        assert other.touches is not None
        assert len(other.touches.collect()) == 2
        other.close()
        fails = True
        with pytest.raises(PluginError):
            brand.plan(now=NOW)
        assert brand._reading == []


def test_tables_are_frames(brand: siyu.Brand) -> None:
    brand.ingest(JOINED)
    assert brand.table("events").select("type").collect()["type"].to_list() == ["joined", "joined"]
    with pytest.raises(KeyError):
        brand.table("orders")


def test_lines_come_in_after_their_order_once(brand: siyu.Brand) -> None:
    order = {"identity": "wecom:ann", "type": "ordered", "time": "2026-11-10T08:00:00Z", "source_id": "o1"}
    lines = [{"source": "api", "source_id": "o1", "sku": sku, "amount": 100} for sku in ("tea", "tea", "cup")]
    # Two rejects that say the same are one.
    assert brand.ingest(lines, table="items").counts == {"rejects": 2, "items": 0}
    brand.ingest([order])
    assert brand.ingest(lines, table="items").counts == {"rejects": 0, "items": 3}
    assert brand.ingest(lines[::-1], table="items").counts == {"rejects": 0, "items": 0}
    assert brand.ingest([{**lines[0], "sku": "pot"}, lines[2]], table="items").counts == {"rejects": 1, "items": 0}
    reasons = brand.table("rejects").select("reason").collect()["reason"].to_list()
    assert reasons == ["its order is not known"] * 2 + ["its order came before with other lines"]
    assert sorted(brand.table("items").select("sku").collect()["sku"].to_list()) == ["cup", "tea", "tea"]


def test_claims_have_one_answer(brand: siyu.Brand) -> None:
    brand.ingest(JOINED)
    first = brand.claim("cup", member="wecom:ann", id="q1", now=NOW)
    assert (first.granted, first.kind, first.amount) == (True, "granted", 1)
    assert brand.claim("cup", member="wecom:ann", id="q1", now=NOW) == first
    asked = [
        {"incentive": "cup", "member": "wecom:bob", "id": "q2"},
        {"incentive": "cup", "member": "wecom:ann", "id": "q1"},
    ]
    refused, same = brand.claims(asked, now=NOW)
    assert (refused.granted, refused.reason, same) == (False, "it is sold out", first)
    with pytest.raises(UserError):
        brand.claim("points", member="wecom:ann", id="q3", now=NOW)


def test_hooks_look_at_a_run(folder: Path) -> None:
    heard: list[str] = []

    @hookimpl
    def siyu_before_run() -> None:
        heard.append("before")

    @hookimpl
    def siyu_after_stage(stage: str) -> None:
        heard.append(stage)

    @hookimpl
    def siyu_after_run(run: Any) -> None:  # noqa: ANN401 - what the hook gets
        heard.append(f"after {run.kind} {run.counts['touches']}")

    listening = SimpleNamespace(
        siyu_before_run=siyu_before_run, siyu_after_stage=siyu_after_stage, siyu_after_run=siyu_after_run
    )
    with siyu.open(folder, store=":memory:", plugins={"listening": listening}) as brand:
        brand.ingest(JOINED)
        stages = ["ingest", "before", "identify", "feature", "tag", "segment", "propose", "match", "measure", "gate"]
        brand.plan(now=NOW)
        assert heard == stages
        heard.clear()
        brand.run(now=NOW)
        assert heard == [*stages, "after run 2"]


def test_a_hook_that_fails_leaves_nothing_behind(folder: Path) -> None:
    @hookimpl
    def siyu_after_stage(stage: str) -> None:
        if stage == "gate":
            raise OSError("the disk is full")

    failing = SimpleNamespace(siyu_after_stage=siyu_after_stage)
    with siyu.open(folder, store=":memory:", plugins={"failing": failing}) as brand:
        brand.ingest(JOINED)
        before = everything(brand)
        with pytest.raises(PluginError, match=r"siyu_after_stage failed in plugin 'failing' of .*the disk is full"):
            brand.run(now=NOW)
        assert everything(brand) == before


def test_brands_do_not_meet(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "brand.toml").write_text(BRAND, encoding="utf-8")
    with siyu.open(folder) as one, siyu.open(other) as two:
        one.ingest(JOINED)
        two.ingest(JOINED[:1])
        counts = [len(rows(brand, "events")) for brand in (one, two)]
        ids = [brand.number("wecom:ann") for brand in (one, two)]
    assert counts == [2, 1]
    assert ids[0] != ids[1]


def test_a_store_outlives_its_brand(folder: Path) -> None:
    with siyu.open(folder) as brand:
        brand.ingest(JOINED)
        with pytest.raises(StoreError, match="another program has this store open"):
            siyu.open(folder)
    with siyu.open(folder) as brand:
        assert len(rows(brand, "events")) == 2
        assert brand.ingest(JOINED).counts["events"] == 0


def test_ids_and_numbers(brand: siyu.Brand) -> None:
    number = brand.number("wecom:ann")
    assert brand.number(number) == brand.number(str(number)) == number
    with pytest.raises(UserError, match="'ann' is no member"):
        brand.number("ann")
    with pytest.raises(UserError, match="no member wecom:nobody is known"):
        brand.explain("wecom:nobody", now=NOW)


def test_a_host_may_bring_components(folder: Path) -> None:
    empty: Mapping[str, object] = {"mine": SimpleNamespace()}
    with siyu.open(folder, store=":memory:", plugins=empty) as brand:
        assert brand.registry.plugins["mine"].distribution == "the embedding program"
    with pytest.raises(ConfigError, match="no brand here"):
        siyu.open(folder / "nowhere", plugins=empty)
