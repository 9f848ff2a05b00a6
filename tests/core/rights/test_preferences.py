"""The page of a member's own: GET changes nothing, one POST is enough, and nobody else's link opens it."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st
from tests.brands import fingerprints, rows
from tests.core.rights.conftest import PHONE, Shop, fact

from siyu import asgi
from siyu.brand import Brand
from siyu.kinds import Answer, Request
from siyu.moments import moment
from siyu.rights.links import opened, token

NOW = moment("2026-11-10T20:00", "Asia/Shanghai")
ONE_CLICK = b"List-Unsubscribe=One-Click"


def ask(brand: Brand, path: str, body: bytes = b"", method: str = "", now: int = NOW, **query: str) -> Answer:
    way = method or ("POST" if body else "GET")
    return brand.preferences(Request(method=way, path=path[2:], query=query, headers={}, body=body, now=now))


def said(brand: Brand) -> list[tuple[object, ...]]:
    return rows(brand, "consents", "channel", "purpose", "state", "proof")


def filled(brand: Brand) -> str:
    brand.ingest([fact(PHONE, "joined", "2026-11-10T01:00", "j")])
    return brand.preference_path(PHONE)


def test_get_changes_nothing_and_speaks_both_languages(shop: Shop) -> None:
    with shop.open() as brand:
        path = filled(brand)
        before = fingerprints(brand)
        english, chinese = ask(brand, path, lang="en"), ask(brand, path, lang="zh")
        assert ask(brand, path, method="HEAD").status == english.status == 200
        assert b"offers and news" in english.body
        assert "优惠与资讯".encode() in chinese.body
        assert english.headers["referrer-policy"] == "no-referrer"
        assert ask(brand, path, method="PUT").status == 405
        assert ask(brand, path[:-2] + "aa").status == 404
        assert ask(brand, path, b"state=granted").status == 400
        assert fingerprints(brand) == before


def test_one_click_between_the_plan_and_the_delivery_sends_nothing(shop: Shop) -> None:
    with shop.open() as brand:
        path = filled(brand)
        brand.run(now=NOW, send=False)
        assert ask(brand, path, ONE_CLICK).status == 200
        assert ask(brand, path, ONE_CLICK, now=NOW + 1).status == 200
        assert said(brand) == [("*", "marketing", "withdrawn", "one-click POST")]
        brand.deliver(now=NOW + 2)
        assert shop.got == []


def test_one_click_in_parts_and_of_one_channel(shop: Shop) -> None:
    with shop.open() as brand:
        path = filled(brand)
        parts = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--'
        ask(brand, path, parts, channel="text")
        ask(brand, path, ONE_CLICK, channel="nonsense")
        assert [row[0] for row in said(brand)] == ["text", "*"]


def test_the_form_takes_back_and_gives_again(shop: Shop) -> None:
    with shop.open() as brand:
        path = filled(brand)
        for number, state in enumerate(("withdrawn", "granted", "granted")):
            form = urlencode({"channel": "text", "purpose": "marketing", "state": state}).encode()
            page = ask(brand, path, form, now=NOW + number)
            assert b"It is noted" in page.body
        assert [row[2] for row in said(brand)] == ["withdrawn", "granted"]
        brand.run(now=NOW + 60)
        assert len(shop.got) == 1


def test_the_link_of_an_erased_person_writes_nothing(shop: Shop) -> None:
    with shop.open() as brand:
        path = filled(brand)
        brand.forget(PHONE, by="wu", now=NOW)
        before = fingerprints(brand)
        assert ask(brand, path, ONE_CLICK, now=NOW + 9).status == 200
        assert fingerprints(brand) == before


def test_the_application_answers_it(shop: Shop) -> None:
    with shop.open() as brand:
        path, sent = filled(brand), []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": ONE_CLICK}

        async def send(message: object) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": path, "headers": [], "query_string": b"lang=zh"}
        asyncio.run(asgi.application(brand, clock=lambda: NOW)(scope, receive, send))
        assert sent[0]["status"] == 200  # type: ignore[index]
        assert [row[2] for row in said(brand)] == ["withdrawn"]


@given(member=st.integers(0, 2**62 - 1), other=st.integers(0, 2**62 - 1), place=st.integers(0, 31))
def test_a_link_opens_for_its_member_alone(member: int, other: int, place: int) -> None:
    text = token(["k", "l"], member)
    assert opened(["k", "l", "m"], text) == member
    assert opened(["k"], text) is None
    assert (token(["k", "l"], other) == text) == (other == member)
    changed = text[:place] + ("a" if text[place] != "a" else "b") + text[place + 1 :]
    assert opened(["k", "l"], changed) is None
