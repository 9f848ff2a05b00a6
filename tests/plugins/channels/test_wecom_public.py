"""Messages to groups and posts to everybody, against a server that plays WeCom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve, field
from tests.loopback import RESET, Call, Raw, loopback
from tests.sending import message

from siyu.config.units import Duration, Secret
from siyu.kinds import Reminders
from siyu_plugins._wecom import App
from siyu_plugins.channels.moments import Moments
from siyu_plugins.channels.wecom_group import WecomGroup

GROUP = message(1, recipient_kind="group")
PUBLIC = message(1, recipient_kind="public")


@define
class Console:
    """What was posted, and what is answered by path."""

    answers: dict[str, Any] = field(factory=dict)
    bodies: list[Any] = field(factory=list)

    def call(self, call: Call) -> Any:  # noqa: ANN401 - see loopback
        if call.path == "gettoken":
            return {"errcode": 0, "access_token": "T", "expires_in": 7200}
        self.bodies.append(call.body or call.query)
        return self.answers[call.path.removeprefix("externalcontact/")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("s3cr3t", encoding="utf-8")
    return tmp_path


def group(folder: Path, base: str, **more: Any) -> WecomGroup:  # noqa: ANN401 - what a config may say
    app = App(secret=Secret(file="secret"), base_url=base)
    return WecomGroup(name="g", corp="ww1", app=app, folder=folder, **{"owner": "ann", "chats": ("c1", "c2"), **more})


def moments(folder: Path, base: str) -> Moments:
    app = App(secret=Secret(file="secret"), base_url=base)
    return Moments(name="m", corp="ww1", app=app, folder=folder, staff=("ann", "bob"))


def test_a_message_goes_to_all_groups_and_none_of_a_member(folder: Path) -> None:
    console = Console({"add_msg_template": {"errcode": 0, "msgid": "M1", "fail_list": ["c1"]}})
    with loopback(console.call) as server:
        private, sent = group(folder, server.address).send([GROUP, message(2)])
        assert (private.touch, private.state, private.again) == (2, "failed", None)
        assert (sent.touch, sent.state, sent.provider_id) == (1, "handed", "M1")
        console.answers["add_msg_template"]["fail_list"] = ["c1", "c2"]
        assert [one.state for one in group(folder, server.address).send([GROUP])] == ["failed"]
    text = {"content": "第一杯\n我们请。回复 TD 退订"}
    assert console.bodies[0] == {"chat_type": "group", "chat_id_list": ["c1", "c2"], "sender": "ann", "text": text}


@pytest.mark.parametrize(("states", "became"), [([0, 0], []), ([0, 1], ["sent"]), ([2, 3], ["failed"]), ([2, 0], [])])
def test_what_became_of_a_message_to_groups(folder: Path, states: list[int], became: list[str]) -> None:
    rows = [{"chat_id": f"c{number}", "status": state} for number, state in enumerate(states)]
    task = {"errcode": 0, "task_list": [{"userid": "ann", "status": 2}]}
    results = {"errcode": 0, "send_list": rows}
    console = Console({"get_groupmsg_task": task, "get_groupmsg_send_result": results})
    console.answers |= {key: {"errcode": 0} for key in ("cancel_groupmsg_send", "remind_groupmsg_send")}
    with loopback(console.call) as server:
        channel = group(folder, server.address, reminding=Reminders(after=Duration.parse("1h")))
        found = list(channel.look_up([evolve(GROUP, provider_id="M1"), GROUP]))
        assert [one["msgid"] for one in console.bodies] == ["M1", "M1"]
        ended = list(channel.cancel([evolve(GROUP, provider_id="M1"), GROUP]))
        channel.remind(["M1"])
    assert [one.state for one in found] == became
    assert [one.state for one in ended] == (became or ["cancelled"])
    assert console.bodies[-1] == {"msgid": "M1"}
    assert channel.reminders
    assert channel.reminders.times == 3


def test_a_post_is_sent_when_somebody_published_it(folder: Path) -> None:
    console = Console({"add_moment_task": {"errcode": 0, "jobid": "J1"}})
    with loopback(console.call) as server:
        channel = moments(folder, server.address)
        handed, private, long = channel.send([PUBLIC, message(2), evolve(PUBLIC, text="茶" * 2001)])
        assert (handed.state, handed.provider_id) == ("handed", "J1")
        assert [private.state, long.state, len(console.bodies)] == ["failed", "failed", 1]
        asked = [evolve(PUBLIC, provider_id="J1")]
        console.answers["get_moment_task_result"] = {"errcode": 0, "status": 2}
        assert list(channel.look_up(asked)) == []
        done = {"errcode": 0, "status": 3, "result": {"errcode": 0, "moment_id": "P1"}}
        console.answers["get_moment_task_result"] = done
        console.answers["get_moment_task"] = {"errcode": 0, "task_list": [{"userid": "ann", "publish_status": 0}]}
        assert list(channel.look_up(asked)) == []
        console.answers["get_moment_task"]["task_list"].append({"userid": "bob", "publish_status": 1})
        assert [one.state for one in channel.look_up(asked)] == ["sent"]
        console.answers["cancel_moment_task"] = {"errcode": 0}
        assert [one.state for one in channel.cancel([*asked, PUBLIC])] == ["sent"]
        console.answers["get_moment_task"]["task_list"].pop()
        assert [one.state for one in channel.cancel(asked)] == ["cancelled"]
        assert {"moment_id": "P1"} in console.bodies
        done["result"] = {"errcode": 41094, "errmsg": "nobody can see it"}
        assert [one.state for one in channel.look_up(asked)] == ["failed"]
    assert console.bodies[0]["visible_range"] == {"sender_list": {"user_list": ["ann", "bob"]}}


@pytest.mark.parametrize("make", [group, moments])
@pytest.mark.parametrize(
    ("answer", "state", "again"),
    [({"errcode": 45009}, "failed", "limited"), (Raw(503), "failed", "later"), (RESET, "unknown", None)],
)
def test_what_a_failure_means(folder: Path, make: Any, answer: Any, state: str, again: str | None) -> None:  # noqa: ANN401
    console = Console({"add_moment_task": answer, "add_msg_template": answer})
    with loopback(console.call) as server:
        (found,) = make(folder, server.address).send([PUBLIC])
    assert (found.state, found.again, len(console.bodies)) == (state, again, 1)


def test_configs_are_looked_at(folder: Path) -> None:
    with pytest.raises(ValueError, match="expected 1 to 2000 groups"):
        group(folder, "http://127.0.0.1:1", chats=("c", "c"))
    assert group(folder, "http://127.0.0.1:1").facts()["message"] == "group"
    assert moments(folder, "http://127.0.0.1:1").facts()["message"] == "moments"
