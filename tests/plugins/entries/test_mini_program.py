from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import HEAD, fingerprints, folder, gapless, opened, rows
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
page = { purpose = "to recommend teas" }
[entry.shop]
use = "mini-program"
signature = { secrets = [{ file = "secret" }] }
appid = "wx7"
"""
)


@pytest.fixture
def brand(tmp_path: Path) -> Iterator[Brand]:
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    with opened(folder(tmp_path, TOML)) as made:
        yield made


def event(name: str, **more: object) -> dict[str, Any]:
    return {"id": name, "event": "viewed", "time": NOW, "openid": "oAnn", **more}


def members(brand: Brand) -> list[int]:
    return sorted(member for (member,) in rows(brand, "events", "member"))


@pytest.mark.parametrize("form", ["one", "list", "events"])
def test_events_come_alone_or_together(brand: Brand, form: str) -> None:
    first = event("1", subject="gaiwan", place="s1", props={"page": "sale"}, amount="9.90", quantity=2)
    forms: dict[str, Any] = {"one": first, "list": [first], "events": {"events": [first]}}
    assert post(brand, "shop", forms[form]).status == 200
    columns = ("source", "source_id", "member", "type", "second", "entry", "subject", "place", "amount", "quantity")
    ann = brand.number("openid:wx7/oAnn")
    assert rows(brand, "events", *columns) == [
        ("shop", "1", ann, "viewed", NOW, "shop", "gaiwan", "s1", 990, 2),
    ]
    assert rows(brand, "events", "props") == [('{"page":"sale"}',)]
    assert rows(brand, "identities", "kind", "member") == [("openid", ann)]
    assert rows(brand, "links") == []


def test_openid_and_unionid_become_one_member_with_the_next_run(brand: Brand) -> None:
    mine = {"openid": "oAnn", "unionid": "uAnn"}
    post(brand, "shop", [event("1", **mine), event("2", **mine, time=NOW + 5), event("3", openid=None, unionid="uAnn")])
    openid, unionid = brand.number("openid:wx7/oAnn"), brand.number("wechat:uAnn")
    assert members(brand) == sorted([openid, openid, unionid])
    assert rows(brand, "links", "a", "b", "evidence", "time") == [(openid, unionid, "mini program wx7", NOW)]
    assert brand.run(now=NOW + 10).counts["members"] == 1
    assert {row[1] for row in rows(brand, "canon", "member", "canon")} == {min(openid, unionid)}
    gapless(brand)


def test_the_same_event_again_leaves_nothing_new(brand: Brand) -> None:
    message = [event("1", unionid="uAnn"), event("2", unionid="uAnn", time="later"), event("3", openid="")]
    post(brand, "shop", message)
    before = fingerprints(brand)
    assert len(rows(brand, "rejects")) == 2
    assert post(brand, "shop", message).status == 200
    assert fingerprints(brand) == before


def test_an_event_that_names_nobody_is_set_apart(brand: Brand) -> None:
    bad = [
        event("1", openid=None),
        event("2", openid=" "),
        event("3", event="nonsense"),
        event("4", event=None),
        event("", time=NOW),
        {},
        "text",
    ]
    assert post(brand, "shop", [*bad, event("8")]).status == 200
    assert rows(brand, "events", "source_id") == [("8",)]
    assert sorted(rows(brand, "rejects", "line", "reason")) == [
        (1, "member: there is no value"),
        (2, "member: there is no value"),
        (3, "type: no event type of that name is registered"),
        (4, "type: there is no value"),
        (5, "id: there is no value"),
        (6, "member: there is no value"),
        (7, "member: there is no value"),
    ]


def test_props_that_are_no_object_are_none(brand: Brand) -> None:
    none: list[object] = ["x", [1], {}, None, 7]
    post(brand, "shop", [event(str(number), props=props) for number, props in enumerate(none)])
    assert rows(brand, "events", "props") == [(None,)] * 5


def test_a_score_is_no_money(brand: Brand) -> None:
    post(brand, "shop", [event("1", event="rated", amount=5), event("2", event="paid", amount=5)])
    assert sorted(rows(brand, "events", "type", "amount")) == [("paid", 500), ("rated", 5)]


def test_an_appid_has_letters_and_digits_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected an appid"), opened(folder(tmp_path, TOML.replace("wx7", "wx/7"))):
        pass
