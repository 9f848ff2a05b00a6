"""The messages of WeCom's customer service, and how long members wait for an answer."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.brands import HEAD, folder, opened, rounds, rows
from tests.loopback import Call, Loopback, loopback

from siyu_plugins._platform import PlatformError
from siyu_plugins.entries.wecom_service import WecomService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.brand import Brand

NOW = 1_793_000_000


def message(name: str, second: int, origin: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - what WeCom tells of it
    fixed = {"msgid": name, "send_time": NOW + second, "origin": origin, "msgtype": "text", "external_userid": "wm1"}
    return {**fixed, "text": {"content": "hello"}, "open_kfid": "wk1", **more}


def changed(name: str, second: int, change: int) -> dict[str, Any]:
    event = {"event_type": "session_status_change", "external_userid": "wm1", "change_type": change}
    told = {**event, "old_servicer_userid": "ann", "new_servicer_userid": "" if change == 3 else "bob"}
    return {"msgid": name, "send_time": NOW + second, "origin": 4, "msgtype": "event", "event": told}


@contextmanager
def service(
    path: Path, messages: list[dict[str, Any]], page: int = 2, more: str = ""
) -> Iterator[tuple[Brand, Loopback]]:
    def answer(call: Call) -> Any:  # noqa: ANN401 - see loopback
        if call.path == "gettoken":
            return {"errcode": 0, "access_token": "T", "expires_in": 7200}
        if call.body["open_kfid"] != "wk1":
            return {"errcode": 95000, "errmsg": "invalid open_kfid"}
        begin = int(call.body["cursor"] or 0)
        end = min(begin + page, len(messages))
        has_more = int(end < len(messages))
        return {"errcode": 0, "msg_list": messages[begin:end], "next_cursor": str(end), "has_more": has_more}

    with loopback(answer) as server:
        entry = f"""
[entry.service]
use = "wecom-service"
from = 2026-10-01
corp = "ww1"
app = {{ secret = {{ file = "secret" }}, base_url = "{server.address}" }}
accounts = ["wk1"]
{more}
"""
        folder(path, HEAD + entry)
        (path / "secret").write_text("s3cr3t", encoding="utf-8")
        with opened(path) as brand:
            yield brand, server


def known(brand: Brand) -> list[tuple[Any, ...]]:
    found = rows(brand, "events", "second", "type", "subject", "staff", "quantity", "ref")
    return sorted((second - NOW, *more) for second, *more in found)


def test_messages_answers_and_talks_come_in(tmp_path: Path) -> None:
    messages = [
        message("m1", 0, 3),
        message("m2", 20, 3),
        changed("s1", 25, 1),
        message("m3", 60, 5, servicer_userid="bob"),
        message("m4", 70, 5, servicer_userid="bob"),
        changed("s2", 80, 3),
        message("m5", 90, 4, msgtype="event", event={"event_type": "msg_send_fail", "external_userid": "wm1"}),
        message("m6", 95, 3, external_userid=None),
    ]
    with service(tmp_path, messages) as (brand, _):
        brand.run(now=NOW + 100, send=False)
        assert known(brand) == [
            (0, "messaged", None, None, None, "wk1"),
            (20, "messaged", None, None, None, "wk1"),
            (25, "session_changed", "taken", "bob", None, "wk1"),
            (60, "responded", None, "bob", 60, "wk1"),
            (80, "session_changed", "ended", "ann", None, "wk1"),
        ]
        assert {props for (props,) in rows(brand, "events", "props")} == {None, '{"form":"text"}'}


def test_it_goes_on_from_its_cursor_and_an_answer_may_come_a_run_later(tmp_path: Path) -> None:
    messages = [message("m1", 0, 3), message("m2", 10, 3)]
    with service(tmp_path, messages, more='[field.text]\npurpose = "answer"\n[consent]\nwords = ["hello"]\n') as (
        brand,
        server,
    ):
        brand.run(now=NOW + 30, send=False)
        messages.append(message("m3", 40, 5, servicer_userid="ann"))
        brand.run(now=NOW + 60, send=False)
        assert [call.body["cursor"] for call in server.calls if call.path == "kf/sync_msg"] == ["", "2"]
        assert known(brand)[-1] == (40, "responded", None, "ann", 40, "wk1")
        assert rows(brand, "events", "props")[0] == ('{"form":"text","text":"hello"}',)
        assert rows(brand, "consents", "channel", "state", "proof") == [
            ("*", "withdrawn", name) for name in ("m1", "m2")
        ]


def test_what_was_before_the_first_day_is_left_out(tmp_path: Path) -> None:
    with service(tmp_path, [message("m1", -60 * 86_400, 3), message("m2", 0, 3)]) as (brand, server):
        brand.run(now=NOW - 60 * 86_400, send=False)
        assert server.calls == []
        brand.run(now=NOW, send=False)
        assert [second for second, *_ in known(brand)] == [0]


def test_a_refusal_is_told(tmp_path: Path) -> None:
    with service(tmp_path, [], more="") as (brand, _):
        text = (tmp_path / "brand.toml").read_text(encoding="utf-8").replace('["wk1"]', '["wk2"]')
    (tmp_path / "brand.toml").write_text(text, encoding="utf-8")
    with opened(tmp_path) as brand, pytest.raises(PlatformError, match="no answer"):
        brand.run(now=NOW, send=False)


def test_an_account_is_needed() -> None:
    with pytest.raises(ValueError, match="at least one service account"):
        WecomService(name="s", from_=date(2026, 1, 1), corp="c", app=None, accounts=())  # type: ignore[arg-type]


@st.composite
def talks(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw messages of both sides, several of them in one second."""
    found = draw(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([3, 5])), max_size=9))
    return [message(f"m{n}", second, origin) for n, (second, origin) in enumerate(sorted(found))]


@given(messages=talks(), page=st.integers(1, 4))
@settings(max_examples=rounds(5, 60))
def test_waiting_is_what_a_plain_fold_tells(
    tmp_path_factory: pytest.TempPathFactory, messages: list[dict[str, Any]], page: int
) -> None:
    with service(tmp_path_factory.mktemp("talk"), messages, page) as (brand, _):
        brand.run(now=NOW + 100, send=False)
        found = [(second, waited) for second, kind, _, _, waited, _ in known(brand) if kind == "responded"]
    expected, waiting = [], None
    for one in messages:
        second = one["send_time"] - NOW
        if one["origin"] == 3:
            waiting = second if waiting is None else waiting
        elif waiting is not None:
            expected.append((second, second - waiting))
            waiting = None
    assert found == expected
