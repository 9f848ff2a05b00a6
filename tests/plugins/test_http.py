"""HTTP: tokens that are kept and renewed, answers that are no success, and failures of every sort, over sockets."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from tests.loopback import RESET, Call, Loopback, Raw, loopback

from siyu_plugins._http import Client, opened
from siyu_plugins._platform import Platform, PlatformError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = "s3cr3t"  # noqa: S105 - what no message may show


class Answers:
    """Gives out tokens T1, T2 …, and for all else one given answer after the other, the last one for ever."""

    def __init__(self, *given: Any) -> None:  # noqa: ANN401 - see loopback
        self.given = list(given)
        self.tokens = 0
        self.seconds: Any = 7200

    def __call__(self, call: Call) -> Any:  # noqa: ANN401 - see loopback
        if call.path == "gettoken":
            self.tokens += 1
            return {"errcode": 0, "access_token": f"T{self.tokens}", "expires_in": self.seconds}
        found = self.given.pop(0) if len(self.given) > 1 else self.given[0]
        return found(call) if callable(found) else found


@contextmanager
def client(answers: Callable[[Call], Any], **more: Any) -> Iterator[tuple[Client, Loopback]]:  # noqa: ANN401
    with loopback(answers) as server:
        platform = Platform(
            name="Test",
            base=server.address,
            ask=lambda: ("gettoken", {"corpsecret": SECRET}),
            stale=frozenset({40014, 42001}),
            busy=frozenset({-1}),
            blocked=frozenset({45009}),
            hints={60020: "trust this machine"},
            wait=0.01,
            block=0.05,
            attempts=3,
        )
        with opened(evolve(platform, **more)) as found:
            yield found, server


FINE = {"errcode": 0, "found": 1}


def test_the_token_is_asked_for_once() -> None:
    with client(Answers(FINE)) as (called, server):
        assert called.get("list", userid="ann") == FINE
        assert called.post("detail", {"cursor": ""}) == FINE
    assert server.paths() == ["gettoken", "list", "detail"]
    assert server.calls[1].query == {"userid": "ann", "access_token": "T1"}
    assert server.calls[2].body == {"cursor": ""}


@pytest.mark.parametrize("code", [40014, 42001])
def test_a_stale_token_is_renewed_once(code: int) -> None:
    def judged(call: Call) -> Any:  # noqa: ANN401 - see loopback
        return FINE if call.query["access_token"] == "T2" else {"errcode": code, "errmsg": "stale"}  # noqa: S105

    with client(Answers(judged)) as (called, server):
        assert called.get("list") == FINE
        assert called.get("list") == FINE
    assert server.paths() == ["gettoken", "list", "gettoken", "list", "list"]


def test_a_token_that_never_holds_ends_it() -> None:
    with (
        client(Answers({"errcode": 40014, "errmsg": "no"})) as (called, server),
        pytest.raises(PlatformError, match="list: refused with 40014: no"),
    ):
        called.get("list")
    assert server.paths() == ["gettoken", "list", "gettoken", "list"]


def test_a_token_is_renewed_before_it_ends() -> None:
    answers = Answers(FINE)
    answers.seconds = 0
    with client(answers) as (called, server):
        called.get("list")
        called.get("list")
    assert server.paths() == ["gettoken", "list"] * 2


@pytest.mark.parametrize(
    "first",
    [
        {"errcode": -1, "errmsg": "system busy"},
        {"errcode": 45009, "errmsg": "api freq out of limit"},
        Raw(503, b"<html>"),
        Raw(429),
        RESET,
        Raw(200, b"not JSON"),
        Raw(200, b"[1, 2]"),
    ],
)
def test_what_passes_is_tried_again(first: Any) -> None:  # noqa: ANN401 - see loopback
    with client(Answers(first, first, FINE)) as (called, server):
        assert called.get("list") == FINE
    assert server.paths() == ["gettoken", "list", "list", "list"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"errcode": -1, "errmsg": "busy"}, "refused with -1: busy; it was tried 3 times"),
        ({"errcode": 45009, "errmsg": "freq"}, "refused with 45009: freq; it was tried 3 times"),
        (Raw(502), "HTTP status 502; it was tried 3 times"),
        (RESET, r"no answer \(ClientPayloadError\); it was tried 3 times|no answer \(.*\); it was tried 3 times"),
        (Raw(200, b"{"), "the answer is no JSON object; it was tried 3 times"),
    ],
)
def test_a_call_is_made_a_bounded_number_of_times(given: Any, told: str) -> None:  # noqa: ANN401 - see loopback
    with client(Answers(given)) as (called, server), pytest.raises(PlatformError, match=f"Test: list: {told}"):
        called.get("list")
    assert server.paths().count("list") == 3


@pytest.mark.parametrize("given", [RESET, Raw(502), Raw(200, b"{")])
def test_what_may_have_been_done_is_not_done_again(given: Any) -> None:  # noqa: ANN401 - see loopback
    with client(Answers(given)) as (called, server), pytest.raises(PlatformError):
        called.post("transfer", {}, repeat=False)
    assert server.paths().count("transfer") == 1


def test_what_was_surely_not_done_is_done_again() -> None:
    with client(Answers({"errcode": 45009}, FINE)) as (called, _):
        assert called.post("transfer", {}, repeat=False) == FINE


@pytest.mark.parametrize("given", [Raw(404), Raw(302, headers={"Location": "http://127.0.0.1:1/"})])
def test_other_statuses_are_final(given: Raw) -> None:
    with client(Answers(given)) as (called, server), pytest.raises(PlatformError, match=f"HTTP status {given.status}"):
        called.get("list")
    assert server.paths().count("list") == 1


def test_a_refusal_has_its_code_and_what_to_do() -> None:
    with (
        client(Answers({"errcode": 60020, "errmsg": "not allow to access from your ip"})) as (called, _),
        pytest.raises(PlatformError, match="60020: not allow to access from your ip; trust this machine") as found,
    ):
        called.get("list")
    assert found.value.code == 60020


def test_a_token_that_is_refused_or_missing_is_told() -> None:
    with (
        client(lambda _: {"errcode": 40001, "errmsg": "invalid credential"}) as (called, _),
        pytest.raises(PlatformError, match="Test: gettoken: refused with 40001"),
    ):
        called.get("list")
    with (
        client(lambda _: {"errcode": 0}) as (called, _),
        pytest.raises(PlatformError, match="Test: gettoken: the answer has no token"),
    ):
        called.get("list")


def test_nobody_there() -> None:
    with (
        client(Answers(FINE), base="http://127.0.0.1:9") as (called, _),
        pytest.raises(PlatformError, match=r"Test: gettoken: no answer \(ClientConnectorError\)"),
    ):
        called.post("list", {}, repeat=False)


def test_an_answer_that_does_not_come_is_given_up() -> None:
    waiting = threading.Event()
    with (
        client(lambda _: waiting.wait(1) and FINE, timeout=0.1, attempts=1) as (called, _),
        pytest.raises(PlatformError, match="no answer"),
    ):
        called.get("list")
    waiting.set()


@pytest.mark.parametrize("given", [RESET, Raw(503), {"errcode": -1}, {"errcode": 40014}, Raw(404)])
def test_no_message_and_no_log_names_a_secret(given: Any, caplog: pytest.LogCaptureFixture) -> None:  # noqa: ANN401
    caplog.set_level(logging.DEBUG)
    with client(Answers(given)) as (called, _), pytest.raises(PlatformError) as found:
        called.get("list")
    for text in (caplog.text, repr(called), repr(called.platform), repr(found.value), repr(found.value.__cause__)):
        assert SECRET not in text
        assert "access_token" not in text


def test_many_at_once_come_back_in_their_order() -> None:
    with client(Answers(lambda call: {"errcode": 0, "n": call.body["n"]})) as (called, server):
        found = called.posts("get", [{"n": n} for n in range(50)])
    assert [one["n"] for one in found] == list(range(50))
    assert server.paths().count("gettoken") == 1


def test_it_works_where_a_loop_runs_already() -> None:
    async def inside() -> Any:  # noqa: ANN401 - an answer
        with client(Answers(FINE)) as (called, _):
            return called.get("list")

    assert asyncio.run(inside()) == FINE
