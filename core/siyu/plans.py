"""Plans as files, that a person looks at and approves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.errors import UserError
from siyu.frames import total
from siyu.gate.approval import Approval
from siyu.gate.limit import costs
from siyu.kinds import Campaign

if TYPE_CHECKING:
    from siyu.config.programme import Programme
    from siyu.outcome import Outcome

__all__ = ["is_plan", "read", "save"]

_KEYS = ("config", "until", "touches", "cost", "grants")
_HELD = "approval"


def save(file: Path | str, done: Outcome, programme: Programme, lasts: int) -> Approval:
    """Write what a plan would do: the config's hash, its deadline, and as ceilings what it comes to.

    Counted are the touches of campaigns that need an approval, those held for want of one included, and all lines
    that the ledgers would get.

    Args:
        file: Where to.
        done: The plan, its frames usable.
        programme: The config.
        lasts: For how many seconds an approval holds, from the plan's moment on.
    """
    names = [campaign.name for campaign in programme.of(Campaign) if campaign.approval]
    touches, cost, lines = 0, 0, 0
    if done.judged is not None:
        going = done.judged.filter(nw.col("campaign").is_in(names), nw.col("rule").is_in(["", _HELD]))
        touches, cost = _row(going.with_columns(_cost=costs(programme)).select(number=nw.len(), cost=total("_cost")))
    if done.grants is not None:
        (lines,) = _row(done.grants.select(number=nw.len()))
    approval = Approval(config=programme.hash, until=done.now + lasts, touches=touches, cost=cost, grants=lines)
    Path(file).write_text(f"{json.dumps(json.loads(str(approval)), indent=2)}\n", encoding="utf-8")
    return approval


def read(file: Path | str, programme: Programme) -> Approval:
    """Read a plan that was saved, to approve it; its ceilings may have been changed by hand.

    Raises:
        UserError: The file is none, or the config is another one by now.
    """
    try:
        approval = _told(file)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}; write a plan with siyu plan --save FILE") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file} is no plan: write one with siyu plan --save FILE") from error
    numbers = [approval.until, approval.touches, approval.cost, approval.grants]
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise UserError(f"{file}: until, touches, cost and grants are whole numbers from 0 on")
    if approval.config != programme.hash:
        raise UserError(f"{file} was made by another config: look at a new one, siyu plan --save {file}")
    return approval


def is_plan(file: Path) -> bool:
    """Return whether a file is a plan that was saved."""
    try:
        _told(file)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


def _told(file: Path | str) -> Approval:
    told = json.loads(Path(file).read_text(encoding="utf-8"))
    return Approval(**{key: told[key] for key in _KEYS})


def _row(frame: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a lazy frame of one row
    return tuple(frame.to_native().fetchall()[0])
