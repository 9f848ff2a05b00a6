from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.loopback import RESET, Raw, loopback
from tests.masses import Console
from tests.sending import message

from siyu.config.units import Secret
from siyu.kinds import Message, Receipt
from siyu_plugins._platform import PlatformError
from siyu_plugins._wecom import App
from siyu_plugins.channels._tasks import tasks
from siyu_plugins.channels.wecom_customer import WecomCustomer


@pytest.fixture
def channel(tmp_path: Path) -> Callable[..., WecomCustomer]:
    (tmp_path / "secret").write_text("s3cr3t", encoding="utf-8")

    def make(base: str, **more: Any) -> WecomCustomer:  # noqa: ANN401 - what a config may say
        app = App(secret=Secret(file="secret"), base_url=base)
        return WecomCustomer(name="customers", corp="ww1", app=app, folder=tmp_path, **more)

    return make


def to(touch: int, sender: str = "ann", **more: Any) -> Message:  # noqa: ANN401 - what a message has
    return message(touch, sender=sender, address=f"wm{touch}", **more)


def test_one_task_for_each_sender_content_and_words(channel: Callable[..., WecomCustomer]) -> None:
    console = Console(refused=["wm2"])
    with loopback(console.call) as server:
        sent = [to(1), to(2), to(3, "bob"), to(4, text="another arm"), to(5, content="guide"), to(6)]
        sent.append(to(7, campaign="another"))
        found = {one.touch: one for one in channel(server.address).send(sent)}
    assert [(one["sender"], one["external_userid"]) for one in console.tasks] == [
        ("ann", ["wm1", "wm2", "wm6"]),
        ("bob", ["wm3"]),
        ("ann", ["wm4"]),
        ("ann", ["wm5"]),
        ("ann", ["wm7"]),
    ]
    assert console.tasks[0]["chat_type"] == "single"
    assert console.tasks[0]["text"] == {"content": "第一杯\n我们请。回复 TD 退订"}
    assert {touch: one.state for touch, one in found.items()} == {
        **dict.fromkeys((1, 3, 4, 5, 6, 7), "handed"),
        2: "failed",
    }
    assert (found[6].provider_id, found[5].provider_id) == ("M1", "M4")


def test_a_task_has_so_many_members_and_each_once() -> None:
    many = [message(touch, sender="ann", address=f"wm{touch % 5}") for touch in range(7)]
    found = tasks(many, lambda one: one.address, 3)
    assert sorted(len(one.of) for one in found) == [1, 3, 3]
    assert sorted(one.touch for task in found for one in task.of.values()) == list(range(7))


def test_nobody_to_send_it_and_nobody_to_get_it(channel: Callable[..., WecomCustomer]) -> None:
    console = Console()
    with loopback(console.call) as server:
        sent = [to(1, ""), message(2, sender="ann"), message(3, sender="ann", address="ww2/wm3")]
        found = list(channel(server.address).send(sent))
        assert [one.state for one in channel(server.address, staff="eve").send([to(4, "")])] == ["handed"]
    assert [one.state for one in found] == ["failed"] * 3
    assert found[0].reason == "the member has no staff member who could send it"
    assert found[2].reason == "the member has no id of ww1"
    assert [one["sender"] for one in console.tasks] == ["eve"]


def test_long_words_are_refused_before_wecom_is_asked(channel: Callable[..., WecomCustomer]) -> None:
    console = Console()
    with loopback(console.call) as server:
        (found,) = channel(server.address).send([to(1, title="", text="茶" * 1334)])
    assert found == Receipt(1, "failed", "its 4002 bytes are more than the 4000 that WeCom takes")
    assert console.tasks == []


@pytest.mark.parametrize(
    ("answer", "state", "again"),
    [
        ({"errcode": 41048, "errmsg": "no sendable customer"}, "failed", None),
        ({"errcode": 84061, "errmsg": "not external contact"}, "failed", None),
        ({"errcode": -1, "errmsg": "busy"}, "failed", "later"),
        ({"errcode": 45009, "errmsg": "freq"}, "failed", "limited"),
        ({"errcode": 45033, "errmsg": "concurrency"}, "failed", "limited"),
        ({"errcode": 48002, "errmsg": "forbidden"}, "failed", "broken"),
        (Raw(503), "failed", "later"),
        (Raw(502), "unknown", None),
        (Raw(200, b"?"), "unknown", None),
        (RESET, "unknown", None),
    ],
)
def test_what_a_failure_means_for_its_task_and_no_other(
    channel: Callable[..., WecomCustomer],
    answer: Any,  # noqa: ANN401 - see loopback
    state: str,
    again: str | None,
) -> None:
    console = Console(faults=[answer])
    with loopback(console.call) as server:
        found = list(channel(server.address).send([to(1), to(2), to(3, "bob")]))
    assert [(one.state, one.again) for one in found] == [(state, again)] * 2 + [("handed", None)]
    assert server.paths().count("externalcontact/add_msg_template") == 2
    assert "s3cr3t" not in repr(found)


def test_handed_is_sent_when_the_staff_member_confirmed(channel: Callable[..., WecomCustomer]) -> None:
    console = Console(status={"wm2": 0, "wm3": 2, "wm4": 3})
    with loopback(console.call) as server:
        customers = channel(server.address)
        list(customers.send([to(touch) for touch in range(1, 6)]))
        # Who has the member as a contact by now is not who was asked then.
        handed = [to(touch, "bob", provider_id="M1") for touch in range(1, 6)]
        assert list(customers.look_up(handed)) == []
        assert server.paths()[-1] == "externalcontact/get_groupmsg_task"
        console.confirmed = {"M1"}
        found = list(customers.look_up([*handed, to(9)]))
    assert [(one.touch, one.state, one.reason) for one in found] == [
        (1, "sent", ""),
        (3, "failed", "they are no contacts any more"),
        (4, "failed", "the member got another mass message already"),
        (5, "sent", ""),
    ]
    assert all(one.provider_id == "M1" for one in found)
    assert customers.polled


def test_what_is_taken_back_is_cancelled_but_for_what_went_before(channel: Callable[..., WecomCustomer]) -> None:
    console = Console(confirmed={"M1"}, status={"wm1": 1, "wm2": 0, "wm3": 2})
    with loopback(console.call) as server:
        customers = channel(server.address)
        list(customers.send([to(1), to(2), to(3), to(4, "bob"), to(5, "cyd")]))
        handed = [*(to(one, provider_id="M1") for one in (1, 2, 3)), to(4, "bob", provider_id="M2"), to(5)]
        found = {one.touch: one.state for one in customers.cancel(handed)}
        assert found == {1: "sent", 2: "cancelled", 3: "failed", 4: "cancelled"}
        assert console.ended == ["M1", "M2"]
        # Of what WeCom does not take back, only what it tells is known.
        console.faults = [{"errcode": 41064, "errmsg": "it is over"}]
        assert [one.touch for one in customers.cancel(handed[:3])] == [1, 3]
        console.faults = [{"errcode": 48002, "errmsg": "forbidden"}]
        with pytest.raises(PlatformError, match="48002"):
            list(customers.cancel(handed))


def test_one_reminder_that_fails_keeps_no_other_back(channel: Callable[..., WecomCustomer]) -> None:
    console = Console(faults=[{"errcode": 45009, "errmsg": "often"}])
    with loopback(console.call) as server, pytest.raises(PlatformError, match="45009"):
        channel(server.address).remind(["M1", "M2"])
    assert console.reminders == ["M2"]


def test_without_a_tasks_id_nothing_is_asked(channel: Callable[..., WecomCustomer]) -> None:
    assert list(channel("http://127.0.0.1:1").look_up([to(1)])) == []
    assert channel("http://127.0.0.1:1").facts() == {"message": "chat", "data_region": "CN"}
