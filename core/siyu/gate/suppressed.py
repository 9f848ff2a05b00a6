"""People who are never touched: on a suppression list, or erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import latest
from siyu.gate.rule import Desk, verdict

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["barred", "suppressed"]


def barred(view: View) -> Frame:
    """Return the ids that may not be touched, each with whoever it is joined with: member."""
    newest = latest(view.raw["suppressions"], ["member"], ["seq"]).filter(nw.col("action") == "add")
    return view.resolve(newest.select("member")).unique()


def suppressed(desk: Desk, touches: Frame) -> Frame | None:
    """A touch of any purpose is suppressed where one of the recipient's ids is on the list."""
    if not desk.some(desk.view.raw["suppressions"]):
        return None
    people = touches.filter(nw.col("recipient_kind") == "member")
    found = people.join(barred(desk.view).rename({"member": "recipient"}), on="recipient", how="semi")
    return verdict(found, "suppressed", "on the suppression list")
