from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import HEAD, fingerprints, folder, opened, rows
from tests.pushes import NOW, SECRET, post

from siyu.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.brand import Brand

TOML = (
    HEAD
    + """
[field]
comment = { purpose = "to answer it" }
[entry.room]
use = "live"
signature = { secrets = [{ file = "secret" }] }
member = "openid:wx7/{openid}"
props = { comment = "text" }
staff = "host"
[entry.other]
use = "live"
signature = { secrets = [{ file = "secret" }] }
member = "wechat:{user.union}"
rows = "list"
event = "kind"
kinds = { in = "live_entered", buy = "paid" }
id = "{kind}-{seq}"
time = "/sent"
live = "/room"
order = "order.no"
amount = "order.sum"
source = "orders"
"""
)
COLUMNS = ("source_id", "type", "subject", "ref", "amount", "quantity", "props", "staff")


@pytest.fixture
def brand(tmp_path: Path) -> Iterator[Brand]:
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    with opened(folder(tmp_path, TOML)) as made:
        yield made


def event(name: str, what: str, **more: object) -> dict[str, Any]:
    return {"id": name, "event": what, "live": "L1", "openid": "oAnn", "time": NOW, **more}


EVENTS = [
    event("1", "enter", host="lin"),
    event("2", "comment", text="多少钱？"),
    event("3", "order", order="T1", amount=106.5),
    event("4", "pay", order="T1", amount="106.50"),
    event("5", "leave", stay=754),
]


def test_what_viewers_do_comes_in(brand: Brand) -> None:
    assert post(brand, "room", EVENTS).status == 200
    nothing = '{"comment":null}'
    assert sorted(rows(brand, "events", *COLUMNS)) == [
        ("1", "live_entered", "L1", None, None, None, nothing, "lin"),
        ("2", "commented", "L1", None, None, None, '{"comment":"多少钱？"}', None),
        ("3", "ordered", None, "T1", 10650, None, nothing, None),
        ("4", "paid", None, "T1", 10650, None, nothing, None),
        ("5", "live_left", "L1", None, None, 754, nothing, None),
    ]
    assert set(rows(brand, "events", "member", "entry")) == {(brand.number("openid:wx7/oAnn"), "room")}


def test_the_same_events_again_leave_nothing_new_also_one_by_one(brand: Brand) -> None:
    post(brand, "room", EVENTS)
    before = fingerprints(brand)
    for one in reversed(EVENTS):
        post(brand, "room", one)
    assert fingerprints(brand) == before


def test_other_names_are_config(brand: Brand) -> None:
    buyer = {"user": {"union": "uAnn"}}
    listed = [
        {"kind": "buy", "seq": 1, "order": {"no": 17, "sum": 9}, **buyer},
        {"kind": "in", "seq": 1, **buyer},
        {"kind": "out", "seq": 2, **buyer},
    ]
    post(brand, "other", {"room": "L2", "sent": f"{NOW}000", "list": listed})
    assert sorted(rows(brand, "events", "source", "source_id", "type", "subject", "ref", "amount", "second")) == [
        ("orders", "buy-1", "paid", None, "17", 900, NOW),
        ("orders", "in-1", "live_entered", "L2", None, None, NOW),
    ]


def test_bad_objects_are_set_apart_and_unknown_kinds_left(brand: Brand) -> None:
    bad = [event("1", "leave", stay="long"), event("2", "pay", amount="x"), event("3", "gift"), event("4", "enter")]
    post(brand, "room", [*bad, event("5", "enter", openid=None)])
    assert rows(brand, "events", "source_id") == [("4",)]
    assert sorted(rows(brand, "rejects", "line", "reason")) == [
        (1, "quantity: 'long' is not a whole number"),
        (2, "amount: 'x' is not money"),
        (5, "member: there is no value"),
    ]


def test_a_mistake_in_the_config_is_told(tmp_path: Path) -> None:
    toml = TOML.replace("live_entered", "entered")
    with pytest.raises(ConfigError, match="entered"), opened(folder(tmp_path, toml)):
        pass
