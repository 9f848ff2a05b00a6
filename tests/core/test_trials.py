"""Tests of what campaigns say: they reach testers alone, by channels that post and that send, and leave no touch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import define, field
from tests.brands import contents, folder, happened, opened, rows
from tests.loopback import Call, Loopback, loopback
from tests.mailbox import Mailbox, mailbox

from siyu import Brand
from siyu.errors import UserError

NOW = "2026-11-10T23:30"
TOML = """
[brand]
name = "Tiny"
zone = "Asia/Shanghai"
url = "https://tea.example"
[gate]
quiet = "21:00-09:00"
testers = ["email:Lin@example.com", "phone:13800138000", "email:gone@example.com", "wecom:lin"]
allow = ["email:lin@example.com"]
[attribute]
tea = { type = "text", purpose = "to say what fits" }
[content.words]
use = "library"
[content.words.items.hi]
kind = "emotion"
title = "Hi!"
text = "No more: {unsubscribe}"
[content.words.items.green]
kind = "educate"
slots = ["guide"]
text = "Green tea"
[content.words.items.black]
kind = "educate"
slots = ["guide"]
text = "Black tea"
when = "tea == 'black'"
[channel.mail]
use = "email"
host = "127.0.0.1"
port = MAIL
tls = "none"
sender = "Tea <news@tea.example>"
[channel.hook]
use = "webhook"
url = "HOOK/send"
to = "phone"
fields = { to = "{address}", text = "{text}", key = "{key}" }
[channel.elsewhere]
use = "console"
environment = "staging"
[campaign.trip]
use = "journey"
from = 2026-11-01
start = { event = "joined" }
via = "mail"
steps = [
  { id = "hello", say = "hi" },
  { id = "guide", after = "1d", say = "guide" },
  { id = "call", after = "2d", say = "hi", via = "hook" },
]
[campaign.far]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
say = "hi"
via = "elsewhere"
"""


@define
class Scene:
    """A brand, and what its providers got."""

    path: Path
    brand: Brand
    box: Mailbox
    hook: Loopback


def answer(_call: Call) -> object:
    return {"ok": True}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    path = tmp_path_factory.mktemp("brand")
    with mailbox() as box, loopback(answer) as hook:
        toml = TOML.replace("MAIL", str(box.port)).replace("HOOK", hook.address)
        (path / "env").mkdir()
        (path / "env" / "staging.toml").write_text("", encoding="utf-8")
        with opened(folder(path, toml)) as brand:
            told = happened("x", "profiled", "2026-11-01T00:00:00Z", "p", props='{"tea": "black"}')
            brand.ingest([told | {"identity": "email:lin@example.com"}], now=NOW)
            brand.suppress(["email:gone@example.com"], by="wu", reason="asked", now=NOW)
            yield Scene(path, brand, box, hook)


def test_each_step_and_item_goes_to_the_tester_and_leaves_no_touch(scene: Scene) -> None:
    scene.box.mails.clear()
    before = contents(scene.brand, without=("accesses", "runs", "configs"))
    found = scene.brand.send_test("trip", to="lin@example.com", by="wu", step="hello", now=NOW)
    found += scene.brand.send_test("trip", to="email:lin@example.com", by="wu", step="guide", now=NOW)
    assert [(one.step, one.content, one.state) for one in found] == [
        ("hello", "hi", "sent"),
        ("guide", "black", "sent"),
        ("guide", "green", "sent"),
    ]
    assert [to for to, _ in scene.box.mails] == ["lin@example.com"] * 3
    assert found[0].title == "[TEST] Hi!"
    page = scene.brand.preference_url("email:lin@example.com", "mail")
    assert (found[0].text, found[1].text) == (f"No more: {page}", "[TEST] Black tea")
    assert len({one.key for one in found}) == 3
    assert contents(scene.brand, without=("accesses", "runs", "configs")) == before
    number = scene.brand.number("email:lin@example.com")
    known = rows(scene.brand, "accesses", "member", "what", "actor", "reason")
    assert known[-3:] == [(number, "send-test", "wu", "campaign trip by mail")] * 3


def test_a_channel_that_posts_sends_each_test_under_a_key_of_its_own(scene: Scene) -> None:
    scene.hook.calls.clear()
    for _ in range(2):
        (one,) = scene.brand.send_test("trip", to="+86 138 0013 8000", by="wu", step="call", now=NOW)
        assert (one.channel, one.state) == ("hook", "sent")
    bodies = [call.body for call in scene.hook.calls]
    assert [body["to"] for body in bodies] == ["+8613800138000"] * 2
    assert len({body["key"] for body in bodies}) == 2


def test_an_item_can_be_named_that_would_not_fit(scene: Scene) -> None:
    found = scene.brand.send_test("trip", to="phone:13800138000", by="wu", step="call", content="black", now=NOW)
    assert [one.text for one in found] == ["[TEST] Black tea"]


@pytest.mark.parametrize(
    ("campaign", "more", "words"),
    [
        ("trip", {"to": "ann@example.com"}, r"gets no tests in production: .* into \[gate\] testers"),
        ("trip", {"to": "gone@example.com"}, "is on the suppression list"),
        ("nope", {"to": "lin@example.com"}, "no campaign 'nope'; there is far, trip"),
        ("trip", {"to": "lin@example.com", "step": "x"}, "has no step 'x'; it has hello, guide, call"),
        ("trip", {"to": "lin@example.com", "content": "x"}, "no content 'x'; there is black, green, hi"),
        ("trip", {"to": "lin@example.com", "step": "call"}, "needs an address of the kind 'phone'"),
        ("far", {"to": "wecom:lin"}, "'elsewhere' belongs to staging, and this is production"),
    ],
)
def test_what_is_refused_before_anything_is_sent(scene: Scene, campaign: str, more: dict[str, str], words: str) -> None:
    sent = len(scene.box.mails), len(scene.hook.calls)
    with pytest.raises(UserError, match=words):
        scene.brand.send_test(campaign, by="wu", now=NOW, **more)  # type: ignore[arg-type] # more are all texts
    assert (len(scene.box.mails), len(scene.hook.calls)) == sent


def test_a_stopped_channel_sends_no_test(scene: Scene) -> None:
    scene.brand.control("channel:hook", "stop", actor="Li", now=NOW)
    with pytest.raises(UserError, match="channel:hook is stopped by Li"):
        scene.brand.send_test("trip", to="phone:13800138000", by="wu", step="call", now=NOW)
    scene.brand.control("channel:hook", "resume", actor="Li", now=NOW)


@define
class Waits:
    """What was slept, and said of it, by a clock that goes on only meanwhile."""

    slept: list[float] = field(factory=list)
    told: list[str] = field(factory=list)
    meanwhile: list[Callable[[], object]] = field(factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.meanwhile:
            self.meanwhile.pop()()

    def test(self, brand: Brand, **more: str) -> int:
        to = "phone:13800138000"
        return len(brand.send_test("trip", to=to, by="wu", step="call", now=NOW, tell=self.told.append, **more))


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    made = Waits()
    monkeypatch.setattr("siyu.delivery.pace.monotonic", lambda: 1000 + sum(made.slept))
    monkeypatch.setattr("siyu.delivery.trial.time.sleep", made.sleep)
    return made


def rated(scene: Scene, path: Path, rate: str) -> Brand:
    toml = (scene.path / "brand.toml").read_text(encoding="utf-8")
    return opened(folder(path, toml.replace('use = "webhook"', f'use = "webhook"\nrate = "{rate}"')))


def test_a_test_waits_for_the_rate_of_its_channel_and_says_so(scene: Scene, tmp_path: Path, waits: Waits) -> None:
    with rated(scene, tmp_path, "2/min") as brand:
        assert [waits.test(brand) for _ in range(2)] == [1, 1]
        assert (waits.slept, waits.told) == ([], [])
        scene.hook.calls.clear()
        assert waits.test(brand) == len(scene.hook.calls) == 1
    assert waits.slept == [61]
    assert waits.told == ["channel hook sends 2/min; 1 more go from 61 s on"]


def test_what_others_send_while_a_test_waits_is_not_held_up_and_counts(
    scene: Scene, tmp_path: Path, waits: Waits
) -> None:
    with rated(scene, tmp_path, "2/min") as brand:
        assert [waits.test(brand) for _ in range(2)] == [1, 1]
        scene.hook.calls.clear()
        waits.meanwhile.append(lambda: waits.test(brand))
        assert waits.test(brand) == 1
        assert len(scene.hook.calls) == 2
    # The one that came later waited too, and went first; after it there was no room for the other.
    assert waits.slept == [61, 61, 61]


def test_a_channel_that_is_stopped_meanwhile_sends_no_test(scene: Scene, tmp_path: Path, waits: Waits) -> None:
    with rated(scene, tmp_path, "2/min") as brand:
        assert [waits.test(brand) for _ in range(2)] == [1, 1]
        scene.hook.calls.clear()
        waits.meanwhile.append(lambda: brand.control("channel:hook", "stop", actor="Li", now=NOW))
        with pytest.raises(UserError, match="hook"):
            waits.test(brand)
        assert scene.hook.calls == []


def test_nobody_waits_for_hours(scene: Scene, tmp_path: Path, waits: Waits) -> None:
    with rated(scene, tmp_path, "2/d") as brand:
        assert [waits.test(brand) for _ in range(2)] == [1, 1]
        sent = len(scene.hook.calls)
        with pytest.raises(UserError, match="'hook' sends 2/d at most, and is free for 1 tests in 86401 s"):
            waits.test(brand)
        assert len(scene.hook.calls) == sent
        assert len(rows(brand, "accesses", "time")) == 2
    assert waits.slept == []


def test_outside_production_the_allow_list_holds(scene: Scene) -> None:
    with opened(scene.path, environment="staging") as brand:
        with pytest.raises(UserError, match=r"gets no tests in staging: .* into \[gate\] allow"):
            brand.send_test("far", to="wecom:lin", by="wu", now=NOW)
        with pytest.raises(UserError, match="'mail' belongs to production, and this is staging"):
            brand.send_test("trip", to="lin@example.com", by="wu", step="hello", now=NOW)
        (one,) = brand.send_test("far", to="lin@example.com", by="wu", now=NOW)
        assert one.state == "sent"
