"""Welcomes end to end: a callback's code, a tick, WeCom on this machine, and the receipts."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import define, field
from tests.brands import folder, opened, rows
from tests.callbacks import CORP, KEY, TOKEN, letter, person, xml
from tests.loopback import Call, loopback

from siyu import asgi

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from siyu.brand import Brand

SECRET = "s3cr3t-of-the-app"  # noqa: S105 - what nothing may show
BORN = 1_796_000_000
TOML = """
[brand]
name = "Tiny"
zone = "Asia/Shanghai"
[gate]
consent = "unless-withdrawn"
caps = []
distance = "0s"
quiet = "03:00-03:01"
[content.words]
use = "library"
[content.words.items.hi]
kind = "emotion"
title = "欢迎"
text = "这是店里的茶单"
[entry.wecom]
use = "wecom"
corp = "{corp}"
tokens = [{{ file = "token" }}]
keys = [{{ file = "aes" }}]
[campaign.welcome]
use = "journey"
from = 2026-11-01
start = {{ event = "followed" }}
again = "1s"
via = "hello"
steps = [{{ id = "hello", say = "hi", latest = "1h" }}]
[channel.hello]
use = "wecom-welcome"
corp = "{corp}"
app = {{ secret = {{ file = "secret" }}, base_url = "{base}" }}
"""


@define
class Console:
    """WeCom's side: what it answers by code, each welcome that it took, and how often a code was tried."""

    says: dict[str, list[int]] = field(factory=dict)
    taken: list[Any] = field(factory=list)
    tried: list[str] = field(factory=list)

    def call(self, call: Call) -> Any:  # noqa: ANN401 - see loopback
        if call.path == "gettoken":
            assert call.query["corpsecret"] == SECRET
            return {"errcode": 0, "access_token": "T", "expires_in": 7200}
        assert call.path == "externalcontact/send_welcome_msg"
        code = call.body["welcome_code"]
        self.tried.append(code)
        errors = self.says.get(code, [])
        if errors:
            return {"errcode": errors.pop(0), "errmsg": "refused"}
        self.taken.append(call.body)
        return {"errcode": 0, "errmsg": "ok"}


@contextmanager
def shop(path: Path, console: Console) -> Iterator[Brand]:
    for name, secret in {"secret": SECRET, "token": TOKEN, "aes": KEY}.items():
        (path / name).write_text(secret, encoding="ascii")
    with loopback(console.call) as server:
        toml = TOML.format(corp=CORP, base=server.address)
        with opened(folder(path, toml)) as brand:
            yield brand


def added(brand: Brand, codes: dict[str, str], at: int = BORN) -> None:
    """Tell the brand of new contacts, each with the code that came, as the entry does."""
    moment = datetime.fromtimestamp(at, UTC)
    rows = []
    for name, code in codes.items():
        props = {"props": f'{{"welcome_code": "{code}", "welcome_until": {at + 20}}}'} if code else {}
        row = {"identity": f"wecom:{name}", "type": "followed", "time": moment, "staff": "ann", **props}
        rows.append({**row, "source_id": f"{name}-{at}"})
    brand.ingest(rows)


def became(brand: Brand, name: str) -> list[tuple[str, str]]:
    """Return what became of a member's touches: states and reasons."""
    mine = {touch for touch, who in rows(brand, "touches", "id", "recipient") if who == brand.number(f"wecom:{name}")}
    return [
        (state, reason) for touch, state, reason in rows(brand, "receipts", "touch", "state", "reason") if touch in mine
    ]


def test_nineteen_seconds_are_in_time_and_twenty_one_are_not(tmp_path: Path) -> None:
    console = Console(says={"GONE": [41051], "BUSY": [41096]})
    with shop(tmp_path, console) as brand:
        added(brand, {"soon": "SOON", "gone": "GONE", "busy": "BUSY", "none": ""})
        added(brand, {"late": "LATE"}, BORN - 2)
        brand.tick(now=BORN + 19)
        assert {one["welcome_code"]: one["text"]["content"] for one in console.taken} == dict.fromkeys(
            ("SOON", "BUSY"), "欢迎\n这是店里的茶单"
        )
        assert console.tried.count("GONE") == 1
        assert console.tried.count("BUSY") == 2
        assert [state for state, _ in became(brand, "soon")] == ["queued", "sending", "sent"]
        assert became(brand, "gone")[-1][0] == "failed"
        assert "41051" in became(brand, "gone")[-1][1]
        assert [state for state, _ in became(brand, "busy")] == ["queued", "sending", "queued", "sending", "sent"]
        assert became(brand, "none")[-1] == (
            "suppressed",
            "no code came to answer by, as where the platform's console has a message of its own",
        )

        assert became(brand, "late") == [("held", "'hello' is not open to the member")]
        assert "LATE" not in console.tried

        # What passed the gate in time, and could not go out before its time was over; and a contact's next code.
        added(brand, {"slow": "SLOW", "soon": "AGAIN"}, BORN + 4000)
        brand.tick(now=BORN + 4001, send=False)
        brand.deliver(now=BORN + 4020)
        assert [state for state, _ in became(brand, "slow")] == ["queued", "held"]
        assert console.tried.count("AGAIN") + console.tried.count("SLOW") == 0
        log = repr([rows(brand, table) for table in ("receipts", "touches", "configs", "runs", "rejects")])
        assert SECRET not in log


def test_a_callback_is_answered_within_seconds(tmp_path: Path) -> None:
    console = Console()
    with shop(tmp_path, console) as brand:
        application = asgi.application(brand, ticks=True)
        began = time.monotonic()
        for number in (1, 2):
            now = int(time.time())
            head = {"ToUserName": CORP, "FromUserName": "sys", "CreateTime": now, "MsgType": "event"}
            told = {"Event": "change_external_contact", "ChangeType": "add_external_contact", "UserID": "ann"}
            message = xml(**head, **told, ExternalUserID=person(number), WelcomeCode=f"CODE{number}")
            assert asyncio.run(_posted(application, *letter(message, at=now))) == 200
        while len(console.taken) < 2 and time.monotonic() - began < 15:
            time.sleep(0.05)
        assert {one["welcome_code"] for one in console.taken} == {"CODE1", "CODE2"}
        asyncio.run(_ended(application))
        assert [state for (state,) in rows(brand, "receipts", "state")].count("sent") == 2


async def _posted(application: asgi.Application, query: dict[str, str], body: str) -> int:
    """Post a callback as a server would; return the status."""
    from urllib.parse import urlencode

    sent: list[Any] = []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/wecom",
        "query_string": urlencode(query).encode(),
        "headers": [],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body.encode()}

    async def send(message: Any) -> None:  # noqa: ANN401 - as ASGI has it
        sent.append(message)

    await application(scope, receive, send)
    return int(sent[0]["status"])


async def _ended(application: asgi.Application) -> None:
    told = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, Any]:
        return {"type": next(told)}

    async def send(_message: Any) -> None:  # noqa: ANN401 - as ASGI has it
        pass

    await application({"type": "lifespan"}, receive, send)
