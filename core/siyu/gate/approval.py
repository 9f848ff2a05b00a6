"""Approvals: what a person has to approve waits for it, and goes no further than they said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import asdict, frozen

from siyu.frames import row_number, total
from siyu.gate.limit import costs
from siyu.gate.rule import Desk, verdict
from siyu.kinds import Campaign

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["ACTION", "TARGET", "Approval", "unapproved"]

TARGET, ACTION = "plan", "approve"
"""The control by which a person approves a plan."""


@frozen(kw_only=True)
class Approval:
    """How far a person lets what needs an approval go.

    Attributes:
        config: The hash of the config that it is for; another config voids it.
        until: The second from which on it does not hold.
        touches: How many touches, at most.
        cost: How much they cost together, at most, in minor units.
        grants: How many lines the ledgers may get meanwhile; with more nothing goes out any more.
    """

    config: str
    until: int
    touches: int
    cost: int
    grants: int

    def __str__(self) -> str:
        """The form in which it is kept in the log: JSON."""
        return json.dumps(asdict(self), sort_keys=True)


def unapproved(desk: Desk, touches: Frame) -> Frame | None:
    """A touch of a campaign that needs an approval waits without one, and beyond its ceilings or its deadline.

    The newest approval counts alone, and only for the config that it was given for. What went out since draws on it;
    the rest goes in the order of priority, then due, then id.
    """
    names = [campaign.name for campaign in desk.programme.of(Campaign) if campaign.approval]
    if not names:
        return None
    asking = touches.filter(nw.col("campaign").is_in(names))
    found = _newest(desk.view)
    if found is None:
        return verdict(asking, "held", "nobody has approved it")
    seq, actor, approval = found
    if approval.config != desk.programme.hash:
        return verdict(asking, "held", f"the config was changed since {actor} approved it")
    if desk.view.now >= approval.until:
        return verdict(asking, "held", f"the approval by {actor} is over")
    touched, cost, grants = _drawn(desk, names, seq)
    words = f"more than {actor} approved"
    if grants > approval.grants:
        return verdict(asking, "held", words)
    priced = asking.with_columns(_first=-nw.col("priority"), _cost=costs(desk.programme))
    ranked = row_number(priced, [], ["_first", "due", "id"], "_nth")
    upto = ranked.with_columns(_upto=nw.col("_cost").cum_sum().over(order_by=["_nth"]))
    over = (nw.col("_nth") > approval.touches - touched) | (nw.col("_upto") > approval.cost - cost)
    return verdict(upto.filter(over), "held", words)


def _newest(view: View) -> tuple[int, str, Approval] | None:
    """Return the newest approval by ``now``: its ``seq``, who gave it, and what it allows."""
    given = view.raw["controls"].filter(nw.col("target") == TARGET, nw.col("action") == ACTION)
    rows = view.rows(given.filter(nw.col("time") <= view.now).select("seq", "actor", "reason"))
    if not rows:
        return None
    seq, actor, text = max(rows)
    return seq, actor, Approval(**json.loads(text))


def _drawn(desk: Desk, names: list[str], seq: int) -> tuple[int, int, int]:
    """Return what was let through since an approval: touches, their cost, lines of ledgers."""
    receipts = desk.view.raw["receipts"].filter(nw.col("state") == "queued", nw.col("seq") > seq)
    passed = receipts.select(id=nw.col("touch")).unique()
    used = desk.view.raw["touches"].filter(nw.col("campaign").is_in(names)).join(passed, on="id", how="semi")
    touched, cost = desk.view.rows(
        used.with_columns(_cost=costs(desk.programme)).select(number=nw.len(), cost=total("_cost"))
    )[0]
    lines = desk.view.rows(desk.view.raw["grants"].filter(nw.col("seq") > seq).select(nw.len()))[0][0]
    return touched, cost, lines
