"""The web application, as a server calls it, and on a real server."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import narwhals as nw
import pytest
import uvicorn
from attrs import define, field, frozen
from tests.brands import HEAD, fingerprints, folder, gapless, opened, rows

from siyu import asgi
from siyu.errors import UserError
from siyu.hooks import hookimpl
from siyu.kinds import Answer, Batch, Entry, Request

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.brand import Brand
    from siyu.kinds import Intake

NOW = 1_796_000_000
LONG = 60
TOML = HEAD + '[entry.door]\nuse = "door"\n'


@define
class Doors:
    """A plugin with an entry that tells what it was asked, and may be made to wait."""

    seen: list[Request] = field(factory=list)
    inside: threading.Semaphore = field(factory=lambda: threading.Semaphore(0))
    free: threading.Event = field(factory=threading.Event)

    @hookimpl
    def siyu_register_entries(self) -> Mapping[str, type[Entry]]:
        plugin = self

        @frozen(kw_only=True)
        class Door(Entry):
            """Takes the event whose id is the body."""

            limit: ClassVar[int] = 1_000

            def receive(self, request: Request, intake: Intake) -> Answer:
                plugin.seen.append(request)
                if request.path == "/wait":
                    plugin.inside.release()
                    assert plugin.free.wait(LONG)
                if request.path == "/unset":
                    raise UserError("the secret is empty")
                if request.method != "POST":
                    return Answer(status=200, body=b"hello", headers={"X-Door": "open"})
                return Answer(status=200, body=b"kept", batches=(_batch(intake, request.body.decode()),))

        return {"door": Door}


def _batch(intake: Intake, name: str) -> Batch:
    columns: dict[str, list[Any]] = {"identity": ["wecom:ann"], "type": ["joined"], "at": [NOW], "source_id": [name]}
    texts = dict.fromkeys(("identity", "type", "source_id"), nw.String())
    frame = intake.frame(columns, {**texts, "at": nw.Int64()})
    return Batch(rows=intake.convert(frame, "at", "time", "moment").drop("at"))


@pytest.fixture
def doors() -> Doors:
    return Doors()


@pytest.fixture
def brand(tmp_path: Path, doors: Doors) -> Iterator[Brand]:
    with opened(folder(tmp_path, TOML), plugins={"doors": doors}) as made:
        yield made


@pytest.fixture
def application(brand: Brand) -> asgi.Application:
    return asgi.application(brand, timeout=1.0, threads=8, clock=lambda: NOW + 0.9)


@define
class Call:
    """One connection, as a server has it."""

    sent: list[dict[str, Any]] = field(factory=list)
    read: int = 0

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}


async def called(
    application: asgi.Application, path: str, parts: Sequence[bytes | None] = (b"",), **more: object
) -> Call:
    """Call the application; a part that is None is a caller who hangs up, and after the last one nothing comes."""
    call, waiting = Call(), deque(parts)

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.sleep(LONG)
        call.read += 1
        part = waiting.popleft()
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(waiting) or bool(more.get("endless"))}

    async def send(message: Any) -> None:  # noqa: ANN401 - whatever the application sends
        call.sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [],
        **more,
    }
    await application(scope, receive, send)
    return call


def ask(application: asgi.Application, path: str, parts: Sequence[bytes | None] = (b"",), **more: object) -> Call:
    return asyncio.run(called(application, path, parts, **more))


def test_a_request_is_handed_over_as_it_came(application: asgi.Application, doors: Doors) -> None:
    call = ask(
        application,
        "/door/of/iron",
        [b"4", b"2"],
        query_string=b"echostr=a%20b&nonce=%E8%8C%B6&empty=&nonce=1",
        headers=[(b"X-Signature", b"abc"), (b"accept", b"a"), (b"accept", b"b")],
    )
    assert (call.status, call.body) == (200, b"kept")
    assert call.headers == {"content-length": "4"}
    assert doors.seen == [
        Request(
            method="POST",
            path="/of/iron",
            query={"echostr": "a b", "nonce": "1", "empty": ""},
            headers={"x-signature": "abc", "accept": "a, b"},
            body=b"42",
            now=NOW,
        )
    ]


@pytest.mark.parametrize("path", ["/door", "/door/"])
def test_what_was_taken_is_in_the_log(application: asgi.Application, brand: Brand, path: str) -> None:
    assert ask(application, path, [b"7"]).status == 200
    assert rows(brand, "events", "entry", "source_id") == [("door", "7")]
    gapless(brand)


def test_the_path_of_a_mount_is_taken_off(application: asgi.Application, doors: Doors) -> None:
    assert ask(application, "/siyu/door", root_path="/siyu").status == 200
    assert ask(application, "/door", root_path="/siyu/").status == 200
    assert ask(application, "/siyudoor", root_path="/siyu").status == 404
    assert [request.path for request in doors.seen] == ["/", "/"]


@pytest.mark.parametrize("path", ["/", "", "/gate", "/DOOR", "//door", "/../door"])
def test_other_paths_are_not_there_and_nothing_is_read(application: asgi.Application, doors: Doors, path: str) -> None:
    call = ask(application, path, [b"x"])
    assert (call.status, call.read, doors.seen) == (404, 0, [])


def test_head_is_answered_without_a_body(application: asgi.Application) -> None:
    call = ask(application, "/door", method="HEAD")
    assert (call.status, call.body, call.headers) == (200, b"", {"x-door": "open", "content-length": "5"})


def test_a_query_that_is_no_text_is_malformed(application: asgi.Application, doors: Doors) -> None:
    assert ask(application, "/door", query_string=b"a=%ff").status == 400
    assert ask(application, "/door", query_string=b"a=\xff").status == 400
    assert doors.seen == []


@pytest.mark.parametrize("length", [b"1001", b"9" * 5_000])
def test_a_body_that_is_said_to_be_too_large_is_not_read(
    application: asgi.Application, doors: Doors, length: bytes
) -> None:
    call = ask(application, "/door", [b"x"], headers=[(b"content-length", length)])
    assert (call.status, call.read, doors.seen) == (413, 0, [])
    assert call.headers["connection"] == "close"


def test_a_body_is_read_no_further_than_its_limit(application: asgi.Application, doors: Doors) -> None:
    call = ask(application, "/door", [b"x" * 400] * 10, headers=[(b"content-length", b"12")])
    assert (call.status, call.read, doors.seen) == (413, 3, [])
    assert ask(application, "/door", [b"x" * 500] * 2).status == 200
    modern = ask(application, "/door", [b"x" * 1_001], http_version="2")
    assert (modern.status, modern.headers) == (413, {"content-length": "0"})


def test_a_body_that_never_ends_is_given_up(application: asgi.Application, brand: Brand) -> None:
    before = fingerprints(brand)
    call = ask(application, "/door", [b"x"], endless=True)
    assert (call.status, call.headers["connection"]) == (408, "close")
    assert fingerprints(brand) == before


def test_whoever_hangs_up_is_not_answered(application: asgi.Application, doors: Doors) -> None:
    assert ask(application, "/door", [b"x", None]).sent == []
    assert doors.seen == []


def test_an_entry_that_cannot_work_is_told_to_its_owner_alone(
    application: asgi.Application, caplog: pytest.LogCaptureFixture
) -> None:
    call = ask(application, "/door/unset")
    assert (call.status, call.body) == (503, b"")
    assert "the secret is empty" in caplog.text


def test_the_loop_goes_on_while_a_request_is_taken(application: asgi.Application, doors: Doors) -> None:
    async def both() -> tuple[Call, Call]:
        slow = asyncio.create_task(called(application, "/door/wait", [b"1"]))
        assert await asyncio.to_thread(doors.inside.acquire, timeout=LONG)
        quick = await called(application, "/door", [b"2"])
        assert not slow.done()
        doors.free.set()
        return await slow, quick

    slow, quick = asyncio.run(both())
    assert (slow.status, quick.status) == (200, 200)


def test_it_begins_and_ends_with_its_server(application: asgi.Application) -> None:
    sent: list[dict[str, Any]] = []

    async def live() -> None:
        messages = deque([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive() -> dict[str, Any]:
            return messages.popleft()

        async def send(message: Any) -> None:  # noqa: ANN401 - whatever the application sends
            sent.append(message)

        await application({"type": "lifespan"}, receive, send)

    asyncio.run(live())
    assert sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]
    with pytest.raises(RuntimeError, match="shutdown"):
        application._threads.submit(int)


def test_it_takes_no_web_sockets(application: asgi.Application) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:  # noqa: ANN401 - whatever the application sends
        sent.append(message)

    asyncio.run(application({"type": "websocket", "path": "/door"}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1000}]


@contextmanager
def served(application: asgi.Application) -> Iterator[int]:
    """Serve an application on a port of this machine alone."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(application, log_config=None, lifespan="on", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(LONG)
            assert not thread.is_alive()


def posted(port: int, path: str, body: Any, **headers: str) -> tuple[int, bytes]:  # noqa: ANN401 - what http.client takes
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_on_a_real_server(application: asgi.Application, brand: Brand, doors: Doors) -> None:
    with served(application) as port:
        assert posted(port, "/door", b"1", **{"X-Signature": "s"}) == (200, b"kept")
        assert posted(port, "/door", iter([b"2", b"3"])) == (200, b"kept")
        assert posted(port, "/nowhere", b"1") == (404, b"")
        assert posted(port, "/door", b"x" * 1_001) == (413, b"")
        assert _raw(
            port, b"POST /door HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n"
        ).startswith(b"HTTP/1.1 408")
        assert _raw(port, b"HEAD /door HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").endswith(b"\r\n\r\n")
    assert doors.seen[0].headers["x-signature"] == "s"
    assert rows(brand, "events", "source_id") == [("1",), ("23",)]
    gapless(brand)


def test_eight_clients_post_the_same_four_times_each(application: asgi.Application, brand: Brand) -> None:
    answers: list[tuple[int, bytes]] = []

    def post(port: int) -> None:
        answers.extend(posted(port, "/door", json.dumps({"n": 1}).encode()) for _ in range(4))

    with served(application) as port:
        threads = [threading.Thread(target=post, args=[port]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONG)
    assert answers == [(200, b"kept")] * 32
    assert len(rows(brand, "events")) == 1


def _raw(port: int, request: bytes) -> bytes:
    """Send bytes and return all that comes back until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=LONG) as connection:
        connection.sendall(request)
        found = b""
        while part := connection.recv(4_096):
            found += part
    return found
