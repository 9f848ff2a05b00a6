"""What a provider is sent between a plan and its delivery, seen from the provider: a real server on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.brands import HEAD, folder, happened, opened
from tests.loopback import Call, loopback

PLANNED, DELIVERED = "2026-11-10T12:00", "2026-11-10T12:30"
JOINED = "2026-11-02T01:00:00Z"
SAID = "2026-11-10T04:10:00Z"
WORDS = {"r": "R", "t": "t", "td": "\uff34\uff24", "zh": "退订。"}
TOML = """
[attribute]
nick = { type = "text", purpose = "to greet" }
income = { type = "text", purpose = "to choose", keep = "30d", sensitivity = "sensitive" }
[channel.hook]
use = "webhook"
url = "ADDRESS/send"
to = "phone"
fields = { to = "{address}", text = "{text}" }
[campaign.day]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
say = "hi"
via = "hook"
offer = "new-10"
"""


def phone(name: str) -> str:
    return f"phone:+86138001380{[*WORDS, 'left', 'page', 'stays'].index(name):02d}"


def fact(name: str, kind: str, at: str, mark: str, **more: object) -> dict[str, Any]:
    return happened("x", kind, at, mark, **more) | {"identity": phone(name)}


def answer(_call: Call) -> object:
    return {}


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Call]]:
    """Return what the server got of messages to seven members, six of whom refused between plan and delivery."""
    path: Path = tmp_path_factory.mktemp("brand")
    names = [*WORDS, "left", "page", "stays"]
    with loopback(answer) as server, opened(folder(path, HEAD + TOML.replace("ADDRESS", server.address))) as brand:
        told = {"nick": "Snow", "income": "much", "birth_year": 1980, "zone": "Asia/Shanghai"}
        facts = [("joined", "j", {}), ("profiled", "p", {"props": json.dumps(told)})]
        brand.ingest([fact(name, kind, JOINED, mark + name, **more) for name in names for kind, mark, more in facts])
        brand.run(now=PLANNED, send=False)
        replies = [(name, json.dumps({"text": word})) for name, word in WORDS.items()]
        brand.ingest([fact(name, "replied", SAID, name, props=props) for name, props in replies])
        said = {"identity": phone("left"), "channel": "hook", "purpose": "marketing", "state": "withdrawn"}
        brand.ingest([said | {"time": SAID}], table="consents")
        brand.suppress([phone("page")], by="wu", reason="asked", now=PLANNED)
        assert server.calls == []
        brand.deliver(now=DELIVERED)
        yield list(server.calls)


def test_whoever_refused_between_the_plan_and_its_delivery_gets_nothing(calls: list[Call]) -> None:
    assert [call.body["to"] for call in calls] == [phone("stays").removeprefix("phone:")]


def test_a_provider_gets_the_fields_that_the_config_names_and_no_others(calls: list[Call]) -> None:
    (call,) = calls
    assert call.body == {"to": phone("stays").removeprefix("phone:"), "text": "Hi!"}
    whole = call.raw.decode() + json.dumps(sorted(call.headers.items())) + call.path + json.dumps(call.query)
    for absent in ("Snow", "much", "1980", "new-10", "Asia", "day", "marketing"):
        assert absent not in whole
    headers: Mapping[str, Any] = call.headers
    assert set(headers) <= {"host", "content-type", "content-length", "accept", "accept-encoding", "user-agent"}
