"""Callbacks of Tencent's platforms, made by wechatpy, which is no part of siyu: what entries are tested with."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

import duckdb
from wechatpy.crypto import WeChatCrypto

from siyu.kinds import Request
from siyu.stores.engine import DuckEngine, sql_type
from siyu.stores.reading import DuckIntake
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from siyu.kinds import Answer, Entry

__all__ = ["CORP", "KEY", "NOW", "OLD", "TOKEN", "Desk", "called", "letter", "person", "xml"]

NOW = 1_790_000_000
TOKEN = "QDG6eK"  # noqa: S105 - of nothing but these tests
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
OLD = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CORP = "ww1234567890abcdef"
NONCE = "372623558"


def person(number: int) -> str:
    """Return the id of an outside person, as WeCom makes them."""
    return f"wmQ{number:029d}"


def xml(**fields: object) -> str:
    """Return a message: an element for each field, and items where it is a list."""
    return f"<xml>{''.join(map(_element, fields, fields.values()))}</xml>"


def _element(name: str, value: object) -> str:
    if isinstance(value, list):
        return f"<{name}>{''.join(f'<Item>{escape(one)}</Item>' for one in value)}</{name}>"
    return f"<{name}>{value}</{name}>" if isinstance(value, int) else f"<{name}><![CDATA[{value}]]></{name}>"


def letter(
    message: str, *, receiver: str = CORP, token: str = TOKEN, key: str = KEY, at: int = NOW
) -> tuple[dict[str, str], str]:
    """Return the query and the body of a callback: its message encrypted and signed."""
    sealed = WeChatCrypto(token, key, receiver).encrypt_message(message, NONCE, str(at))
    encrypted, sign = (re.search(rf"<{name}><!\[CDATA\[(.*?)\]\]>", sealed)[1] for name in ("Encrypt", "MsgSignature"))  # type: ignore[index]
    query = {"msg_signature": sign, "timestamp": str(at), "nonce": NONCE}
    return (
        query,
        f"<xml><ToUserName><![CDATA[{receiver}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>",
    )


def called(message: str, *, at: int = NOW, **more: Any) -> Request:  # noqa: ANN401 - what letter takes
    """Return a callback that has just come."""
    query, body = letter(message, at=at, **more)
    return Request(method="POST", query=query, body=body.encode(), now=at)


class Desk:
    """Hands requests to entries of one folder, beside a log of events of its own."""

    def __init__(self, folder: Path, log: Iterable[dict[str, Any]] = ()) -> None:
        """Keep secrets in the folder, and make the log."""
        for name, secret in {"token": TOKEN, "key": KEY, "old-key": OLD}.items():
            (folder / name).write_text(secret, encoding="ascii")
        self.cursor = duckdb.connect().cursor()
        self.engine = DuckEngine(self.cursor, "00")
        for table in ("events", "identities"):
            declared = ", ".join(f'"{name}" {sql_type(dtype)}' for name, dtype in TABLES[table].columns.items())
            self.cursor.execute(f"CREATE TABLE {table} ({declared})")
        self.intake = DuckIntake(self.cursor, self.engine, folder=folder, now=NOW)
        self.log(log)

    def log(self, events: Iterable[dict[str, Any]]) -> None:
        """Put events into the log, as a pass would: each with its identity."""
        columns = TABLES["events"].columns
        for event in events:
            given = self.engine.frame({"identity": [event["identity"]]}, {"identity": columns["type"]})
            ((_, member),) = self.engine.rows(self.engine.hashed(given, ["identity"], "member"))
            row = [{**event, "member": member}.get(name) for name in columns]
            self.cursor.execute(f"INSERT INTO events VALUES ({', '.join('?' * len(row))})", row)

    def rows(self, answer: Answer) -> list[dict[str, Any]]:
        """Return the rows that an answer keeps, without what is null."""
        found = []
        for batch in answer.batches:
            names = batch.rows.collect_schema().names()
            found += [dict(zip(names, row, strict=True)) for row in self.engine.rows(batch.rows)]
        return [{name: value for name, value in row.items() if value is not None} for row in found]

    def taken(self, entry: Entry, request: Request) -> list[dict[str, Any]]:
        """Hand over a request that is to be taken; return the rows of its answer."""
        answer = entry.receive(request, self.intake)
        assert answer.status == 200, answer.body
        return self.rows(answer)
