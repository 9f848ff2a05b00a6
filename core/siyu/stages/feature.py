"""Features of every member, from the events up to now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.features import asked_events, compute, last_days

if TYPE_CHECKING:
    from siyu.work import Work

__all__ = ["feature"]


def feature(work: Work) -> None:
    """Compute the declared features, and the last day of every event type that a condition asks for."""
    events, members = work.view.events, work.view.raw["members"].select("member")
    declared = members.join(compute(events, work.programme.features, work.view.today), on="member", how="left")
    types = asked_events(work.programme)
    if types:
        declared = declared.join(last_days(events, types), on="member", how="left")
    stamped = declared.with_columns(
        as_of=nw.lit(work.view.today, nw.Int32), definition=nw.lit(work.programme.hash[:12])
    )
    features = work.keep(stamped)
    if not work.ticking:
        work.state["features"] = features
    work.view = work.view.having(features=features)
