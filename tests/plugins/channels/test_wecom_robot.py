from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.brands import HEAD, opened
from tests.brands import folder as brand_folder
from tests.loopback import RESET, Raw, loopback
from tests.sending import message, posted

from siyu.config.units import Secret
from siyu.kinds import Rate, Receipt
from siyu_plugins.channels.wecom_robot import WecomRobot

KEY = "693axxx6-7aoc-4bc4"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "key").write_text(KEY, encoding="utf-8")
    return tmp_path


def robot(folder: Path, base: str = "https://qyapi.weixin.qq.com/cgi-bin", **more: Any) -> WecomRobot:  # noqa: ANN401
    return WecomRobot(name="team", folder=folder, key=Secret(file="key"), base_url=base, **more)


def receipt(folder: Path, answer: Any) -> Receipt:  # noqa: ANN401 - see loopback
    with loopback(lambda _: answer) as server:
        (found,) = posted(robot(folder, server.address), message())
    assert len(server.calls) == 1
    assert KEY not in repr(found)
    return found


def test_it_posts_into_its_group_without_a_token(folder: Path) -> None:
    with loopback(lambda _: {"errcode": 0}) as server:
        assert posted(robot(folder, server.address), message()) == [Receipt(7, "sent")]
    (call,) = server.calls
    assert (call.path, call.query) == ("webhook/send", {"key": KEY})
    assert call.body == {"msgtype": "text", "text": {"content": "第一杯\n我们请。回复 TD 退订"}}


@pytest.mark.parametrize(("form", "most"), [("text", 2048), ("markdown", 4096)])
def test_bytes_are_counted_and_not_letters(folder: Path, form: str, most: int) -> None:
    with loopback(lambda _: {"errcode": 0}) as server:
        full = "茶" * (most // 3) + "a" * (most % 3)
        fits, over = posted(
            robot(folder, server.address, form=form),
            message(1, title="", text=full),
            message(2, title="", text=full + "a"),
        )
    assert (fits.state, over.state, over.again) == ("sent", "failed", None)
    assert over.reason == f"its {most + 1} bytes are more than the {most} that a robot takes"
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("answer", "state", "again"),
    [
        ({"errcode": 45009, "errmsg": "api freq out of limit"}, "failed", "limited"),
        ({"errcode": -1, "errmsg": "system busy"}, "failed", "later"),
        ({"errcode": 93000, "errmsg": "invalid webhook url"}, "failed", "broken"),
        ({"errcode": 40058, "errmsg": "invalid"}, "failed", None),
        (Raw(503), "failed", "later"),
        (Raw(429), "failed", "limited"),
        (Raw(404), "failed", None),
        (Raw(500), "unknown", None),
        (Raw(200, b"<html>"), "unknown", None),
        (RESET, "unknown", None),
    ],
)
def test_what_a_failure_means(folder: Path, answer: Any, state: str, again: str | None) -> None:  # noqa: ANN401
    found = receipt(folder, answer)
    assert (found.state, found.again) == (state, again)
    assert found.wait == (60.0 if again == "limited" else None)


def test_it_takes_20_a_minute_unless_told_otherwise(folder: Path) -> None:
    assert robot(folder).rate == Rate(20, 60)
    assert robot(folder).facts() == {"message": "group", "data_region": "CN"}


def test_the_platform_sees_no_more_than_20_in_a_minute(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = """
[campaign.note-{number}]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
say = "hi"
via = "team"
"""
    with loopback(lambda _: {"errcode": 0}) as server:
        team = f'[channel.team]\nuse = "wecom-robot"\nkey = {{ file = "key" }}\nbase_url = "{server.address}"\n'
        notes = "".join(campaign.format(number=number) for number in range(25))
        with opened(brand_folder(folder, HEAD + team + notes)) as brand:
            # To wait would take a minute.
            monkeypatch.setattr("siyu.delivery.outbox.time.sleep", lambda _seconds: brand.halt())
            assert brand.run(now="2026-11-10T12:00").counts["sent"] == 20
            assert len(server.calls) == 20
            brand._halted.clear()
            brand.deliver(now="2026-11-10T12:00:59")
            assert len(server.calls) == 20
            brand._halted.clear()
            brand.deliver(now="2026-11-10T12:01:02")
            assert len(server.calls) == 25
