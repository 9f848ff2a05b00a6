"""A real server on this machine that plays a platform: it answers by a function, and can fail in every way."""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["RESET", "Call", "Loopback", "Raw", "loopback"]


@frozen
class Call:
    """What came in."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str] = field(factory=dict)
    raw: bytes = b""


@frozen
class Raw:
    """An answer that is not an object with status 200."""

    status: int
    content: bytes = b""
    headers: dict[str, str] = field(factory=dict)


RESET = object()
"""An answer that breaks off in its middle."""


@define
class Loopback:
    """The server: its address, and all calls that came."""

    address: str
    calls: list[Call] = field(factory=list)

    def paths(self) -> list[str]:
        return [call.path for call in self.calls]


def _body(raw: bytes) -> Any:  # noqa: ANN401 - what was posted; None where it is no JSON
    try:
        return json.loads(raw)
    except ValueError:
        return None


@contextmanager
def loopback(answer: Callable[[Call], Any]) -> Iterator[Loopback]:
    """Serve for as long as the block lasts; ``answer`` gives an object, a ``Raw`` or ``RESET``."""
    known = Loopback("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        do_PUT = do_POST  # noqa: N815 - http.server calls it by this name

        def _answer(self, raw: bytes) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.command, parts.path.lstrip("/"), dict(parse_qsl(parts.query)), _body(raw), headers, raw)
            known.calls.append(call)
            found = answer(call)
            if found is RESET:
                self._reset()
                return
            sent = found if isinstance(found, Raw) else Raw(200, json.dumps(found).encode())
            self.send_response(sent.status)
            for name, value in sent.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent.content)))
            self.end_headers()
            # Who waited no longer has hung up.
            with suppress(BrokenPipeError):
                self.wfile.write(sent.content)

        def _reset(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"errcode": 0, ')
            self.wfile.flush()
            # No lingering: what is left is answered with a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    known.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
