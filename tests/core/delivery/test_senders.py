"""Who sends a touch whose sender handed the member over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import HEAD

from siyu.senders import moved, named
from siyu.tables import TABLES
from siyu.testing.views import view, work

if TYPE_CHECKING:
    from siyu.testing.views import EngineName


def event(second: int, kind: str, staff: str, subject: str = "member") -> dict[str, Any]:
    return {"second": second, "type": kind, "member": 1, "staff": staff, "subject": subject}


BEGUN = event(10, "followed", "ann")
CASES = {
    "nothing happened": ([BEGUN], "ann"),
    "handed over": ([BEGUN, event(20, "transferred", "bob", "ann")], "bob"),
    "handed on": ([BEGUN, event(20, "transferred", "bob", "ann"), event(30, "transferred", "cyd", "bob")], "cyd"),
    "handed to a contact": ([BEGUN, event(11, "followed", "bob"), event(20, "transferred", "bob", "ann")], "bob"),
    "handed back": ([BEGUN, event(20, "transferred", "bob", "ann"), event(30, "transferred", "ann", "bob")], "ann"),
    "ended": ([BEGUN, event(20, "unfollowed", "ann"), event(30, "followed", "bob")], "ann"),
    "the new one ended": (
        [BEGUN, event(20, "transferred", "bob", "ann"), event(30, "unfollowed", "bob")],
        "ann",
    ),
    "another was handed over": ([BEGUN, event(20, "transferred", "cyd", "bob")], "ann"),
}


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize("case", CASES)
def test_the_sender_is_who_has_the_member_now(case: str, engine: EngineName) -> None:
    events, expected = CASES[case]
    touch = dict.fromkeys(TABLES["touches"].columns) | {"recipient": 1}
    touches = [touch | {"id": 1, "sender": "ann"}, touch | {"id": 2, "sender": None}]
    seen = view(HEAD, {"events": events, "touches": touches}, 100, engine)
    found = moved(seen, seen.touches).select("id", "sender")
    assert sorted(seen.rows(found)) == [(1, expected), (2, None)]


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_touch_that_names_nobody_is_sent_by_the_members_newest_contact(engine: EngineName) -> None:
    channel = '[channel.{}]\nuse = "wecom-customer"\ncorp = "ww1"\napp = {{ secret = {{ env = "X" }} }}\n'
    toml = HEAD + channel.format("staff") + channel.format("shop") + 'staff = "eve"\n'
    events = [
        event(10, "followed", "ann"),
        event(20, "followed", "bob"),
        event(30, "followed", "cyd"),
        event(40, "unfollowed", "cyd"),
    ]
    touch = dict.fromkeys(TABLES["touches"].columns) | {"recipient_kind": "member", "channel": "staff", "recipient": 1}
    touches = [
        touch | {"id": 1},
        touch | {"id": 2, "sender": "ann"},
        touch | {"id": 3, "channel": "box"},
        touch | {"id": 4, "recipient": 2},
        touch | {"id": 5, "recipient": 2, "channel": "shop"},
        touch | {"id": 6, "recipient_kind": "group"},
    ]
    made = work(toml, {"events": events}, 100, engine)
    schema = TABLES["touches"].columns
    frame = made.view.table({name: [row.get(name) for row in touches] for name in schema}, schema)
    found = named(made.view, made.programme, frame).select("id", "sender")
    assert sorted(made.view.rows(found)) == [(1, "bob"), (2, "ann"), (3, None), (4, None), (5, "eve"), (6, None)]
