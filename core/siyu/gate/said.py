"""What members said last of consent: the newest statements, each once, as the rules of the gate ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

if TYPE_CHECKING:
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["EVERY", "said"]

EVERY = "*"
"""The channel, or the purpose, that stands for all of them."""

_STATES = ("granted", "unknown", "withdrawn")


def said(view: View, among: Frame | None = None) -> Frame:
    """Return what ``view.consents`` says, without the proofs: member, channel, purpose, state, time.

    It is told by sums instead of a ranking, which over millions of statements takes less than half the time.

    Args:
        view: What is known.
        among: Whose statements are asked for: member; None for everybody's.
    """
    by_state = {
        state: nw.when(nw.col("state") == state).then(nw.col("time")).otherwise(None).max() for state in _STATES
    }
    stated = view.stated if among is None else view.stated.join(among, on="member", how="semi")
    newest = stated.group_by("member", "channel", "purpose").agg(nw.col("time").max(), **by_state)
    state = nw.lit("")
    for name in _STATES:
        # Of one moment the strictest counts, which comes last here.
        state = nw.when(nw.col(name) == nw.col("time")).then(nw.lit(name)).otherwise(state)
    return newest.select("member", "channel", "purpose", "time", state=state)
