"""What people order: to stop, to resume, to send again, to approve; each through whole runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.brands import HEAD, folder, happened, opened, rows

from siyu.errors import UserError
from siyu.plans import read, save

if TYPE_CHECKING:
    from siyu.brand import Brand

DAY = """
[campaign.day]
use = "broadcast"
from = 2026-11-01
on = 2026-11-10
at = "10:00"
say = "hi"
via = "box"
"""
NOW, LATER = "2026-11-10T10:30", "2026-11-10T11:30"


def brand(path: Path, toml: str = HEAD + DAY, names: str = "abc", **more: Any) -> Brand:  # noqa: ANN401 - what open takes
    """Open a brand with members who joined before."""
    made = opened(folder(path, toml), **more)
    made.ingest([happened(name, "joined", "2026-11-02T08:00:00Z", f"j{name}") for name in names], now="2026-11-03")
    return made


def sent(made: Brand) -> list[tuple[int, str]]:
    """Return each touch's edition and its newest state."""
    states = dict(rows(made, "receipts", "touch", "state"))
    return sorted((edition, states[touch]) for touch, edition in rows(made, "touches", "id", "edition"))


def test_what_is_stopped_waits_until_it_is_resumed(tmp_path: Path) -> None:
    with brand(tmp_path) as made:
        made.control("campaign:day", "stop", actor="Li", now=NOW)
        made.run(now=NOW)
        assert sent(made) == [(1, "held")] * 3
        made.control("campaign:day", "resume", actor="Li", now=LATER)
        made.run(now=LATER)
        assert sent(made) == [(1, "sent")] * 3


def test_a_stop_reaches_what_is_queued_already(tmp_path: Path) -> None:
    with brand(tmp_path) as made:
        made.run(now=NOW, send=False)
        made.control("channel:box", "stop", actor="Li", now=NOW)
        made.deliver(now=NOW)
        assert sent(made) == [(1, "held")] * 3


def test_a_correction_goes_to_exactly_those_who_were_reached(tmp_path: Path) -> None:
    with brand(tmp_path) as made:
        made.run(now=NOW)
        made.ingest([happened("d", "joined", "2026-11-02T09:00:00Z", "jd")], now=NOW)
        made.control("campaign:day", "stop", actor="Li", now=NOW)
        made.run(now=NOW)
        assert sent(made) == [(1, "held"), *[(1, "sent")] * 3]
        made.control("campaign:day", "resend", actor="Li", now=LATER)
        made.control("campaign:day", "resume", actor="Li", now=LATER)
        for _ in range(2):
            made.run(now=LATER)
            assert sent(made) == [(1, "sent")] * 4 + [(2, "sent")] * 3


def test_only_a_campaign_is_sent_again(tmp_path: Path) -> None:
    with brand(tmp_path) as made:
        for target, action in (("channel:box", "resend"), ("campaign:none", "resend"), ("all", "approve")):
            with pytest.raises(UserError, match=f"there is no '{target}' to {action}"):
                made.control(target, action, actor="Li", now=NOW)


ASKING = HEAD + DAY + "approval = true\n"


def approved(made: Brand, file: Path, now: str, **changed: int) -> None:
    """Save a plan, perhaps change its ceilings, and approve it."""
    done = made.plan(now=now)
    save(file, done, made.programme, 3600)
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | changed), encoding="utf-8")
    made.control("plan", "approve", actor="Li", reason=str(read(file, made.programme)), now=now)


def reasons(made: Brand) -> list[str]:
    """Return why touches wait, of the last run."""
    found: list[Any] = made.plan(now=LATER).touched
    return sorted({row[5] for row in found if row[4] == "held"})


def test_what_needs_an_approval_waits_for_one(tmp_path: Path) -> None:
    with brand(tmp_path, ASKING) as made:
        made.run(now=NOW)
        assert sent(made) == [(1, "held")] * 3
        assert reasons(made) == ["nobody has approved it"]
        approved(made, tmp_path / "plan.json", NOW)
        made.run(now=NOW)
        assert sent(made) == [(1, "sent")] * 3


def test_an_approval_goes_as_far_as_it_says(tmp_path: Path) -> None:
    with brand(tmp_path, ASKING) as made:
        approved(made, tmp_path / "plan.json", NOW, touches=2)
        for _ in range(2):
            made.run(now=NOW)
            assert sent(made) == [(1, "held"), (1, "sent"), (1, "sent")]
        assert reasons(made) == ["the approval by Li is over"]


def test_a_changed_config_voids_an_approval(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    store = tmp_path / "store.duckdb"
    with brand(tmp_path, ASKING, store=store) as made:
        approved(made, file, NOW)
    with opened(folder(tmp_path, ASKING.replace("Hi!", "Hello!")), store=store) as made:
        made.run(now=NOW)
        assert sent(made) == [(1, "held")] * 3
        assert reasons(made) == ["the config was changed since Li approved it"]
        with pytest.raises(UserError, match="made by another config"):
            read(file, made.programme)


@pytest.mark.parametrize("text", ["", "[]", '{"config": "x"}'])
def test_what_is_no_plan_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="utf-8")
    with brand(tmp_path) as made, pytest.raises(UserError, match="is no plan"):
        read(file, made.programme)
