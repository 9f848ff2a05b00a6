"""What platforms and law ask of channels while they run, against servers on this machine: hits are counted there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import folder, happened, opened, rows
from tests.loopback import Call, Raw, loopback
from tests.sending import closed_port

from siyu.errors import PluginError
from siyu.tables import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from siyu.brand import Brand

SECRETS = {name: f"s3cr3t-of-the-{name}" for name in ("account", "robot", "sms", "mail", "unsubscribe")}
TOML = """
[brand]
name = "Tiny"
zone = "Asia/Shanghai"
store = "store.duckdb"
[gate]
consent = "unless-withdrawn"
distance = "0s"
quiet = "03:00-03:01"
caps = []
[content.words]
use = "library"
[content.words.items.hi]
kind = "emotion"
title = "茶"
text = "春茶到了,回复TD退订"
[channel.account]
use = "official-account"
account = {{ appid = "wx1", secret = {{ file = "account" }}, base_url = "{base}" }}
[channel.notices]
use = "mini-program"
account = {{ appid = "wx1", secret = {{ file = "account" }}, base_url = "{base}" }}
template = "T1"
fields = {{ thing1 = "{{title}}" }}
[channel.team]
use = "wecom-robot"
key = {{ file = "robot" }}
base_url = "{base}"
[channel.sms]
use = "sms"
url = "{base}/sms"
fields = {{ phone = "{{address}}", text = "{{text}}" }}
secrets = {{ authorization = {{ file = "sms" }} }}
[channel.mail]
use = "email"
host = "127.0.0.1"
tls = "none"
port = {port}
sender = "Tea <news@tea.example>"
user = "siyu"
password = {{ file = "mail" }}
unsubscribe = {{ url = "https://tea.example/u?t={{key}}&p={{signature}}", secret = {{ file = "unsubscribe" }} }}
"""
CAMPAIGN = """
[campaign.{name}]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
say = "hi"
via = "{via}"
{to}
"""
CAMPAIGNS = {
    "talk": ("account", "did('messaged')"),
    "first": ("notices", "did('allowed')"),
    "second": ("notices", "did('allowed')"),
    "group": ("team", ""),
    "short": ("sms", "did('shared')"),
    "letter": ("mail", "did('voted')"),
}
NOW = "2026-11-10T10:30:00"


def platform(call: Call) -> Any:  # noqa: ANN401 - see loopback
    """Answer as the platforms do, and refuse what is no business of these tests with the secret in the answer."""
    if call.path == "stable_token":
        return {"access_token": "T", "expires_in": 7200}
    if call.path == "webhook/send":
        return {"errcode": 93000, "errmsg": "invalid webhook url"}
    return Raw(400, b"refused") if call.path == "sms" else {"errcode": 0}


@pytest.fixture
def brand(tmp_path: Path) -> Any:  # noqa: ANN401 - a folder, and the server
    for name, secret in SECRETS.items():
        (tmp_path / name).write_text(secret, encoding="ascii")
    with loopback(platform) as server:
        aimed = {name: (via, f'to = "{to}"' if to else "") for name, (via, to) in CAMPAIGNS.items()}
        campaigns = "".join(CAMPAIGN.format(name=name, via=via, to=to) for name, (via, to) in aimed.items())
        yield folder(tmp_path, TOML.format(base=server.address, port=closed_port()) + campaigns), server


def told(made: Brand) -> None:
    def one(name: str, kind: str, at: str, identity: str = "", **more: object) -> dict[str, Any]:
        identity = identity or f"openid:wx1/{name}"
        return {**happened(name, kind, at, f"{name}-{kind}", **more), "identity": identity}

    # In Shanghai it is 8 hours later; the run is 47:59:59 after the first message, and 48 hours after the second.
    made.ingest(
        [
            one("ann", "messaged", "2026-11-08T02:30:01Z"),
            one("bob", "messaged", "2026-11-08T02:30:00Z"),
            one("cat", "allowed", "2026-11-08T02:30:00Z", subject="T1"),
            one("dan", "allowed", "2026-11-08T02:30:00Z", subject="T2"),
            one("fay", "shared", "2026-11-08T02:30:00Z", "phone:+8613800138000"),
            one("gus", "voted", "2026-11-08T02:30:00Z", "email:gus@example.com"),
        ],
        now="2026-11-09",
    )


def test_windows_and_consents_are_kept_before_the_network_and_no_secret_gets_out(
    brand: tuple[Path, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, server = brand
    monkeypatch.setattr("siyu.delivery.pace._FIRST", 0.001)
    caplog.set_level(logging.DEBUG)
    store = path / "store.duckdb"
    with opened(path, store=store) as made:
        told(made)
        plan = made.plan(now=NOW)
        assert plan.touches is not None
        shown = repr((plan, plan.counts, plan.touches.to_native().fetchall()))
        plan.close()
        with pytest.raises(PluginError) as caught:
            made.run(now=NOW)
        hits = {call.path: call.body["touser"] for call in server.calls if "touser" in (call.body or {})}
        assert hits == {"message/custom/send": "ann", "message/subscribe/send": "cat"}
        assert server.paths().count("message/subscribe/send") == 1
        states = {touch: (state, why) for touch, state, why in rows(made, "receipts", "touch", "state", "reason")}
        found: dict[str, dict[int, tuple[str, str]]] = {}
        for touch, who, campaign in rows(made, "touches", "id", "recipient", "campaign"):
            found.setdefault(campaign, {})[who] = states[touch]
        ann, bob, cat, dan = (made.number(f"openid:wx1/{name}") for name in ("ann", "bob", "cat", "dan"))
        assert (found["talk"][ann][0], found["talk"][bob]) == ("sent", ("held", "'account' is not open to the member"))
        once = sorted(found[name][cat] for name in ("first", "second"))
        assert once == [("held", "nothing is left to spend on 'notices'"), ("sent", "")]
        assert {found[name][dan][0] for name in ("first", "second")} == {"held"}
        everything = repr([rows(made, table) for table in TABLES])
    errors = str(caught.value)
    assert "channel.team" in errors
    assert "channel.mail" in errors
    out = capsys.readouterr()
    content = store.read_bytes().decode("latin-1")
    for secret in SECRETS.values():
        for text in (shown, errors, everything, caplog.text, out.out, out.err, content):
            assert secret not in text
    assert SECRETS["sms"] in {call.headers.get("authorization") for call in server.calls}
    assert SECRETS["robot"] in {call.query.get("key") for call in server.calls}
