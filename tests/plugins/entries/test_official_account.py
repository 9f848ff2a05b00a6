from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from tests.callbacks import NOW, TOKEN, Desk, called, letter, xml

from siyu.config.units import Secret
from siyu.kinds import Request
from siyu_plugins._tencent.signatures import signature
from siyu_plugins._tencent.topics import Topic
from siyu_plugins.entries.official_account import OfficialAccount

if TYPE_CHECKING:
    from pathlib import Path

APP = "wx1234567890abcdef"
ACCOUNT = "gh_1234567890ab"
OPENID = "oAAAAbbbbCCCC1111"
ENTRY = OfficialAccount(name="account", app=APP, tokens=(Secret(file="token"),), keys=(Secret(file="key"),))
PLAIN = OfficialAccount(name="account", app=APP, tokens=ENTRY.tokens, mode="plain", account=ACCOUNT)
SIGNED = {"signature": signature(TOKEN, str(NOW), "7"), "timestamp": str(NOW), "nonce": "7"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def message(**fields: object) -> str:
    head = {"ToUserName": ACCOUNT, "FromUserName": OPENID, "CreateTime": NOW, "MsgType": "event"}
    return xml(**{**head, **fields})


def brief(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["type"], row.get("subject")) for row in rows]


@pytest.mark.parametrize("entry", [ENTRY, PLAIN])
def test_the_address_is_shown_to_be_ours(desk: Desk, entry: OfficialAccount) -> None:
    good = entry.receive(Request(method="GET", query={**SIGNED, "echostr": "5927"}, now=NOW), desk.intake)
    assert (good.status, good.body) == (200, b"5927")
    for query in ({**SIGNED, "nonce": "8"}, {}, {**SIGNED, "signature": ""}):
        answer = entry.receive(Request(method="GET", query={**query, "echostr": "<b>"}, now=NOW), desk.intake)
        assert (answer.status, b"<b>" in answer.body) == (401, False)


@pytest.mark.parametrize(
    ("fields", "kind", "subject"),
    [
        ({"Event": "subscribe"}, "followed", None),
        ({"Event": "subscribe", "EventKey": "qrscene_poster-7", "Ticket": "T"}, "followed", "poster-7"),
        ({"Event": "unsubscribe"}, "unfollowed", "member"),
        ({"Event": "SCAN", "EventKey": "poster-7", "Ticket": "T"}, "scanned", "poster-7"),
        ({"Event": "CLICK", "EventKey": "menu-1"}, "clicked", "menu-1"),
        ({"Event": "VIEW", "EventKey": "https://tea.example/"}, "clicked", "https://tea.example/"),
        ({"Event": "view_miniprogram", "EventKey": "pages/index"}, "clicked", "pages/index"),
    ],
)
def test_an_event_of_the_account_is_one_of_the_person(
    desk: Desk, fields: dict[str, str], kind: str, subject: str | None
) -> None:
    request = called(message(**fields), receiver=APP)
    rows = desk.taken(ENTRY, request)
    assert brief(rows) == [(kind, subject), *([("joined", subject)] if kind == "followed" else [])]
    assert {row["identity"] for row in rows} == {f"openid:{APP}/{OPENID}"}
    assert {row["source"] for row in rows} == {f"official-account/{APP}"}
    assert not any("place" in row or "entry" in row for row in rows)
    assert desk.taken(ENTRY, request) == rows
    assert ENTRY.receive(request, desk.intake).body == b"success"


def test_who_comes_back_joins_no_second_time(desk: Desk) -> None:
    first = desk.taken(ENTRY, called(message(Event="subscribe"), receiver=APP))
    desk.log([{**row, "second": NOW} for row in first])
    assert desk.taken(ENTRY, called(message(Event="subscribe"), receiver=APP)) == first
    again = desk.taken(ENTRY, called(message(Event="subscribe", CreateTime=NOW + 9), receiver=APP))
    assert brief(again) == [("followed", None)]
    silent = evolve(ENTRY, joins=False)
    assert brief(desk.taken(silent, called(message(Event="subscribe", FromUserName="o2"), receiver=APP))) == [
        ("followed", None)
    ]


def test_a_message_has_its_topic_and_its_own_id(desk: Desk) -> None:
    entry = evolve(ENTRY, topics=(Topic(topic="price", matches="多少钱"),))
    text = called(message(MsgType="text", Content="多少钱？", MsgId=22), receiver=APP)
    assert [(row["type"], row["subject"], row["source_id"]) for row in desk.taken(entry, text)] == [
        ("messaged", "price", "22")
    ]
    voice = called(message(MsgType="voice", MediaId="m", MsgId=23), receiver=APP)
    (row,) = desk.taken(entry, voice)
    assert (row["props"], "subject" in row) == ('{"form": "voice"}', False)


@pytest.mark.parametrize("fields", [{"Event": "TEMPLATESENDJOBFINISH"}, {"Event": "LOCATION"}, {"MsgType": "new"}])
def test_what_is_not_known_is_taken_and_leaves_nothing(desk: Desk, fields: dict[str, str]) -> None:
    assert desk.taken(ENTRY, called(message(**fields), receiver=APP)) == []


def test_of_both_forms_only_the_encrypted_one_is_read(desk: Desk) -> None:
    query, body = letter(message(Event="SCAN", EventKey="true"), receiver=APP)
    both = message(Event="SCAN", EventKey="forged", FromUserName="other").replace("</xml>", body[5:])
    assert "forged" in both
    entry = evolve(ENTRY, mode="compatible")
    assert brief(desk.taken(entry, Request(method="POST", query=query, body=both.encode(), now=NOW))) == [
        ("scanned", "true")
    ]
    plain = Request(method="POST", query={**query, **SIGNED}, body=message(Event="SCAN").encode(), now=NOW)
    assert entry.receive(plain, desk.intake).status == ENTRY.receive(plain, desk.intake).status == 400


def test_a_plain_message_is_taken_by_its_moment_and_receiver(desk: Desk) -> None:
    def status(query: dict[str, str] = SIGNED, now: int = NOW, **fields: object) -> int:
        request = Request(method="POST", query=query, body=message(Event="SCAN", **fields).encode(), now=now)
        answer = PLAIN.receive(request, desk.intake)
        assert bool(answer.batches) == (answer.status == 200)
        return answer.status

    assert status() == 200
    assert status(now=NOW + 301) == status({**SIGNED, "nonce": "8"}) == status({}) == 401
    assert status(ToUserName="gh_other") == status(ToUserName="账号") == 403
    assert status(FromUserName="") == status(CreateTime="") == status(CreateTime="9" * 12) == 400


def test_a_message_for_another_app_is_refused(desk: Desk) -> None:
    request = called(message(Event="SCAN"), receiver="wx0")
    assert ENTRY.receive(request, desk.intake).status == 403


def test_plain_mode_asks_for_the_accounts_id() -> None:
    with pytest.raises(ValueError, match="original id"):
        OfficialAccount(name="account", app=APP, mode="plain")
