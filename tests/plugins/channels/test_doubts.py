"""Messages of which nobody knew after a time-out: each channel that can look them up tells what became of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from tests.brands import folder, happened, opened, rows
from tests.loopback import Call, loopback
from tests.masses import Console
from tests.sending import message

from siyu.brand import Brand
from siyu.config.units import Secret
from siyu.moments import moment
from siyu_plugins._wecom import App
from siyu_plugins.channels.moments import Moments
from siyu_plugins.channels.wecom_group import WecomGroup

NOON = 1_794_286_800
TOML = """
[brand]
name = "Tiny"
zone = "Asia/Shanghai"
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
text = "春茶到了"
[campaign.tea]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
say = "hi"
via = "customers"
until_after = "3d"
[channel.customers]
use = "wecom-customer"
corp = "ww1"
app = {{ secret = {{ file = "secret" }}, base_url = "{base}" }}
"""


def became(brand: Brand, name: str) -> list[str]:
    mine = {touch for touch, who in rows(brand, "touches", "id", "recipient") if who == brand.number(f"wecom:{name}")}
    return [state for touch, state in rows(brand, "receipts", "touch", "state") if touch in mine]


def test_a_mass_message_that_timed_out_is_found_and_never_sent_again(tmp_path: Path) -> None:
    console = Console(drops=2, made=moment("2026-11-10T10:31", "Asia/Shanghai"))
    (tmp_path / "secret").write_text("s3cr3t", encoding="ascii")
    staff = {"wma": "ann", "wmb": "bob", "wmc": "cyd"}
    with loopback(console.call) as server, opened(folder(tmp_path, TOML.format(base=server.address))) as brand:
        people = [happened(name, "followed", "2026-11-02T08:00:00Z", name, staff=one) for name, one in staff.items()]
        brand.ingest(people, now="2026-11-03")
        brand.run(now="2026-11-10T10:30")
        lost = [task["external_userid"][0] for task in console.tasks[:2]]
        (known,) = (name for name in staff if name not in lost)
        assert [became(brand, name)[-1] for name in (*lost, known)] == ["unknown", "unknown", "handed"]

        # Of the second one WeCom has no task: nobody knows, so it stays as it is.
        console.tasks[1]["create_time"] = 0
        brand.deliver(now="2026-11-10T10:40")
        assert [became(brand, name)[-1] for name in (*lost, known)] == ["handed", "unknown", "handed"]
        console.confirmed = {"M1", "M3"}
        console.status = {known: 2}
        brand.deliver(now="2026-11-10T11:00")
        assert became(brand, lost[0]) == ["queued", "sending", "unknown", "handed", "sent"]
        assert became(brand, lost[1]) == ["queued", "sending", "unknown"]
        assert became(brand, known) == ["queued", "sending", "handed", "failed"]
        brand.run(now="2026-11-11T10:30")
    assert len(console.tasks) == 3


WORDS = "第一杯\n我们请。回复 TD 退订"


@pytest.fixture
def app(tmp_path: Path) -> Any:  # noqa: ANN401 - makes an app that is called at an address
    (tmp_path / "secret").write_text("s3cr3t", encoding="utf-8")
    return lambda base: App(secret=Secret(file="secret"), base_url=base)


@pytest.mark.parametrize(
    ("made", "words", "expected"),
    [(NOON, WORDS, ["handed"]), (NOON + 601, WORDS, []), (NOON - 61, WORDS, []), (NOON, "other", [])],
)
def test_a_message_to_groups_is_known_by_its_words_and_moment(
    tmp_path: Path,
    app: Any,  # noqa: ANN401 - see the fixture
    made: int,
    words: str,
    expected: list[str],
) -> None:
    def call(call: Call) -> Any:  # noqa: ANN401 - see loopback
        answers = {
            "gettoken": {"access_token": "T", "expires_in": 7200},
            "externalcontact/get_groupmsg_list_v2": {
                "group_msg_list": [{"msgid": "M9", "create_time": made, "text": {"content": words}}]
            },
            "externalcontact/get_groupmsg_task": {"task_list": [{"userid": "ann", "status": 0}]},
            "externalcontact/get_groupmsg_send_result": {"send_list": []},
        }
        return answers[call.path]

    with loopback(call) as server:
        channel = WecomGroup(name="g", corp="ww1", app=app(server.address), folder=tmp_path, owner="ann", chats=("c1",))
        lost = message(1, recipient_kind="group", begun=NOON)
        found = list(channel.look_up([lost, evolve(lost, touch=2, begun=0)]))
    assert [one.state for one in found] == expected
    assert [one.provider_id for one in found] == ["M9"] * len(expected)


@pytest.mark.parametrize(("status", "made", "expected"), [(1, NOON, ["sent"]), (0, NOON, []), (1, NOON + 601, [])])
def test_a_post_is_known_by_its_words_and_moment(
    tmp_path: Path,
    app: Any,  # noqa: ANN401 - see the fixture
    status: int,
    made: int,
    expected: list[str],
) -> None:
    def call(call: Call) -> Any:  # noqa: ANN401 - see loopback
        answers = {
            "gettoken": {"access_token": "T", "expires_in": 7200},
            "externalcontact/get_moment_list": {
                "moment_list": [{"moment_id": "P1", "create_time": made, "text": {"content": WORDS}}]
            },
            "externalcontact/get_moment_task": {"task_list": [{"userid": "ann", "publish_status": status}]},
        }
        return answers[call.path]

    with loopback(call) as server:
        channel = Moments(name="m", corp="ww1", app=app(server.address), folder=tmp_path, staff=("ann",))
        found = list(channel.look_up([message(1, recipient_kind="public", begun=NOON)]))
    assert [one.state for one in found] == expected
