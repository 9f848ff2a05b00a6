from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., Any]

NOW = ("--now", "2026-11-20T11:00")


def test_what_a_run_left_queued_is_delivered(command: Command, brand: Path) -> None:
    assert command("run", brand, *NOW, "--no-send").status == 0
    sent = command("deliver", brand, *NOW, "--json")
    assert (sent.status, json.loads(sent.output)["counts"]) == (0, {"sent": 2})
    again = command("deliver", brand, *NOW)
    assert "nothing to deliver" in again.output


def test_a_retry_says_what_came_back(command: Command, brand: Path) -> None:
    assert command("run", brand, *NOW).status == 0
    ended = command("deliver", brand, *NOW, "--retry")
    assert ended.status == 0
    assert "0 touches that failed are judged again" in ended.output
    assert "nothing to deliver" in ended.output
