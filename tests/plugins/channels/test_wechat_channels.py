"""Official accounts and mini programs, against a server that plays WeChat."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.loopback import RESET, Raw, loopback
from tests.sending import message, posted
from tests.wechat import SECRET, WeChat

from siyu.config.units import Secret
from siyu.kinds import Channel, Receipt
from siyu_plugins._wechat import Account
from siyu_plugins.channels.mini_program import MiniProgram
from siyu_plugins.channels.official_account import OfficialAccount

FIELDS = {"thing1": "{title}", "thing2": "{text}"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    return tmp_path


def account(base: str) -> Account:
    return Account(appid="wx1", secret=Secret(file="secret"), base_url=base)


def official(folder: Path, base: str = "http://127.0.0.1:1", **more: Any) -> OfficialAccount:  # noqa: ANN401
    return OfficialAccount(name="account", folder=folder, account=account(base), **more)


def program(folder: Path, base: str = "http://127.0.0.1:1", **more: Any) -> MiniProgram:  # noqa: ANN401
    told = {"template": "tpl", "fields": FIELDS, **more}
    return MiniProgram(name="notices", folder=folder, account=account(base), **told)


SERVICE = message(address="wx1/oA", purpose="service")


def test_a_template_message(folder: Path) -> None:
    wechat = WeChat()
    with loopback(wechat.call) as server:
        channel = official(folder, server.address, template="tpl", fields=FIELDS, link="https://t.example/{content}")
        assert posted(channel, SERVICE) == [Receipt(7, "sent", provider_id="101")]
    data = {"thing1": {"value": "第一杯"}, "thing2": {"value": "我们请。回复 TD 退订"}}
    body = {"touser": "oA", "template_id": "tpl", "data": data, "client_msg_id": "7"}
    assert wechat.taken == [("message/template/send", {**body, "url": "https://t.example/first-cup"})]


def test_marketing_is_not_sent_as_a_template_message(folder: Path) -> None:
    wechat = WeChat()
    with loopback(wechat.call) as server:
        channel = official(folder, server.address, template="tpl", fields=FIELDS)
        (found,) = posted(channel, message(address="oA"))
    assert found == Receipt(7, "failed", "WeChat forbids marketing in template messages")
    assert server.calls == []


def test_a_message_of_customer_service(folder: Path) -> None:
    wechat = WeChat()
    with loopback(wechat.call) as server:
        long = message(8, address="wx1/oA", text="茶" * 683)
        sent, refused = posted(official(folder, server.address), message(address="wx1/oA"), long)
    words = {"content": "第一杯\n我们请。回复 TD 退订"}
    assert wechat.taken == [("message/custom/send", {"touser": "oA", "msgtype": "text", "text": words})]
    assert (sent.state, refused.state) == ("sent", "failed")


def test_a_subscribe_message(folder: Path) -> None:
    wechat = WeChat()
    with loopback(wechat.call) as server:
        assert posted(program(folder, server.address, page="pages/i?offer={offer}"), SERVICE) == [Receipt(7, "sent")]
    ((path, body),) = wechat.taken
    assert path == "message/subscribe/send"
    data = {"thing1": {"value": "第一杯"}, "thing2": {"value": "我们请。回复 TD 退订"}}
    asked = {"touser": "oA", "template_id": "tpl", "miniprogram_state": "formal", "data": data}
    assert body == {**asked, "page": "pages/i?offer=new-10"}


@pytest.mark.parametrize("make", [official, program])
def test_an_openid_of_another_account_is_not_written_to(folder: Path, make: Any) -> None:  # noqa: ANN401
    with loopback(WeChat().call) as server:
        found = posted(make(folder, server.address), message(address="wx2/oA"), message(address=""))
    assert [(one.state, one.reason) for one in found] == [("failed", "the member has no openid of wx1")] * 2
    assert server.calls == []


@pytest.mark.parametrize("make", [official, program])
@pytest.mark.parametrize(
    ("answer", "state", "again"),
    [
        ({"errcode": 43101, "errmsg": "user refuse to accept the msg"}, "failed", None),
        ({"errcode": 45015, "errmsg": "response out of time limit"}, "failed", None),
        ({"errcode": 45047, "errmsg": "out of response count limit"}, "failed", None),
        ({"errcode": -1, "errmsg": "system error"}, "failed", "later"),
        ({"errcode": 45009, "errmsg": "reach max api daily quota limit"}, "failed", "limited"),
        ({"errcode": 48001, "errmsg": "api unauthorized"}, "failed", "broken"),
        (Raw(503), "failed", "later"),
        (Raw(504), "unknown", None),
        (Raw(200, b"[]"), "unknown", None),
        (RESET, "unknown", None),
    ],
)
def test_what_a_failure_means(folder: Path, make: Any, answer: Any, state: str, again: str | None) -> None:  # noqa: ANN401
    wechat = WeChat([answer])
    with loopback(wechat.call) as server:
        (found,) = posted(make(folder, server.address), SERVICE)
    assert (found.state, found.again) == (state, again)
    assert server.paths().count("stable_token") == 1
    assert len(server.calls) == 2
    assert SECRET not in repr(found)


@pytest.mark.parametrize("make", [official, program])
def test_a_token_that_holds_no_more_is_renewed_once(folder: Path, make: Any) -> None:  # noqa: ANN401
    wechat = WeChat()
    with loopback(wechat.call) as server:
        assert asyncio.run(twice(make(folder, server.address), wechat)) == ["sent", "sent"]
    assert server.paths().count("stable_token") == 2
    assert len(wechat.taken) == 2


async def twice(channel: Channel, wechat: WeChat) -> list[str]:
    """Post two messages, between which the token dies."""
    async with channel.client() as client:
        first = await channel.post(client, SERVICE)
        wechat.tokens += 1
        return [first.state, (await channel.post(client, SERVICE)).state]


def test_a_bad_secret_breaks_the_channel(folder: Path) -> None:
    def refusing(_: object) -> dict[str, Any]:
        return {"errcode": 40125, "errmsg": "invalid appsecret"}

    with loopback(refusing) as server:
        (found,) = posted(program(folder, server.address), SERVICE)
    assert (found.state, found.again) == ("failed", "broken")
    assert "look whether appid and secret" in found.reason


def test_a_token_that_is_not_given_leaves_nothing_in_doubt(folder: Path) -> None:
    with loopback(lambda _: Raw(502)) as server:
        (found,) = posted(program(folder, server.address), SERVICE)
    assert (found.state, found.again) == ("failed", "later")
    assert server.paths() == ["stable_token"]


def test_configs_are_looked_at(folder: Path) -> None:
    with pytest.raises(ValueError, match="expected both 'template' and 'fields'"):
        official(folder, template="tpl")
    with pytest.raises(ValueError, match="expected what stands in the template's fields"):
        program(folder, fields={})
    assert official(folder).facts() == {"message": "chat", "data_region": "CN"}
    assert official(folder, template="t", fields=FIELDS).facts()["message"] == "template"
    assert program(folder).facts()["message"] == "subscribe"
