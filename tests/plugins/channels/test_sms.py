from __future__ import annotations

from pathlib import Path

import pytest
from tests.loopback import loopback
from tests.sending import message, posted

from siyu.kinds import Receipt
from siyu_plugins.channels.sms import Sms

FIELDS = {"phone": "{address}", "text": "{text}"}


def test_the_mark_stands_before_the_words(tmp_path: Path) -> None:
    with loopback(lambda _: {}) as server:
        channel = Sms(name="sms", folder=tmp_path, url=server.address, fields=FIELDS, mark="【云雾茶社】")
        assert posted(channel, message(address="+8613800000000")) == [Receipt(7, "sent")]
    assert server.calls[0].body == {"phone": "+8613800000000", "text": "【云雾茶社】我们请。回复 TD 退订"}


def test_marketing_without_a_way_to_refuse_is_not_sent(tmp_path: Path) -> None:
    with loopback(lambda _: {}) as server:
        channel = Sms(name="sms", folder=tmp_path, url=server.address, fields=FIELDS, opt_out=("Stop",))
        bare, said, service = posted(
            channel,
            message(1, text="Tea"),
            message(2, text="Tea. Reply STOP"),
            message(3, text="Your tea is on its way", purpose="service"),
        )
    assert (bare.state, bare.again) == ("failed", None)
    assert "must say how to refuse: name one of Stop" in bare.reason
    assert [said.state, service.state, len(server.calls)] == ["sent", "sent", 2]


def test_a_long_message_is_not_cut_but_refused(tmp_path: Path) -> None:
    with loopback(lambda _: {}) as server:
        channel = Sms(name="sms", folder=tmp_path, url=server.address, fields=FIELDS, mark="[T]", most=10)
        short, long = posted(channel, message(1, text="1234 TD"), message(2, text="12345 TD"))
    assert (short.state, long.state, long.reason) == ("sent", "failed", "its 11 characters are more than 10")


def test_a_config_is_looked_at(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one word"):
        Sms(name="sms", folder=tmp_path, url="https://example.com", fields=FIELDS, opt_out=())
    with pytest.raises(ValueError, match="1 character or more"):
        Sms(name="sms", folder=tmp_path, url="https://example.com", fields=FIELDS, most=0)
    assert Sms(name="s", folder=tmp_path, url="https://example.com", fields=FIELDS).facts() == {"message": "sms"}
