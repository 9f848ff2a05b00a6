"""A moment that was decided once has nothing left to decide, and a plan leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.brands import EVERYTHING, contents, fingerprints, folder, gapless, happened, opened, rows

if TYPE_CHECKING:
    from pathlib import Path

NOW = "2026-11-12T12:00"
FILED = """
[entry.till]
use = "files"
files = ["in/*.csv"]
type = { column = "type" }
member = "wecom:{who}"
id = "id"
time = "time"
ref = "ref"
subject = "subject"
amount = "amount"
"""
LINES = [
    "who,type,id,time,ref,subject,amount",
    "ann,joined,j1,2026-11-11T01:00:00,,,",
    "bob,joined,j2,2026-11-11T02:00:00,wecom:ann,,",
    "bob,ordered,o1,2026-11-11T03:00:00,o1,,120.00",
    "ann,ordered,o2,2026-11-11T03:00:00,o2,,12.00",
    "ann,refunded,r1,2026-11-11T04:00:00,o2,,6.00",
    "ann,claimed,c1,2026-11-11T05:00:00,G01,sale,",
    "ann,ordered,o3,yesterday,o3,,12.00",
    "ann,danced,d1,2026-11-11T04:00:00,,,",
]
EVENTS = [
    happened("cyd", "joined", "2026-11-12T01:00", "j3"),
    happened("cyd", "ordered", "2026-11-12T02:00", "o4", ref="o4", amount=9900),
    happened("ann", "ordered", "2026-11-12T02:00", "o5", ref="o5", amount=5000),
    happened("nobody", "unsubscribed", "2026-11-12T02:00", "u1"),
    happened("nobody", "ordered", "2026-11-12T02:00", "o6", ref="o6", amount=10000),
]
DECIDED = ("touches", "receipts", "steps", "grants", "tag_changes", "measures", "exposures", "events", "rejects")


def filed(path: Path) -> Path:
    made = folder(path, EVERYTHING + FILED)
    (made / "in").mkdir()
    (made / "in" / "one.csv").write_text("\n".join(LINES), encoding="utf-8")
    return made


def test_a_run_writes_to_every_table_of_the_loop(tmp_path: Path) -> None:
    with opened(filed(tmp_path)) as brand:
        brand.run(now="2026-11-10T12:00")
        brand.ingest(EVENTS, now=NOW)
        brand.run(now=NOW)
        empty = {table for table, (count, _) in fingerprints(brand).items() if not count}
    assert empty == {
        "items", "links", "canon", "shared", "addresses", "consents", "prices", "costs", "controls", "closings",
        "follows", "groups", "group_members", "superseded", "suppressions", "accesses",
    }  # fmt: skip


def test_the_second_run_of_a_moment_adds_nothing(tmp_path: Path) -> None:
    with opened(filed(tmp_path)) as brand:
        brand.run(now="2026-11-10T12:00")
        brand.ingest(EVENTS, now=NOW)
        brand.run(now=NOW)
        before = fingerprints(brand)
        assert all(before[table][0] for table in DECIDED)
        brand.run(now=NOW)
        after = fingerprints(brand)
        # Folds say up to where state has the log, and the log has another row of runs.
        assert {table for table in after if after[table] != before[table]} == {"runs", "folds"}
        gapless(brand)


def test_a_run_adds_nothing_after_ticks_of_the_same_moment(tmp_path: Path) -> None:
    with opened(folder(tmp_path, EVERYTHING)) as brand:
        brand.run(now=NOW)
        brand.ingest(EVENTS, now=NOW)
        brand.tick(now=NOW)
        brand.tick(now=NOW)
        ticked = {table: rows(brand, table, "id") for table in ("touches", "grants")}
        assert all(ticked.values())
        brand.run(now=NOW)
        assert {table: rows(brand, table, "id") for table in ticked} == ticked
        gapless(brand)


def test_a_tick_sees_an_event_once_its_moment_has_come(tmp_path: Path) -> None:
    with opened(folder(tmp_path, EVERYTHING)) as brand:
        brand.run(now=NOW)
        brand.ingest([happened("eve", "joined", "2026-11-12T04:00:02", "j5")], now=NOW)
        brand.tick(now=NOW)
        assert not rows(brand, "touches")
        brand.tick(now="2026-11-12T12:00:05")
        assert rows(brand, "touches", "recipient", "step") == [(brand.number("wecom:eve"), "hello")]
        assert "members" not in brand.tick(now="2026-11-12T12:00:06").counts


def test_a_tick_spends_no_budget(tmp_path: Path) -> None:
    bounded = EVERYTHING.replace("points = 1 }]", "points = 1 }]\nbudget = { amount = 60 }")
    with opened(folder(tmp_path, bounded)) as brand:
        brand.run(now=NOW)
        brand.ingest([happened("eve", "ordered", "2026-11-12T02:00", "o8", amount=5000)], now=NOW)
        brand.tick(now=NOW)
        brand.ingest([happened("dan", "ordered", "2026-11-12T01:00", "o9", amount=5000)], now=NOW)
        brand.run(now=NOW)
        assert sorted(rows(brand, "grants", "member", "kind")) == sorted(
            [(brand.number("wecom:dan"), "earned"), (brand.number("wecom:eve"), "refused")]
        )


def test_a_tick_leaves_what_the_last_run_knew_of_the_others(tmp_path: Path) -> None:
    with opened(folder(tmp_path, EVERYTHING)) as brand:
        brand.ingest(EVENTS, now=NOW)
        brand.run(now=NOW)
        state = ("members", "features", "pairs", "tags", "flags", "segments")
        before = {table: sorted(rows(brand, table), key=repr) for table in state}
        brand.ingest([happened("dan", "joined", "2026-11-12T03:00", "j4")], now=NOW)
        brand.tick(now=NOW)
        assert {table: sorted(rows(brand, table), key=repr) for table in before} == before


def test_a_plan_leaves_every_table_as_it_was(tmp_path: Path) -> None:
    with opened(filed(tmp_path)) as brand:
        empty = fingerprints(brand)
        brand.plan(now=NOW)
        assert fingerprints(brand) == empty
        brand.run(now="2026-11-11T23:30")
        brand.ingest(EVENTS, now=NOW)
        brand.claim("sale", member="wecom:cyd", id="r1", now="2026-11-12T11:00")
        brand.link("wecom:ann", "wecom:cyd", evidence="same phone", now=NOW)
        (tmp_path / "in" / "two.csv").write_text("\n".join([LINES[0], LINES[2].replace("j2", "j9")]), encoding="utf-8")
        before = fingerprints(brand)
        plan = brand.plan(now=NOW)
        assert fingerprints(brand) == before
        assert plan.counts["touches"]
        assert plan.counts["grants"]
        assert plan.counts["events"] == 1
        gapless(brand)


def test_a_plan_says_what_the_run_then_does(tmp_path: Path) -> None:
    with opened(filed(tmp_path)) as brand:
        brand.ingest(EVENTS, now=NOW)
        plan = brand.plan(now=NOW)
        assert plan.grants is not None
        assert plan.judged is not None
        promised = [sorted(frame.select("id").to_native().fetchall()) for frame in (plan.judged, plan.grants)]
        run = brand.run(now=NOW)
        assert [sorted(rows(brand, table, "id")) for table in ("touches", "grants")] == promised
        assert plan.touched == run.touched
        assert {name: count for name, count in run.counts.items() if name != "sent"} == plan.counts


def test_two_brands_of_one_folder_come_to_the_same(tmp_path: Path) -> None:
    path = filed(tmp_path)
    found = []
    for _ in range(2):
        with opened(path) as brand:
            brand.ingest(EVENTS, now=NOW)
            brand.run(now=NOW)
            found.append(contents(brand))
    assert found[0] == found[1]
