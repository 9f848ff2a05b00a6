from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.callbacks import CORP, KEY, NOW, OLD, TOKEN, Desk, called, letter, person, xml

from siyu.config.units import Duration, Secret
from siyu.errors import UserError
from siyu.kinds import Request
from siyu_plugins._tencent.topics import Topic
from siyu_plugins.entries.wecom import Wecom

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = Wecom(name="wecom", corp=CORP, tokens=(Secret(file="token"),), keys=(Secret(file="key"),))
ANN = person(1)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def contact(change: str, *, at: int = NOW, who: str = ANN, staff: str = "zhang", **more: object) -> Request:
    head = {"ToUserName": CORP, "FromUserName": "sys", "CreateTime": at, "MsgType": "event"}
    told = {"Event": "change_external_contact", "ChangeType": change, "UserID": staff, "ExternalUserID": who}
    return called(xml(**head, **told, **more), at=at)


def chat(change: str, *, at: int = NOW, **more: object) -> Request:
    head = {"ToUserName": CORP, "FromUserName": "sys", "CreateTime": at, "MsgType": "event"}
    told = {"Event": "change_external_chat", "ChatId": "wrG1", "ChangeType": change}
    return called(xml(**head, **told, **more), at=at)


def brief(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["type"], row["identity"], row.get("subject"), row.get("staff")) for row in rows]


def happened(kind: str, second: int, *, who: str = ANN, name: str = "x", **more: object) -> dict[str, Any]:
    return {"identity": f"wecom:{who}", "type": kind, "second": second, "source_id": name, **more}


def test_the_address_is_shown_to_be_ours(desk: Desk) -> None:
    query, body = letter("echo 1234567890")
    encrypted = body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    answer = ENTRY.receive(Request(method="GET", query={**query, "echostr": encrypted}, now=NOW), desk.intake)
    assert (answer.status, answer.body, answer.batches) == (200, b"echo 1234567890", ())
    for wrong in ({"echostr": encrypted[:-4] + "AAA="}, {"echostr": ""}, {"msg_signature": "0" * 40}):
        given = Request(method="GET", query={**query, "echostr": encrypted, **wrong}, now=NOW)
        assert ENTRY.receive(given, desk.intake).status == 401


def test_a_new_contact_follows_and_joins(desk: Desk) -> None:
    request = contact("add_external_contact", State="store-poster", WelcomeCode="CODE")
    followed, joined = desk.taken(ENTRY, request)
    assert brief([followed, joined]) == [
        ("followed", f"wecom:{ANN}", "store-poster", "zhang"),
        ("joined", f"wecom:{ANN}", "store-poster", "zhang"),
    ]
    assert followed["props"] == f'{{"welcome_code": "CODE", "welcome_until": {NOW + 20}}}'
    assert "props" not in joined
    assert {row["source"] for row in (followed, joined)} == {f"wecom/{CORP}"}
    assert ANN not in followed["source_id"]
    assert int(followed["time"].timestamp() - joined["time"].timestamp()) == 0


def test_it_joins_once_however_often_it_is_followed(desk: Desk) -> None:
    desk.log([happened("followed", NOW - 100, staff="li")])
    assert brief(desk.taken(ENTRY, contact("add_external_contact"))) == [("followed", f"wecom:{ANN}", None, "zhang")]
    other = contact("add_external_contact", who=person(2))
    assert [row["type"] for row in desk.taken(ENTRY, other)] == ["followed", "joined"]
    silent = Wecom(name="wecom", corp=CORP, tokens=ENTRY.tokens, keys=ENTRY.keys, joins=False)
    assert [row["type"] for row in desk.taken(silent, other)] == ["followed"]


def test_the_same_callback_leaves_the_same_rows(desk: Desk) -> None:
    request = contact("add_external_contact", State="s")
    first = desk.taken(ENTRY, request)
    desk.log([{**row, "second": NOW} for row in first])
    assert desk.taken(ENTRY, request) == first
    later = contact("add_external_contact", State="s", at=NOW + 1)
    assert {row["source_id"] for row in desk.taken(ENTRY, later)}.isdisjoint(row["source_id"] for row in first)


def test_two_first_contacts_at_once_are_one_joining(desk: Desk) -> None:
    first, second = (desk.taken(ENTRY, contact("add_external_contact", staff=staff)) for staff in ("zhang", "li"))
    assert first[0]["source_id"] != second[0]["source_id"]
    assert (
        first[1]["source_id"]
        == second[1]["source_id"]
        != desk.taken(ENTRY, contact("add_external_contact", who=person(2)))[1]["source_id"]
    )


@pytest.mark.parametrize(
    ("change", "source", "subject"),
    [
        ("del_external_contact", "", "staff"),
        ("del_external_contact", "DELETE_BY_TRANSFER", "transfer"),
        ("del_follow_user", "", "member"),
    ],
)
def test_it_tells_who_ended_a_contact(desk: Desk, change: str, source: str, subject: str) -> None:
    rows = desk.taken(ENTRY, contact(change, Source=source))
    assert brief(rows) == [("unfollowed", f"wecom:{ANN}", subject, "zhang")]


def test_a_handover_is_no_new_contact(desk: Desk) -> None:
    asked = happened("handover_asked", NOW - 86_400, staff="zhang", subject="li")
    desk.log([happened("followed", NOW - 99_999, staff="li"), asked])
    request = contact("add_external_contact", State="s", WelcomeCode="CODE")
    rows = desk.taken(ENTRY, request)
    assert brief(rows) == [("transferred", f"wecom:{ANN}", "li", "zhang")]
    assert "props" not in rows[0]
    desk.log([{**row, "second": NOW} for row in rows])
    assert desk.taken(ENTRY, request) == rows
    # Once it is done, the next contact is one of its own.
    again = desk.taken(ENTRY, contact("add_external_contact", at=NOW + 60))
    assert brief(again) == [("followed", f"wecom:{ANN}", None, "zhang")]


def test_a_handover_to_others_or_of_others_is_not_meant(desk: Desk) -> None:
    others = [
        happened("handover_asked", NOW - 10, staff="wang", subject="li"),
        happened("handover_asked", NOW - 10, staff="zhang", subject="li", who=person(2)),
        happened("handover_asked", NOW + 10, staff="zhang", subject="li"),
    ]
    desk.log(others)
    assert [row["type"] for row in desk.taken(ENTRY, contact("add_external_contact"))] == ["followed", "joined"]


def test_the_newest_handover_that_is_open_counts(desk: Desk) -> None:
    desk.log(
        [
            happened("handover_asked", NOW - 500, staff="zhang", subject="li"),
            happened("handover_refused", NOW - 400, staff="zhang", subject="li"),
            happened("handover_asked", NOW - 300, staff="zhang", subject="wang"),
        ]
    )
    assert brief(desk.taken(ENTRY, contact("add_external_contact"))) == [
        ("transferred", f"wecom:{ANN}", "wang", "zhang")
    ]


def test_a_refused_handover_names_both(desk: Desk) -> None:
    request = contact("transfer_fail", FailReason="customer_refused")
    assert brief(desk.taken(ENTRY, request)) == [("handover_refused", f"wecom:{ANN}", None, "zhang")]
    desk.log([happened("handover_asked", NOW - 300, staff="zhang", subject="wang")])
    (row,) = desk.taken(ENTRY, request)
    assert (row["subject"], row["props"]) == ("wang", '{"reason": "customer_refused"}')


def test_a_contact_that_staff_confirms_is_no_second_one(desk: Desk) -> None:
    half = desk.taken(ENTRY, contact("add_half_external_contact", State="s", WelcomeCode="CODE"))
    assert [row["type"] for row in half] == ["followed", "joined"]
    assert "welcome_code" in half[0]["props"]
    desk.log([{**row, "second": NOW} for row in half])
    assert desk.taken(ENTRY, contact("add_external_contact", State="s", at=NOW + 50)) == []
    assert len(desk.taken(ENTRY, contact("add_external_contact", at=NOW + 50, staff="li"))) == 1
    desk.log([happened("unfollowed", NOW + 60, staff="zhang")])
    assert len(desk.taken(ENTRY, contact("add_external_contact", at=NOW + 70))) == 1


@pytest.mark.parametrize("people", [[person(1), "zhang", person(2), person(1)], f"{person(1)},zhang,{person(2)}"])
def test_who_comes_into_a_group_and_leaves_it_is_told_person_by_person(desk: Desk, people: object) -> None:
    request = chat("update", UpdateDetail="add_member", JoinScene=3, MemChangeList=people, CurMemVer="v2")
    rows = desk.taken(ENTRY, request)
    assert brief(rows) == [("group_joined", f"wecom:{person(n)}", "wrG1", None) for n in (1, 2)]
    assert [row["props"] for row in rows] == ['{"scene": "3"}'] * 2
    assert len({row["source_id"] for row in rows}) == 2
    assert desk.taken(ENTRY, request) == rows
    gone = desk.taken(ENTRY, chat("update", UpdateDetail="del_member", QuitScene=0, MemChangeList=people))
    assert brief(gone) == [("group_left", f"wecom:{person(n)}", "wrG1", None) for n in (1, 2)]
    assert [(row["ref"], "props" in row) for row in gone] == [("member", False)] * 2
    assert not {row["source_id"] for row in gone} & {row["source_id"] for row in rows}


@pytest.mark.parametrize(
    ("change", "detail", "subject"),
    [
        ("create", "", "created"),
        ("dismiss", "", "dismissed"),
        ("update", "change_owner", "owner"),
        ("update", "change_name", "name"),
        ("update", "change_notice", "notice"),
    ],
)
def test_what_becomes_of_a_group_is_of_the_group(desk: Desk, change: str, detail: str, subject: str) -> None:
    rows = desk.taken(ENTRY, chat(change, UpdateDetail=detail))
    assert brief(rows) == [("group_changed", "wecom-group:wrG1", subject, None)]
    assert rows[0]["ref"] == "wrG1"


def test_what_outside_people_write_is_a_message_with_its_topic(desk: Desk) -> None:
    entry = Wecom(
        name="wecom",
        corp=CORP,
        tokens=ENTRY.tokens,
        keys=ENTRY.keys,
        topics=(Topic(topic="after-sales", matches="退款"),),
    )
    said = {"ToUserName": CORP, "CreateTime": NOW, "MsgType": "text", "Content": "我要退款", "MsgId": "987"}
    (row,) = desk.taken(entry, called(xml(FromUserName=ANN, **said)))
    assert (row["type"], row["subject"], row["source_id"]) == ("messaged", "after-sales", "987")
    assert row["props"] == '{"form": "text", "text": "我要退款"}'
    assert desk.taken(entry, called(xml(FromUserName="zhang", **said))) == []


@pytest.mark.parametrize(
    "fields",
    [
        {
            "Event": "change_external_contact",
            "ChangeType": "edit_external_contact",
            "UserID": "z",
            "ExternalUserID": ANN,
        },
        {"Event": "change_external_contact", "ChangeType": "something_new"},
        {"Event": "change_external_tag", "ChangeType": "update", "Id": "et1", "TagType": "tag"},
        {"Event": "change_external_chat", "ChangeType": "update", "ChatId": "wrG1", "UpdateDetail": "something_new"},
        {"Event": "change_external_chat", "ChangeType": "update", "ChatId": "wrG1", "UpdateDetail": "add_member"},
        {"Event": "kf_msg_or_event", "Token": "ENC", "OpenKfId": "wk1"},
        {"Event": "enter_agent"},
    ],
)
def test_what_says_nothing_of_members_is_taken_and_leaves_nothing(desk: Desk, fields: dict[str, str]) -> None:
    request = called(xml(ToUserName=CORP, FromUserName="sys", CreateTime=NOW, MsgType="event", **fields))
    assert desk.taken(ENTRY, request) == []


@pytest.mark.parametrize("name", ["UserID", "ExternalUserID", "CreateTime"])
def test_a_contact_that_lacks_what_all_have_is_malformed(desk: Desk, name: str) -> None:
    fields = {
        "CreateTime": NOW,
        "MsgType": "event",
        "Event": "change_external_contact",
        "ChangeType": "add_external_contact",
        "UserID": "zhang",
        "ExternalUserID": ANN,
        name: "",
    }
    answer = ENTRY.receive(called(xml(**fields)), desk.intake)
    assert (answer.status, answer.batches) == (400, ())
    chats = {"CreateTime": NOW, "MsgType": "event", "Event": "change_external_chat", "ChangeType": "create"}
    assert ENTRY.receive(called(xml(**chats)), desk.intake).status == 400


def test_what_is_not_the_platforms_is_refused(desk: Desk) -> None:
    good = contact("add_external_contact")
    query, body = dict(good.query), good.body

    def status(**more: Any) -> int:  # noqa: ANN401 - what a request has
        given = {"method": "POST", "query": query, "body": body, "now": NOW, **more}
        answer = ENTRY.receive(Request(**given), desk.intake)
        assert answer.batches == () or answer.status == 200
        return answer.status

    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'
    assert status() == 200
    assert status(method="PUT") == 405
    assert status(now=NOW + 301) == status(now=NOW - 301) == 401
    assert status(query={**query, "nonce": "1"}) == status(query={}) == 401
    assert status(body=bomb) == status(body=b"") == status(body=b"<xml/>") == status(body=b"{}") == 400
    assert status(body=body.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[AAAA")) == 401
    for forged, expected in (
        (called("<xml/>", token="other"), 401),  # noqa: S106 - of nothing
        (called("<xml/>", key=OLD), 401),
        (called("<xml/>", receiver="ww0"), 403),
        (called("no xml"), 400),
        (called('<!DOCTYPE x [<!ENTITY a "a">]><xml>&a;</xml>'), 400),
    ):
        assert status(query=forged.query, body=forged.body) == expected


def test_secrets_are_exchanged_without_a_break(desk: Desk) -> None:
    (desk.intake.folder / "new-token").write_text("new", encoding="ascii")
    entry = Wecom(
        name="wecom",
        corp=CORP,
        tokens=(Secret(file="new-token"), Secret(file="token")),
        keys=(Secret(file="key"), Secret(file="old-key")),
        tolerance=Duration(60),
    )
    for token in ("new", TOKEN):
        for key in (KEY, OLD):
            assert entry.receive(called("<xml/>", token=token, key=key), desk.intake).status == 200


def test_a_wrong_secret_is_told_with_where_it_is_kept(desk: Desk) -> None:
    (desk.intake.folder / "key").write_text("hunter2", encoding="ascii")
    with pytest.raises(UserError, match=r"entry 'wecom': the key .*file = .key.* 43 letters") as caught:
        ENTRY.receive(contact("add_external_contact"), desk.intake)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(UserError, match="entry 'wecom' has no token"):
        Wecom(name="wecom", corp=CORP).receive(contact("add_external_contact"), desk.intake)


def test_a_tolerance_of_nothing_is_no_tolerance() -> None:
    with pytest.raises(ValueError, match="a second at least"):
        Wecom(name="wecom", corp=CORP, tolerance=Duration(0))
