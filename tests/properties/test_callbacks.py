"""Callbacks that were tampered with: none is an error, and none says what the platform did not."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, opened, rounds, rows
from tests.callbacks import CORP, KEY, NOW, TOKEN, Desk, called, person, xml

from siyu.config.units import Secret
from siyu.kinds import Entry, Request
from siyu_plugins.entries.group import Group
from siyu_plugins.entries.official_account import OfficialAccount
from siyu_plugins.entries.wecom import Wecom

Call: TypeAlias = "tuple[int, int, str, str]"
Edits: TypeAlias = "list[tuple[str, int, bytes]]"

APP = "wx1"
SECRETS: dict[str, Any] = {"tokens": (Secret(file="token"),), "keys": (Secret(file="key"),)}
CONTACT = {
    "CreateTime": NOW,
    "MsgType": "event",
    "Event": "change_external_contact",
    "ChangeType": "add_external_contact",
    "UserID": "zhang",
    "ExternalUserID": person(1),
    "State": "poster",
}
CHAT = {
    "CreateTime": NOW,
    "MsgType": "event",
    "Event": "change_external_chat",
    "ChangeType": "update",
    "UpdateDetail": "add_member",
    "ChatId": "wrG1",
    "MemChangeList": [person(1)],
}
SCAN = {"FromUserName": "o1", "CreateTime": NOW, "MsgType": "event", "Event": "SCAN", "EventKey": "poster"}
DOORS: list[tuple[Entry, Request]] = [
    (Wecom(name="wecom", corp=CORP, **SECRETS), called(xml(**CONTACT))),
    (Group(name="groups", corp=CORP, **SECRETS), called(xml(**CHAT))),
    (OfficialAccount(name="account", app=APP, **SECRETS), called(xml(**SCAN), receiver=APP)),
    (OfficialAccount(name="account", app=APP, mode="compatible", **SECRETS), called(xml(**SCAN), receiver=APP)),
]
ENCRYPTED = b"<Encrypt><![CDATA["
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["replace", "insert", "delete"]), st.integers(0, 10**6), st.binary(min_size=1, max_size=4)
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


def edited(given_: bytes, edits: Edits) -> bytes:
    """Return bytes with some of them replaced, inserted or deleted."""
    for what, place, new in edits:
        at = place % (len(given_) + 1)
        after = {"replace": at + len(new), "insert": at, "delete": at + len(new)}[what]
        given_ = given_[:at] + (b"" if what == "delete" else new) + given_[after:]
    return given_


@pytest.mark.parametrize(("entry", "good"), DOORS)
@given(edits=EDITS)
def test_a_body_that_was_changed_says_nothing_new(desk: Desk, entry: Entry, good: Request, edits: Edits) -> None:
    body = edited(good.body, edits)
    answer = entry.receive(Request(method="POST", query=good.query, body=body, now=NOW), desk.intake)
    if answer.status == 200:
        # What stands around the encrypted message is not signed, and not looked at.
        assert desk.rows(answer) == desk.rows(entry.receive(good, desk.intake))
        assert body.count(good.body.partition(ENCRYPTED)[2].partition(b"]]>")[0]) == 1
    else:
        assert (answer.status in (400, 401), answer.batches) == (True, ())


@pytest.mark.parametrize(("entry", "good"), DOORS)
@given(edits=EDITS)
def test_a_message_that_was_changed_is_never_taken(desk: Desk, entry: Entry, good: Request, edits: Edits) -> None:
    head, mark, rest = good.body.partition(ENCRYPTED)
    text, end, tail = rest.partition(b"]]>")
    changed = edited(text, edits)
    answer = entry.receive(
        Request(method="POST", query=good.query, body=head + mark + changed + end + tail, now=NOW), desk.intake
    )
    # Blanks at its ends are those of the document.
    same = changed.decode(errors="replace").strip() == text.decode()
    assert (answer.status in (400, 401), answer.batches == ()) == (not same, not same)


@pytest.mark.parametrize(("entry", "good"), DOORS)
@given(
    name=st.sampled_from(["msg_signature", "timestamp", "nonce"]),
    value=st.none() | st.text(max_size=45) | st.text("0123456789abcdefABCDEF", max_size=45),
)
def test_a_query_that_was_changed_is_never_taken(
    desk: Desk, entry: Entry, good: Request, name: str, value: str | None
) -> None:
    query = {key: text for key, text in good.query.items() if key != name}
    changed = query if value is None else {**query, name: value}
    for method in ("POST", "GET"):
        answer = entry.receive(Request(method=method, query=changed, body=good.body, now=NOW), desk.intake)
        assert (answer.status, answer.batches) == (401, ())


@pytest.mark.parametrize(
    "entry",
    [entry for entry, _ in DOORS]
    + [OfficialAccount(name="account", app=APP, mode="plain", account="gh_1", tokens=SECRETS["tokens"])],
)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", ""]),
    query=st.dictionaries(
        st.sampled_from(["msg_signature", "signature", "timestamp", "nonce", "echostr"]),
        st.text() | st.just(str(NOW)) | st.text("0123456789abcdef", min_size=40, max_size=40),
    ),
    body=st.binary(max_size=300)
    | st.text().map(lambda text: f"<xml><Encrypt>{text}</Encrypt></xml>".encode(errors="replace")),
)
def test_what_was_made_up_is_never_taken(
    desk: Desk, entry: Entry, method: str, query: dict[str, str], body: bytes
) -> None:
    answer = entry.receive(Request(method=method, query=query, body=body, now=NOW), desk.intake)
    assert (answer.status in (400, 401, 405), answer.batches) == (True, ())


INNER = st.recursive(
    st.binary(max_size=60),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: b"<xml>" + b"".join(parts) + b"</xml>"),
)
FIELDS = st.dictionaries(
    st.sampled_from([*CONTACT, *CHAT, *SCAN, "Content", "MsgId", "Source", "WelcomeCode"]),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=20)
    | st.sampled_from([*map(str, CONTACT.values()), "transfer_fail", "text", "1" * 30, "-1", "subscribe"]),
)


@pytest.mark.parametrize(
    ("entry", "receiver"), [(entry, CORP if isinstance(entry, (Wecom, Group)) else APP) for entry, _ in DOORS]
)
@given(message=INNER.map(lambda raw: raw.decode("utf-8", "replace")) | FIELDS.map(lambda fields: xml(**fields)))
def test_whatever_the_platform_says_is_no_error(desk: Desk, entry: Entry, receiver: str, message: str) -> None:
    answer = entry.receive(called(message.replace("]]>]]>", "]]>"), receiver=receiver), desk.intake)
    assert answer.status in (200, 400)
    for row in desk.rows(answer):
        assert {"identity", "type", "source_id", "source", "time"} <= set(row)


BRAND = f"""
[entry.wecom]
use = "wecom"
corp = "{CORP}"
tokens = [{{ file = "token" }}]
keys = [{{ file = "key" }}]
"""
CALLS = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.integers(1, 2),
        st.sampled_from(["li", "zhang"]),
        st.sampled_from(["add_external_contact", "del_follow_user", "del_external_contact"]),
    ),
    unique=True,
    min_size=1,
    max_size=5,
)


def brought(calls: list[Call], order: list[int]) -> list[tuple[Any, ...]]:
    """Return the events that callbacks leave, delivered in an order, some of them again and again."""
    with tempfile.TemporaryDirectory() as name:
        path = folder(Path(name), HEAD + BRAND)
        (path / "token").write_text(TOKEN, encoding="ascii")
        (path / "key").write_text(KEY, encoding="ascii")
        with opened(path) as brand:
            for place in order:
                second, who, staff, change = calls[place % len(calls)]
                fields = {**CONTACT, "CreateTime": NOW + second, "ExternalUserID": person(who), "UserID": staff}
                request = called(xml(**{**fields, "ChangeType": change}), at=NOW + second)
                assert brand.receive("wecom", request).status == 200
            assert rows(brand, "rejects") == []
            return sorted(rows(brand, "events", "type", "member", "staff", "second"), key=str)


@settings(max_examples=rounds(6, 60))
@given(calls=CALLS, data=st.data())
def test_any_order_and_any_repetition_leave_the_same_facts(calls: list[Call], data: st.DataObject) -> None:
    places = list(range(len(calls)))
    again = data.draw(st.lists(st.sampled_from(places), max_size=3))
    order = data.draw(st.permutations([*places, *again]))
    straight, shuffled = brought(calls, places), brought(calls, order)
    assert [one for one in straight if one[0] != "joined"] == [one for one in shuffled if one[0] != "joined"]
    # Who joined is the same too, and once; when is told by what came first.
    assert sorted(one[1] for one in straight if one[0] == "joined") == sorted(
        one[1] for one in shuffled if one[0] == "joined"
    )
    who = [one[1] for one in straight if one[0] == "joined"]
    assert len(who) == len(set(who)) == len({one[1] for one in straight if one[0] == "followed"})
