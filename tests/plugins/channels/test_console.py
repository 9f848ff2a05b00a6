from __future__ import annotations

import pytest
from attrs import evolve

from siyu.kinds import Message, Receipt
from siyu_plugins.channels.console import Console

MESSAGE = Message(
    touch=7,
    recipient=5,
    recipient_kind="member",
    sender="",
    address="wecom:wm7",
    campaign="welcome",
    step="hello",
    content="welcome",
    title="",
    text="欢迎来喝茶",
    offer="",
    purpose="service",
)


def test_one_line_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    other = evolve(MESSAGE, touch=8, address="", title="Tea", text="first\nsecond\tthird")
    receipts = Console(name="screen").send([MESSAGE, other])
    assert list(receipts) == [Receipt(7, "sent"), Receipt(8, "sent")]
    assert capsys.readouterr().out.splitlines() == [
        "welcome/hello -> wecom:wm7: 欢迎来喝茶",
        "welcome/hello -> 5: Tea: first second third",
    ]


def test_a_long_line_is_cut_and_no_text_commands_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    list(Console(name="screen", width=30).send([evolve(MESSAGE, text="\x1b[2Jred" + "!" * 50)]))
    assert capsys.readouterr().out == "welcome/hello -> wecom:wm7: […\n"


def test_no_messages_no_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(Console(name="screen").send([])) == []
    assert capsys.readouterr().out == ""


def test_a_line_needs_room() -> None:
    with pytest.raises(ValueError, match="expected a width of 1 character or more, not 0"):
        Console(name="screen", width=0)
