"""A mail's own link: from the words and the header, through the web application, to a run that sends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.brands import HEAD, fingerprints, folder, opened, rows
from tests.core.rights.conftest import fact
from tests.mailbox import Mailbox, mailbox

from siyu import Brand, asgi
from siyu.errors import ConfigError, UserError
from siyu.moments import moment

ANN, BOB = "email:ann@example.com", "email:bob@example.com"
URL = "https://tea.example/siyu"
TOML = """
[channel.mail]
use = "email"
host = "127.0.0.1"
port = {port}
tls = "none"
sender = "Tea <news@tea.example>"
[campaign.day]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
every = "day"
say = "hi"
via = "mail"
"""


def config(port: int, url: str = URL) -> str:
    head = HEAD.replace('name = "Tiny"', f'name = "Tiny"\nurl = "{url}"' if url else 'name = "Tiny"')
    return head.replace('text = "Hi!"', 'text = "Hi! No more: {unsubscribe}"') + TOML.replace("{port}", str(port))


def mails(box: Mailbox) -> dict[str, EmailMessage]:
    found = {}
    for recipient, content in box.mails:
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        found[recipient] = mail
    return found


def posted(brand: Brand, link: str, now: int, method: str = "POST") -> int:
    """Ask the web application as it is mounted at the brand's url; return its status."""
    parts = urlsplit(link)
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"List-Unsubscribe=One-Click" if method == "POST" else b""}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": parts.path, "root_path": "/siyu", "headers": []}
    application = asgi.application(brand, clock=lambda: now)
    asyncio.run(application(scope | {"query_string": parts.query.encode()}, receive, send))
    status = sent[0]["status"]
    assert isinstance(status, int)
    return status


def test_the_link_of_a_mail_ends_the_mails(tmp_path: Path) -> None:
    with mailbox() as box, opened(folder(tmp_path, config(box.port))) as brand:
        brand.ingest([fact(who, "joined", "2026-11-02T01:00", who) for who in (ANN, BOB)])
        brand.run(now="2026-11-10T10:30")
        mail = mails(box)["ann@example.com"]
        link = str(mail["List-Unsubscribe"]).strip(" <>")
        assert link == brand.preference_url(ANN, "mail") == f"{URL}{brand.preference_path(ANN)}?channel=mail"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        words = mail.get_body(("plain",))
        assert words is not None
        assert f"Hi! No more: {link}" in words.get_content()
        assert str(mails(box)["bob@example.com"]["List-Unsubscribe"]).strip(" <>") == brand.preference_url(BOB, "mail")
        now = moment("2026-11-10T12:00", "Asia/Shanghai")
        before = fingerprints(brand)
        assert posted(brand, link, now, "GET") == 200
        assert fingerprints(brand) == before
        assert posted(brand, link, now) == 200
        assert rows(brand, "consents", "channel", "purpose", "state") == [("mail", "marketing", "withdrawn")]
        box.mails.clear()
        brand.run(now="2026-11-11T10:30")
        assert list(mails(box)) == ["bob@example.com"]
        assert "ann@example.com" not in repr(rows(brand, "touches")) + repr(rows(brand, "receipts"))


def test_a_link_needs_to_know_where_it_leads(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'hi' has \{unsubscribe\}, and nothing says where .*\n.*\n.*\n.*add url = "):
        opened(folder(tmp_path, config(25, url="")))
    with pytest.raises(ConfigError, match="expected an address with https"):
        opened(folder(tmp_path, config(25, url="http://tea.example")))
    with opened(folder(tmp_path, HEAD)) as brand, pytest.raises(UserError, match=r"as \[brand\] url"):
        brand.preference_url(ANN)
