from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import pytest

from siyu.errors import PluginError, UserError
from siyu.kinds import Message, Receipt

# That of conftest, which a test module cannot import.
Shop: TypeAlias = Any

NOON, LATER, NIGHT, MORNING = "2026-11-20T12:00", "2026-11-20T13:00", "2026-11-20T22:00", "2026-11-21T10:00"

CUT_OFF = ("unknown", "the program ended while it was being sent")


def good(messages: Sequence[Message]) -> Iterable[Receipt]:
    return [Receipt(message.touch, "sent") for message in messages]


def test_what_is_sent_was_committed_before(shop: Shop) -> None:
    shop.join("ann", "bob")
    seen = []

    def looking(messages: Sequence[Message]) -> Iterable[Receipt]:
        seen.extend([shop.states("ann"), shop.states("bob")])
        return good(messages)

    shop.send = looking
    outcome = shop.brand.run(now=NOON)
    assert seen == [[("queued", ""), ("sending", "")]] * 2
    assert shop.states("ann") == [("queued", ""), ("sending", ""), ("sent", "")]
    assert (outcome.counts["touches"], outcome.counts["sent"]) == (2, 2)


def test_a_message_has_the_words_of_its_touch(shop: Shop) -> None:
    shop.join("ann")
    shop.brand.run(now=NOON)
    ((message,),) = shop.got
    assert (message.recipient, message.recipient_kind) == (shop.number("ann"), "member")
    assert (message.campaign, message.step, message.content) == ("hello", "send", "hello")
    assert (message.title, message.text, message.offer, message.purpose) == ("Tea", "Hello", "new-10", "marketing")


SECOND = """
[campaign.second]
use = "broadcast"
from = 2026-11-01
on = 2026-11-20
at = "10:00"
say = "hello"
via = "probe"
until_after = "3d"
"""


@pytest.mark.parametrize("shop", [SECOND], indirect=True)
def test_what_many_messages_have_alike_is_told_of_each(shop: Shop) -> None:
    names = ("ann", "bob", "cleo")
    shop.join(*names)
    shop.brand.run(now=NOON)
    got = [message for batch in shop.got for message in batch]
    assert {(one.campaign, one.offer, one.recipient) for one in got} == {
        (campaign, offer, shop.number(name))
        for campaign, offer in (("hello", "new-10"), ("second", ""))
        for name in names
    }
    with shop.brand.store.opened() as session:
        whose = dict(session.engine.rows(session.table("touches").select("id", "recipient")))
    assert {one.touch: one.recipient for one in got} == whose


def test_a_channel_that_fails_half_way(shop: Shop) -> None:
    shop.join("ann", "bob", "cleo")

    def failing(messages: Sequence[Message]) -> Iterator[Receipt]:
        yield Receipt(messages[0].touch, "sent")
        yield Receipt(messages[1].touch, "failed", "no such number")
        raise ConnectionError("the line is dead")

    shop.send = failing
    words = "channel.probe failed in plugin 'probing' of the embedding program -: ConnectionError: the line is dead"
    with pytest.raises(PluginError, match=words):
        shop.brand.run(now=NOON)
    first, second, third = shop.names("ann", "bob", "cleo")[0]
    assert shop.states(first)[-1] == ("sent", "")
    assert shop.states(second)[-1] == ("failed", "no such number")
    assert shop.states(third)[-1] == ("unknown", words)
    shop.send = good
    outcome = shop.brand.run(now=LATER)
    assert (outcome.counts["touches"], len(shop.got)) == (0, 1)


def test_what_a_person_has_to_mend_leaves_the_rest_queued(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siyu.delivery.pace._FIRST", 0.001)
    shop.join("ann", "bob")

    def locked(messages: Sequence[Message]) -> Iterator[Receipt]:
        if len(shop.got) == 1:
            yield Receipt(messages[0].touch, "sent")
        raise UserError("the secret is not there")

    shop.send = locked
    with pytest.raises(PluginError, match=r"^channel\.probe: the secret is not there\n.*stays queued"):
        shop.brand.run(now=NOON)
    first, second = shop.names("ann", "bob")[0]
    assert shop.states(first)[-1] == ("sent", "")
    assert shop.states(second)[-1] == ("queued", "it was not begun")
    shop.send = good
    shop.brand.deliver(now=LATER)
    assert shop.states(second)[-1] == ("sent", "")


def test_what_a_channel_does_not_answer_is_unknown(shop: Shop) -> None:
    shop.join("ann", "bob", "cleo")

    def odd(messages: Sequence[Message]) -> Iterable[Receipt]:
        return [Receipt(messages[0].touch, "posted"), Receipt(4711, "sent"), Receipt(messages[1].touch, "handed")]

    shop.send = odd
    shop.brand.run(now=NOON)
    first, second, third = shop.names("ann", "bob", "cleo")[0]
    assert shop.states(first)[-1] == ("unknown", "the channel gave the state 'posted'")
    assert shop.states(second)[-1] == ("handed", "")
    assert shop.states(third)[-1] == ("unknown", "the channel gave no receipt")
    with shop.brand.store.opened() as session:
        assert 4711 not in {touch for (touch,) in session.engine.rows(session.table("receipts").select("touch"))}


@pytest.mark.parametrize("answer", [None, 5, [None], ["sent"]])
def test_a_channel_that_answers_nonsense_is_named(shop: Shop, answer: Any) -> None:  # noqa: ANN401 - nonsense
    shop.join("ann")
    shop.send = lambda _messages: answer
    with pytest.raises(PluginError, match=r"channel\.probe failed in plugin 'probing'"):
        shop.brand.run(now=NOON)
    assert shop.states("ann")[-1][0] == "unknown"


def test_what_was_cut_off_becomes_unknown_and_is_not_sent_again(shop: Shop) -> None:
    shop.join("ann")

    def killed(_messages: Sequence[Message]) -> Iterable[Receipt]:
        raise KeyboardInterrupt

    shop.send = killed
    with pytest.raises(KeyboardInterrupt):
        shop.brand.run(now=NOON)
    assert shop.states("ann")[-1] == ("sending", "")
    shop.send = good
    shop.brand.deliver(now=LATER)
    assert shop.states("ann")[-1] == CUT_OFF
    shop.brand.run(now=LATER)
    shop.brand.deliver(now=LATER)
    assert shop.states("ann")[-1] == CUT_OFF
    assert len(shop.got) == 1


def test_consent_withdrawn_after_the_gate(shop: Shop) -> None:
    shop.join("ann", "bob")
    shop.brand.run(now=NOON, send=False)
    assert shop.states("ann") == [("queued", "")]
    shop.withdraw("ann")
    outcome = shop.brand.deliver(now=LATER)
    assert shop.names("ann", "bob") == [["bob"]]
    assert shop.states("ann") == [("queued", ""), ("suppressed", "consent was withdrawn")]
    assert outcome.counts["sent"] == 1
    shop.brand.run(now=LATER)
    assert len(shop.got) == 1


def test_consent_withdrawn_while_the_batch_before_is_sent(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siyu.kinds.Channel.batch", 1)
    shop.join("ann", "bob")

    def withdrawing(messages: Sequence[Message]) -> Iterable[Receipt]:
        other = "ann" if messages[0].recipient == shop.number("bob") else "bob"
        shop.withdraw(other, "2026-11-20T11:59+08:00")
        return good(messages)

    shop.send = withdrawing
    shop.brand.run(now=NOON)
    assert len(shop.got) == 1
    states = {shop.states("ann")[-1][0], shop.states("bob")[-1][0]}
    assert states == {"sent", "suppressed"}


def test_what_became_quiet_or_stopped_waits_for_the_next_run(shop: Shop) -> None:
    shop.join("ann")
    shop.brand.run(now=NOON, send=False)
    shop.brand.deliver(now=NIGHT)
    assert shop.states("ann")[-1] == ("held", "quiet hours 21:00-09:00")
    shop.brand.control("channel:probe", "stop", actor="Li", now=NIGHT)
    shop.brand.run(now=MORNING)
    assert shop.states("ann")[-1] == ("held", "stopped by Li")
    shop.brand.control("channel:probe", "resume", actor="Li", now=MORNING)
    shop.brand.run(now=MORNING)
    assert [state for state, _ in shop.states("ann")] == ["queued", "held", "held", "queued", "sending", "sent"]
    assert len(shop.got) == 1


def test_what_expired_meanwhile_is_not_sent(shop: Shop) -> None:
    shop.join("ann")
    shop.brand.run(now=NOON, send=False)
    shop.brand.deliver(now="2026-11-23T10:00")
    assert shop.states("ann") == [("queued", ""), ("expired", "its time is over")]
    assert shop.got == []


def test_batches_go_out_one_after_the_other(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siyu.kinds.Channel.batch", 2)
    names = ["ann", "bob", "cleo", "dora", "emil"]
    shop.join(*names)
    shop.brand.run(now=NOON)
    batches = shop.names(*names)
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert sorted(name for batch in batches for name in batch) == names
    touches = [message.touch for batch in shop.got for message in batch]
    assert touches == sorted(touches)


@pytest.mark.parametrize(
    "shop",
    [
        '[channel.then]\nuse = "good"\n' + SECOND.replace('via = "probe"', 'via = "then"'),
    ],
    indirect=True,
)
def test_one_channel_that_fails_does_not_keep_the_others(shop: Shop) -> None:
    shop.join("ann")
    shop.brand.run(now=NOON, send=False)

    def failing(_messages: Sequence[Message]) -> Iterable[Receipt]:
        raise TimeoutError

    shop.send = failing
    with pytest.raises(PluginError, match="TimeoutError"):
        shop.brand.deliver(now=NOON)
    assert [state for state, _ in shop.states("ann")[2:]] == ["sending", "unknown", "sending", "sent"]


def test_a_ticket_that_is_opened_meanwhile_holds_what_is_queued_until_it_is_closed(shop: Shop) -> None:
    shop.join("ann", "bob")
    shop.brand.run(now=NOON, send=False)
    told = {"identity": "wecom:ann", "ref": "T1"}
    shop.brand.ingest([{**told, "type": "complained", "time": "2026-11-20T04:30:00Z"}])
    shop.brand.deliver(now=LATER)
    assert shop.names("ann", "bob") == [["bob"]]
    assert shop.states("ann")[-1] == ("held", "a ticket is open")
    shop.brand.ingest([{**told, "type": "ticket_closed", "time": "2026-11-20T05:30:00Z"}])
    shop.brand.run(now="2026-11-20T14:00")
    assert shop.names("ann", "bob") == [["bob"], ["ann"]]
    assert shop.states("ann")[-1][0] == "sent"


@pytest.mark.parametrize(
    "shop",
    [
        """
[campaign.soon]
use = "broadcast"
from = 2026-11-01
on = 2026-11-20
at = "10:00"
say = "hello"
via = "probe"
until_after = "3h"
[campaign.first]
use = "broadcast"
from = 2026-11-01
on = 2026-11-20
at = "10:00"
say = "hello"
via = "probe"
priority = 5
"""
    ],
    indirect=True,
)
def test_what_matters_most_goes_first_and_then_what_has_the_least_time(shop: Shop) -> None:
    shop.join("ann", "bob")
    shop.brand.run(now=NOON)
    ((*messages,),) = shop.got
    assert [message.campaign for message in messages] == ["first"] * 2 + ["soon"] * 2 + ["hello"] * 2


@pytest.mark.parametrize(
    "shop",
    [
        """
[channel.then]
use = "probe"
[campaign.second]
use = "broadcast"
from = 2026-11-01
on = 2026-11-20
at = "10:00"
say = "hello"
via = "then"
"""
    ],
    indirect=True,
)
def test_channels_take_turns(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siyu.kinds.Channel.batch", 1)
    shop.join("ann", "bob")
    shop.brand.run(now=NOON)
    assert [message.campaign for (message,) in shop.got] == ["hello", "second"] * 2


def test_what_comes_up_meanwhile_is_taken_along(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siyu.kinds.Channel.batch", 1)
    shop.join("ann", "bob")

    def joining(messages: Sequence[Message]) -> Iterable[Receipt]:
        if len(shop.got) == 1:
            shop.join("cleo")
            shop.brand.run(now=NOON, send=False)
        return good(messages)

    shop.send = joining
    shop.brand.run(now=NOON, send=False)
    shop.brand.deliver(now=NOON)
    assert sorted(name for (name,) in shop.names("ann", "bob", "cleo")) == ["ann", "bob", "cleo"]
