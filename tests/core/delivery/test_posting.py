from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from attrs import define, field, frozen

import siyu
from siyu.errors import PluginError
from siyu.hooks import hookimpl
from siyu.kinds import Channel, Message, Receipt

NOON, LATER = "2026-11-20T12:00", "2026-11-20T13:00"
BRAND = """
[brand]
name = "Tea"
zone = "Asia/Shanghai"
[gate]
consent = "unless-withdrawn"
caps = []
distance = "0s"
[content.texts]
use = "library"
[content.texts.items.hello]
kind = "emotion"
purpose = "PURPOSE"
text = "Hello"
[campaign.hello]
use = "broadcast"
purpose = "PURPOSE"
from = 2026-11-01
on = 2026-11-20
at = "10:00"
say = "hello"
via = "post"
until_after = "3d"
[channel.post]
use = "post"
"""


@define
class Post:
    """A brand, what its channel got, and what it says to a message at its nth try."""

    answer: Callable[[Message, int], Receipt] = lambda message, _nth: Receipt(message.touch, "sent")
    known: Callable[[Sequence[Message]], Iterable[Receipt]] = lambda _messages: ()
    got: list[Message] = field(factory=list)
    most: int = 0
    under_way: int = 0
    opened: int = 0
    brand: siyu.Brand = field(init=False)

    def join(self, number: int, kind: str = "wecom") -> None:
        at = datetime(2026, 11, 10, tzinfo=UTC)
        self.brand.ingest([{"identity": f"{kind}:m{one}", "type": "joined", "time": at} for one in range(number)])

    def states(self) -> dict[int, list[str]]:
        with self.brand.store.opened() as session:
            found = session.cursor.execute("SELECT touch, state FROM receipts ORDER BY seq").fetchall()
        states: dict[int, list[str]] = {}
        for touch, state in found:
            states.setdefault(touch, []).append(state)
        return states

    def last(self) -> list[str]:
        return sorted(states[-1] for states in self.states().values())


def plugin(post: Post) -> SimpleNamespace:
    @frozen(kw_only=True)
    class Poster(Channel):
        """Answers as the test says."""

        concurrent: ClassVar[int] = 8

        @asynccontextmanager
        async def client(self) -> AsyncIterator[str]:
            post.opened += 1
            yield "line"
            post.opened -= 1

        async def post(self, client: Any, message: Message) -> Receipt:  # noqa: ANN401 - as declared
            assert client == "line"
            post.under_way += 1
            post.most = max(post.most, post.under_way)
            post.got.append(message)
            await asyncio.sleep(0)
            post.under_way -= 1
            return post.answer(message, sum(one.touch == message.touch for one in post.got))

        def look_up(self, messages: Sequence[Message]) -> Iterable[Receipt]:
            return post.known(messages)

    @frozen(kw_only=True)
    class Mailer(Poster):
        """Needs an address."""

        address: ClassVar[str] = "email"

    @hookimpl
    def siyu_register_channels() -> Mapping[str, type[Channel]]:
        return {"post": Poster, "mailer": Mailer}

    return SimpleNamespace(siyu_register_channels=siyu_register_channels)


@pytest.fixture
def post(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Post]:
    """Return a brand; an indirect parameter is its purpose, and more TOML of the channel."""
    purpose, more = getattr(request, "param", ("marketing", ""))
    text = BRAND.replace("PURPOSE", purpose) + more
    (tmp_path / "brand.toml").write_text(text, encoding="utf-8")
    made = Post()
    with siyu.open(tmp_path, store=":memory:", plugins={"posting": plugin(made)}) as brand:
        made.brand = brand
        yield made


def flaky(again: str, tries: int) -> Callable[[Message, int], Receipt]:
    def answer(message: Message, nth: int) -> Receipt:
        if nth > tries:
            return Receipt(message.touch, "sent")
        return Receipt(message.touch, "failed", "not now", again=again, wait=0)  # type: ignore[arg-type]

    return answer


def doubtful(message: Message, _nth: int) -> Receipt:
    return Receipt(message.touch, "unknown", "no answer")


def test_many_are_posted_at_once_by_one_client(post: Post) -> None:
    post.join(30)
    counts = post.brand.run(now=NOON).counts
    assert (counts["sent"], len(post.got), post.most, post.opened) == (30, 30, 8, 0)
    assert {message.key for message in post.got} == {str(touch) for touch in post.states()}


def test_it_posts_where_a_loop_runs_already(post: Post) -> None:
    post.join(2)

    async def embedded() -> dict[str, int]:
        return post.brand.run(now=NOON).counts

    assert asyncio.run(embedded())["sent"] == 2


@pytest.mark.parametrize("again", ["later", "limited", "broken"])
def test_what_was_not_taken_is_tried_again(post: Post, again: str) -> None:
    post.join(3)
    post.answer = flaky(again, 1)
    post.brand.run(now=NOON)
    assert post.last() == ["sent"] * 3
    assert ["queued", "sending", "queued", "sending", "sent"] in post.states().values()


def test_what_was_never_taken_has_failed_and_goes_once_more_when_a_person_says_so(post: Post) -> None:
    post.join(2)
    post.answer = flaky("later", 99)
    post.brand.run(now=NOON)
    assert post.last() == ["failed", "failed"]
    tried = len(post.got)
    post.answer = lambda message, _nth: Receipt(message.touch, "sent")
    post.brand.run(now=LATER)
    post.brand.deliver(now=LATER)
    assert len(post.got) == tried
    post.brand.ingest(
        [{"identity": "wecom:m0", "state": "withdrawn", "time": "2026-11-20T04:30:00Z"}], table="consents"
    )
    counts = post.brand.deliver(now=LATER, retry=True).counts
    assert (counts["revived"], counts["sent"], counts["gate: opt-out"]) == (2, 1, 1)
    assert post.last() == ["sent", "suppressed"]
    assert any(states[-5:] == ["failed", "held", "queued", "sending", "sent"] for states in post.states().values())


def test_what_failed_and_is_over_does_not_come_back(post: Post) -> None:
    post.join(1)
    post.answer = lambda message, _nth: Receipt(message.touch, "failed", "no such number")
    post.brand.run(now=NOON)
    assert post.brand.deliver(now="2026-11-24T12:00", retry=True).counts["revived"] == 0
    assert len(post.got) == 1


def test_a_channel_that_stays_down_leaves_the_rest_queued(post: Post) -> None:
    post.join(30)
    post.answer = flaky("broken", 99)
    with pytest.raises(PluginError, match="stays queued: not now"):
        post.brand.run(now=NOON)
    assert post.last() == ["queued"] * 30
    assert len(post.got) < 30
    post.answer = lambda message, _nth: Receipt(message.touch, "sent")
    post.brand.deliver(now=LATER)
    assert post.last() == ["sent"] * 30


def test_what_a_channel_raises_is_a_doubt_and_stops_it_before_all_are_in_doubt(post: Post) -> None:
    post.join(100)

    def broken(_message: Message, _nth: int) -> Receipt:
        raise ZeroDivisionError

    post.answer = broken
    with pytest.raises(PluginError, match="ZeroDivisionError"):
        post.brand.run(now=NOON)
    states = post.last()
    assert set(states) == {"queued", "unknown"}
    assert states.count("unknown") == len(post.got) < 40


def test_a_doubt_of_marketing_is_looked_up_and_never_sent_again(post: Post) -> None:
    post.join(3)
    post.answer = doubtful
    post.brand.run(now=NOON)
    assert post.last() == ["unknown"] * 3
    first, second, third = sorted(post.states())
    asked: list[int] = []

    def known(messages: Sequence[Message]) -> Iterable[Receipt]:
        asked.extend(message.touch for message in messages)
        yield Receipt(first, "sent", provider_id="p1")
        yield Receipt(second, "failed", "it never came", again="later")

    post.known = known
    post.answer = lambda message, _nth: Receipt(message.touch, "sent")
    post.brand.deliver(now=LATER)
    assert asked == [first, second, third]
    states = post.states()
    assert states[first] == ["queued", "sending", "unknown", "sent"]
    assert states[second] == ["queued", "sending", "unknown", "queued", "sending", "sent"]
    assert states[third] == ["queued", "sending", "unknown"]
    assert [message.touch for message in post.got[3:]] == [second]


@pytest.mark.parametrize(
    ("post", "tries"),
    [(("service", 'in_doubt = "resend"'), 5), (("marketing", 'in_doubt = "resend"'), 1), (("service", ""), 1)],
    indirect=["post"],
)
def test_a_doubt_of_service_is_sent_again_as_stated(post: Post, tries: int) -> None:
    post.join(1)
    post.answer = doubtful
    post.brand.run(now=NOON)
    for _ in range(7):
        post.brand.deliver(now=LATER)
    assert (len(post.got), post.last()) == (tries, ["unknown"])


@pytest.mark.parametrize("post", [("marketing", 'rate = "2/d"')], indirect=True)
def test_a_rate_counts_what_went_before(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siyu.delivery.outbox.time.sleep", lambda _seconds: post.brand.halt())
    post.join(5)
    post.brand.run(now=NOON)
    assert (len(post.got), post.last()) == (2, ["queued"] * 3 + ["sent"] * 2)
    post.brand._halted.clear()
    post.brand.deliver(now=LATER)
    assert len(post.got) == 2


@pytest.mark.parametrize("post", [("marketing", 'rate = "2/d"')], indirect=True)
def test_what_was_answered_is_committed_before_a_wait(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def asleep(_seconds: float) -> None:
        seen.append(post.last())
        post.brand.halt()

    monkeypatch.setattr("siyu.delivery.outbox.time.sleep", asleep)
    post.join(3)
    post.brand.run(now=NOON)
    assert seen == [["queued", "sent", "sent"]]


def test_what_was_answered_is_committed_with_the_next_batch(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siyu.kinds.Channel.batch", 2)
    seen: list[list[str]] = []

    def answer(message: Message, _nth: int) -> Receipt:
        seen.append(post.last())
        return Receipt(message.touch, "sent")

    post.answer = answer
    post.join(4)
    post.brand.run(now=NOON)
    first, second = ["queued", "queued", "sending", "sending"], ["sending", "sending", "sent", "sent"]
    assert seen == [first, first, second, second]
    assert set(map(tuple, post.states().values())) == {("queued", "sending", "sent")}


def test_what_was_answered_is_committed_whatever_breaks_after_it(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siyu.kinds.Channel.batch", 2)

    def broken(_channel: str, _done: int, _all: int) -> None:
        raise ZeroDivisionError

    post.join(4)
    post.brand.run(now=NOON, send=False)
    with pytest.raises(ZeroDivisionError):
        post.brand.deliver(now=NOON, tell=broken)
    assert post.last() == ["queued", "queued", "sent", "sent"]


def test_a_delivery_that_is_halted_puts_back_what_it_did_not_begin(post: Post) -> None:
    post.join(100)

    def halting(message: Message, _nth: int) -> Receipt:
        post.brand.halt()
        return Receipt(message.touch, "sent")

    post.answer = halting
    post.brand.run(now=NOON)
    assert post.last() == ["queued"] * (100 - len(post.got)) + ["sent"] * len(post.got)
    assert 1 <= len(post.got) <= 8


def test_two_deliveries_at_once_send_nothing_twice(post: Post) -> None:
    post.join(200)
    post.brand.run(now=NOON, send=False)
    others = [threading.Thread(target=post.brand.deliver, kwargs={"now": NOON}) for _ in range(3)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert len({message.touch for message in post.got}) == len(post.got) == 200


def test_what_is_over_before_its_turn_expires(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    post.join(30)
    post.brand.run(now=NOON, send=False)
    late = [int(datetime(2026, 11, 24, tzinfo=UTC).timestamp())]

    def slow(message: Message, _nth: int) -> Receipt:
        monkeypatch.setattr("siyu.delivery.clock.Clock.now", lambda _clock: late[0])
        return Receipt(message.touch, "sent")

    post.answer = slow
    post.brand.deliver(now=NOON)
    assert set(post.last()) == {"expired", "sent"}
    assert post.last().count("sent") == len(post.got) <= 8


@pytest.mark.parametrize("post", [("marketing", '[channel.letters]\nuse = "mailer"\n')], indirect=True)
def test_an_address_reaches_the_channel_and_nothing_else(post: Post, tmp_path: Path) -> None:
    text = (tmp_path / "brand.toml").read_text(encoding="utf-8").replace('via = "post"', 'via = "letters"')
    (tmp_path / "brand.toml").write_text(text, encoding="utf-8")
    at = datetime(2026, 11, 10, tzinfo=UTC)
    with siyu.open(tmp_path, store=":memory:", plugins={"posting": plugin(post)}) as brand:
        post.brand = brand
        brand.ingest(
            [{"identity": f"{who}", "type": "joined", "time": at} for who in ("email:ann@tea.cn", "wecom:bob")]
        )
        brand.run(now=NOON)
        assert [message.address for message in post.got] == ["ann@tea.cn"]
        assert post.last() == ["sent", "suppressed"]
        with brand.store.opened() as session:
            held = [
                session.cursor.execute(f'SELECT * FROM "{name}"').fetchall() for name in ("receipts", "touches", "runs")
            ]
        assert "ann@" not in repr(held)
