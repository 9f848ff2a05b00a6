"""Follows and groups: how spans begin and end, on each engine, and what a tick and a view see of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import HEAD, folder, happened, opened

from siyu.hooks import hookimpl
from siyu.testing.views import view

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.testing.views import EngineName
    from siyu.view import View


def event(second: int, kind: str, staff: str | None, subject: str | None = None, member: int = 1) -> dict[str, Any]:
    return {"second": second, "type": kind, "member": member, "staff": staff, "subject": subject}


def spans(rows: list[dict[str, Any]], engine: EngineName, now: int = 100) -> list[tuple[Any, ...]]:
    seen = view(HEAD, {"events": rows}, now, engine)
    return sorted(seen.rows(seen.follows.select("member", "staff", "since", "until", "how")))


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_transfer_begins_one_contact_and_ends_another(engine: EngineName) -> None:
    rows = [event(10, "followed", "ann"), event(20, "transferred", "bob", "ann"), event(30, "unfollowed", "bob")]
    expected = [(1, "ann", 10, 20, "followed"), (1, "bob", 20, 30, "transferred")]
    assert spans(rows, engine) == expected


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_what_two_doors_tell_of_one_contact_is_one_contact(engine: EngineName) -> None:
    rows = [event(10, "followed", "ann"), event(11, "followed", "ann"), event(11, "transferred", "ann", "ann")]
    assert spans(rows, engine) == [(1, "ann", 10, None, "followed")]


def test_an_end_without_a_beginning_and_a_contact_with_nobody_are_none() -> None:
    assert spans([event(10, "unfollowed", "ann"), event(20, "followed", None)], "polars") == []


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_groups_know_the_newest_word_on_each_fact(engine: EngineName) -> None:
    told = ['{"name": "tea", "owner": "ann"}', '{"name": "green tea"}', "no JSON"]
    rows = [
        event(10 + n, "group_changed", None, member=9) | {"ref": "g1", "props": props} for n, props in enumerate(told)
    ]
    seen = view(HEAD, {"events": [*rows, event(5, "group_joined", None, "g1")]}, 100, engine)
    assert seen.rows(seen.groups.select("group", "name", "owner", "place")) == [("g1", "green tea", "ann", None)]
    assert seen.rows(seen.group_members.select("group", "member", "since", "until")) == [("g1", 1, 5, None)]
    assert seen.rows(seen.members.select("member")) == [(1,)]


class Spy:
    def __init__(self) -> None:
        self.seen: list[list[tuple[Any, ...]]] = []

    @hookimpl
    def siyu_before_run(self, view: View) -> None:
        pass

    @hookimpl
    def siyu_after_stage(self, stage: str, view: View) -> None:
        if stage == "identify":
            self.seen.append(sorted(view.rows(view.follows.select("staff", "until"))))


def test_a_tick_sees_the_contacts_of_everybody(tmp_path: Path) -> None:
    spy = Spy()
    with opened(folder(tmp_path, HEAD), plugins={"spy": spy}) as brand:
        brand.ingest([happened("m1", "followed", "2026-11-10T01:00:00", "e1", staff="ann")], now="2026-11-10T10:00")
        brand.run(now="2026-11-10T10:00", send=False)
        brand.ingest([happened("m2", "followed", "2026-11-10T02:10:00", "e2", staff="bob")], now="2026-11-10T10:20")
        brand.tick(now="2026-11-10T10:20", send=False)
        brand.ingest([happened("m1", "unfollowed", "2026-11-10T02:30:00", "e3", staff="ann")], now="2026-11-10T10:40")
        brand.tick(now="2026-11-10T10:40", send=False)
        second = brand._second("2026-11-10T10:30")
        assert spy.seen[1:] == [[("ann", None), ("bob", None)], [("ann", second), ("bob", None)]]
        brand.run(now="2026-11-10T10:50", send=False)
        assert spy.seen[-1] == spy.seen[-2]
        with brand.store.opened() as session:
            earlier = brand.view(session, brand._second("2026-11-10T10:29"))
            assert min(earlier.rows(earlier.follows.select("staff", "until"))) == ("ann", None)
