from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from tests.loopback import RESET, Call, Raw, loopback
from tests.sending import closed_port, message, posted

from siyu.config.units import Secret
from siyu.kinds import Intake, Receipt, Request
from siyu_plugins.channels._answers import Answers
from siyu_plugins.channels._signing import Signing
from siyu_plugins.channels.webhook import Webhook
from siyu_plugins.entries._signature import Signature

KEY = "k3y"
FIELDS = {"to": "{address}", "content.title": "{title}", "content.text": "{text}", "app": "siyu"}
ANSWERS = Answers(
    code="code", accepted=("0",), later=("5",), limited=("6",), broken=("7",), id="data.0.id", reason="said"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text(KEY, encoding="utf-8")
    return tmp_path


def webhook(folder: Path, url: str, **more: Any) -> Webhook:  # noqa: ANN401 - what a config may say
    return Webhook(**{"name": "crm", "folder": folder, "url": url, "fields": FIELDS, "to": "phone", **more})


def receipt(folder: Path, answer: Any, **more: Any) -> Receipt:  # noqa: ANN401 - see loopback
    with loopback(answer if callable(answer) else lambda _: answer) as server:
        (found,) = posted(webhook(folder, f"{server.address}/send", **more), message())
    assert len(server.calls) == 1
    return found


def test_templates_are_filled_and_words_are_no_templates(folder: Path) -> None:
    with loopback(lambda _: {}) as server:
        channel = webhook(
            folder,
            f"{server.address}/{{address}}/send",
            headers={"x-note": "{title}\nx-evil: 1"},
            secrets={"authorization": Secret(file="secret")},
            key="idempotency-key",
        )
        said = message(address="+86/138", title='"{key}"', text="a {b} \n c")
        assert posted(channel, said) == [Receipt(7, "sent")]
    (call,) = server.calls
    assert (call.method, call.path) == ("POST", "%2B86%2F138/send")
    assert call.body == {
        "to": "+86/138",
        "content": {"title": '"{key}"', "text": "a {b} \n c"},
        "app": "siyu",
    }
    assert call.headers["authorization"] == KEY
    assert call.headers["idempotency-key"] == "7"
    assert "x-evil" not in call.headers
    assert channel.address == "phone"


def test_forms(folder: Path) -> None:
    with loopback(lambda _: {}) as server:
        fields = {"to": "{address}", "text": "{text}"}
        posted(webhook(folder, server.address, form="form", method="PUT", fields=fields), message(address="1&2"))
    (call,) = server.calls
    assert call.method == "PUT"
    assert dict(parse_qsl(call.raw.decode())) == {"to": "1&2", "text": "我们请。回复 TD 退订"}


@pytest.mark.parametrize(
    "more", [{}, {"timestamp": ""}, {"encoding": "base64", "algorithm": "sha512", "prefix": "v1="}]
)
def test_a_signature_is_what_siyus_own_entry_asks_for(folder: Path, more: dict[str, Any]) -> None:
    with loopback(lambda _: {}) as server:
        posted(webhook(folder, server.address, signature=Signing(secret=Secret(file="secret"), **more)), message())
    (call,) = server.calls
    request = Request(method="POST", headers=call.headers, body=call.raw, now=int(time.time()))

    class Here:
        def __init__(self) -> None:
            self.folder = folder

    here: Intake = Here()  # type: ignore[assignment]  # it needs no more than the folder
    assert Signature(secrets=(Secret(file="secret"),), **more).holds(request, here)
    (folder / "secret").write_text("other", encoding="utf-8")
    assert not Signature(secrets=(Secret(file="secret"),), **more).holds(request, here)


def test_codes_of_the_answer(folder: Path) -> None:
    fine = receipt(folder, {"code": 0, "data": [{"id": "m-1"}]}, answers=ANSWERS)
    assert fine == Receipt(7, "sent", provider_id="m-1")
    said = [receipt(folder, {"code": code, "said": "why"}, answers=ANSWERS) for code in (5, 6, 7, 8)]
    assert [one.state for one in said] == ["failed"] * 4
    assert [one.again for one in said] == ["later", "limited", "broken", None]
    assert said[3].reason == "crm: refused with 8: why"


@pytest.mark.parametrize(
    ("status", "state", "again"),
    [
        (204, "sent", None),
        (302, "failed", None),
        (400, "failed", None),
        (401, "failed", "broken"),
        (429, "failed", "limited"),
        (500, "unknown", None),
        (502, "unknown", None),
        (503, "failed", "later"),
    ],
)
def test_statuses(folder: Path, status: int, state: str, again: str | None) -> None:
    found = receipt(folder, Raw(status, b"", {"Retry-After": "17", "Location": "http://127.0.0.1:1/"}))
    assert (found.state, found.again) == (state, again)
    assert found.wait == (17.0 if again else None)


@pytest.mark.parametrize("answer", [RESET, Raw(502), Raw(200, b"<html>")])
def test_what_is_in_doubt_is_sent_again_only_with_a_key(folder: Path, answer: Any) -> None:  # noqa: ANN401
    assert receipt(folder, answer, answers=ANSWERS).state == "unknown"
    again = receipt(folder, answer, answers=ANSWERS, key="idempotency-key")
    assert (again.state, again.again) == ("failed", "later")


def test_an_answer_that_does_not_come_is_in_doubt(folder: Path) -> None:
    def slow(_: Call) -> dict[str, Any]:
        time.sleep(1.3)
        return {}

    assert receipt(folder, slow, timeout=1).state == "unknown"


def test_where_nobody_listens_nothing_was_sent(folder: Path) -> None:
    (found,) = posted(webhook(folder, f"http://127.0.0.1:{closed_port()}/send"), message())
    assert (found.state, found.again) == ("failed", "broken")


def test_no_receipt_shows_a_secret(folder: Path) -> None:
    found = receipt(folder, Raw(400, KEY.encode()), secrets={"authorization": Secret(file="secret")})
    assert KEY not in repr(found)


def test_a_config_is_looked_at(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"a message has no '\{adress\}'"):
        webhook(folder, "https://example.com", fields={"to": "{adress}"})
    with pytest.raises(ValueError, match="expected an address with https"):
        webhook(folder, "http://example.com/send")
    with pytest.raises(ValueError, match="expected both 'code'"):
        Answers(code="code")
    with pytest.raises(ValueError, match="expected a wait of 1 second or more"):
        webhook(folder, "https://example.com", timeout=0)


def test_facts_are_what_the_config_says(folder: Path) -> None:
    assert webhook(folder, "https://example.com").facts() == {}
    stated = webhook(folder, "https://example.com", message="mail", data_region="US", transfer_basis="contract")
    assert stated.facts() == {"message": "mail", "data_region": "US", "transfer_basis": "contract"}
