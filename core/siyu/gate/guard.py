"""Rules that plugins add; they can only tighten the gate."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like, latest

if TYPE_CHECKING:
    from siyu.gate.rule import Desk
    from siyu.kinds import Frame
    from siyu.tables import Schema

__all__ = ["guarded"]

_STATES = ["held", "suppressed"]
_VERDICT: Schema = {"id": nw.Int64(), "state": nw.String(), "reason": nw.String()}


def guarded(desk: Desk, touches: Frame) -> Frame | None:
    """A touch is held or suppressed by whatever ``siyu_guard_touches`` of a plugin says of it; suppressed wins.

    Raises:
        PluginError: A plugin failed, or gave a state other than held and suppressed.
    """
    given = desk.registry.called("siyu_guard_touches", partial(_read, desk), view=desk.view, touches=touches)
    found = [frame for frame in given if frame is not None]
    if not found:
        return None
    asked = nw.concat(found).join(touches.select("id"), on="id", how="semi")
    return latest(asked, ["id"], ["state", "reason"])


def _read(desk: Desk, given: Frame) -> Frame:
    verdicts = desk.view.keep(cast_like(given, _VERDICT).with_columns(nw.col("reason").fill_null("")))
    allowed = nw.col("state").is_in(_STATES).fill_null(value=False)
    if desk.view.rows(verdicts.filter(~allowed).select(nw.len()))[0][0]:
        message = "it gave a state other than 'held' and 'suppressed'"
        raise ValueError(message)
    return verdicts
