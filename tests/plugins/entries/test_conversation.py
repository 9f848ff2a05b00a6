"""One person, four doors: the account, a staff member, a group, and out again; through a brand and its store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import HEAD, contents, fingerprints, folder, opened, rows
from tests.callbacks import CORP, KEY, NOW, TOKEN, called, person, xml

from siyu.kinds import Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.brand import Brand

APP, ACCOUNT, OPENID, ANN = "wx1", "gh_1", "oAnn", person(1)
BRAND = (
    HEAD
    + f"""
[entry.wecom]
use = "wecom"
corp = "{CORP}"
tokens = [{{ file = "token" }}]
keys = [{{ file = "key" }}]
[entry.account]
use = "official-account"
app = "{APP}"
tokens = [{{ file = "token" }}]
keys = [{{ file = "key" }}]
[campaign.welcome]
use = "journey"
from = 2026-09-01
start = {{ event = "joined", entry = "wecom" }}
via = "box"
steps = [{{ id = "hello", say = "hi" }}]
"""
)


@pytest.fixture
def brand(tmp_path: Path) -> Iterator[Brand]:
    (tmp_path / "token").write_text(TOKEN, encoding="ascii")
    (tmp_path / "key").write_text(KEY, encoding="ascii")
    with opened(folder(tmp_path, BRAND)) as made:
        yield made


def account(at: int, **fields: object) -> tuple[str, Request]:
    head = {"ToUserName": ACCOUNT, "FromUserName": OPENID, "CreateTime": at, "MsgType": "event"}
    return "account", called(xml(**{**head, **fields}), receiver=APP, at=at)


def wecom(at: int, **fields: object) -> tuple[str, Request]:
    head = {"ToUserName": CORP, "FromUserName": "sys", "CreateTime": at, "MsgType": "event"}
    return "wecom", called(xml(**head, **fields), at=at)


CONTACT = {"Event": "change_external_contact", "UserID": "zhang", "ExternalUserID": ANN}
CHAT = {"Event": "change_external_chat", "ChatId": "wrG1", "ChangeType": "update", "UpdateDetail": "add_member"}
CONVERSATION = [
    account(NOW, Event="subscribe", EventKey="qrscene_poster"),
    account(NOW + 5, MsgType="text", Content="你好", MsgId=1),
    wecom(NOW + 60, ChangeType="add_external_contact", State="poster", WelcomeCode="C1", **CONTACT),
    wecom(NOW + 90, JoinScene=3, MemChangeList=[ANN, "zhang"], CurMemVer="v1", **CHAT),
    account(NOW + 500, Event="unsubscribe"),
]
TOLD = [
    ("followed", "account", "poster", None),
    ("joined", "account", "poster", None),
    ("messaged", "account", None, None),
    ("followed", "wecom", "poster", "zhang"),
    ("joined", "wecom", "poster", "zhang"),
    ("group_joined", "wecom", "wrG1", None),
    ("unfollowed", "account", "member", None),
]


def told(brand: Brand) -> list[tuple[Any, ...]]:
    return rows(brand, "events", "type", "entry", "subject", "staff")


def test_a_conversation_is_told_once_however_often_it_is_delivered(brand: Brand) -> None:
    answers = [[brand.receive(entry, request) for _ in range(4)] for entry, request in CONVERSATION]
    assert {(answer.status, answer.body) for same in answers for answer in same} == {(200, b"success"), (200, b"")}
    assert told(brand) == TOLD
    before = fingerprints(brand)
    for entry, request in reversed(CONVERSATION):
        assert brand.receive(entry, request).status == 200
    assert fingerprints(brand) == before
    assert rows(brand, "rejects") == []


def test_one_person_is_welcomed_once_by_either_id(brand: Brand) -> None:
    for entry, request in CONVERSATION:
        brand.receive(entry, request)
    brand.link(f"wecom:{ANN}", f"openid:{APP}/{OPENID}", evidence="unionid", now=NOW + 600)
    brand.run(now=NOW + 700)
    assert len(rows(brand, "members")) == 1
    assert [step for step, *_ in rows(brand, "touches", "step")] == ["hello"]
    props = [json.loads(one) for (one,) in rows(brand, "events", "props") if one and "welcome" in one]
    assert props == [{"welcome_code": "C1", "welcome_until": NOW + 80}]


def test_a_handover_brings_neither_a_member_nor_a_welcome(brand: Brand) -> None:
    for entry, request in CONVERSATION:
        brand.receive(entry, request)
    brand.run(now=NOW + 700)
    asked = {"identity": f"wecom:{ANN}", "type": "handover_asked", "subject": "zhang", "staff": "li", "source_id": "h"}
    brand.ingest([{**asked, "time": "2026-09-21T14:30:00"}], entry="wecom", now=NOW + 1000)
    moved = {**CONTACT, "UserID": "li"}
    callbacks = [
        wecom(NOW + 90_000, ChangeType="add_external_contact", WelcomeCode="C2", **moved),
        wecom(NOW + 90_000, ChangeType="del_external_contact", Source="DELETE_BY_TRANSFER", **CONTACT),
    ]
    for entry, request in callbacks * 4:
        assert brand.receive(entry, request).status == 200
    assert told(brand)[len(TOLD) + 1 :] == [
        ("transferred", "wecom", "zhang", "li"),
        ("unfollowed", "wecom", "transfer", "zhang"),
    ]
    before = rows(brand, "touches")
    brand.run(now=NOW + 90_100)
    assert rows(brand, "touches") == before
    assert rows(brand, "rejects") == []


def test_a_group_is_no_member(brand: Brand) -> None:
    for change in ("create", "dismiss"):
        entry, request = wecom(NOW, Event="change_external_chat", ChatId="wrG1", ChangeType=change)
        assert brand.receive(entry, request).status == 200
    brand.run(now=NOW + 10)
    assert rows(brand, "events", "type", "subject") == [("group_changed", "created"), ("group_changed", "dismissed")]
    assert rows(brand, "members") == []


def test_nothing_is_written_for_a_refusal(brand: Brand) -> None:
    before = contents(brand)
    entry, good = CONVERSATION[2]
    query, body, now = dict(good.query), good.body, good.now
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><xml><Encrypt>&a;</Encrypt></xml>'
    other = called("<xml/>", receiver="ww0", at=now)
    for status, request in (
        (401, Request(method="POST", query={**query, "nonce": "1"}, body=body, now=now)),
        (401, Request(method="POST", query=query, body=body, now=now + 301)),
        (403, Request(method="POST", query=other.query, body=other.body, now=now)),
        (400, Request(method="POST", query=query, body=bomb, now=now)),
        (405, Request(method="DELETE", query=query, body=body, now=now)),
        (413, Request(method="POST", query=query, body=body + b" " * 262_144, now=now)),
    ):
        assert brand.receive(entry, request).status == status
    assert contents(brand) == before
    assert brand.receive(entry, good).status == 200
    assert contents(brand) != before
