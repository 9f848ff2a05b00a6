"""What reaching a level gives, each level so many times in a period, in whichever order facts come in.

How often it was given in a period counts, not by which fact: one that comes in late may reach a level earlier, which
must not give it once more; and of two members who turn out to be one, what either was given counts for both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import total
from siyu.kinds import Period
from siyu_plugins.incentives._rows import lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu import View
    from siyu.kinds import Frame, Incentive, Reward

__all__ = ["given", "in_period"]

_CALENDAR: dict[Period, str] = {
    "day": "date",
    "week": "week",
    "month": "month",
    "quarter": "quarter",
    "year": "year",
}


def in_period(view: View, frame: Frame, per: Period) -> Frame:
    """Add the period (String) that the column ``day`` falls in: a date, a week's first day, or a month."""
    if per == "total":
        return frame.with_columns(period=nw.lit("all"))
    column = nw.col(_CALENDAR[per]).cast(nw.String)
    return frame.join(view.calendar.select("day", period=column), on="day", how="inner")


def given(view: View, incentive: Incentive, reached: Frame, levels: Sequence[tuple[str, Sequence[Reward]]]) -> Frame:
    """Return the lines for levels that the ledger does not know yet.

    Args:
        view: The pass.
        incentive: Whose levels they are.
        reached: member, level, period, nth (Int64, which time it is in the period), event (String), time.
        levels: The levels by name, and what each gives.

    Returns:
        For each level reached a line of the incentive's own, of amount 1, and those that it gives.
    """
    named = reached.with_columns(
        lot=nw.concat_str(nw.col("period"), nw.lit(":"), nw.col("nth").cast(nw.String)),
        cause=nw.concat_str(nw.col("level"), nw.lit(":"), nw.col("event")),
    )
    ledger = view.grants.filter(nw.col("incentive") == incentive.name)
    period = nw.col("lot").str.replace_all(":[0-9]+$", "")
    known = ledger.select("member", level=nw.col("item"), period=period, one=nw.lit(1, nw.Int64))
    times = known.group_by("member", "level", "period").agg(times=total("one"))
    counted = named.join(times, on=["member", "level", "period"], how="left")
    new = counted.filter(nw.col("nth") > nw.col("times").fill_null(0))
    common = new.with_columns(kind=nw.lit("earned"), cause_kind=nw.lit("level"))
    own = common.with_columns(incentive=nw.lit(incentive.name), item=nw.col("level"), amount=nw.lit(1))
    rewards = [_reward(incentive, common, level, reward) for level, gives in levels for reward in gives]
    return nw.concat([lines(own), *rewards])


def _reward(incentive: Incentive, common: Frame, level: str, reward: Reward) -> Frame:
    # The names are part of the lot: one event may reach several levels, and those of several incentives.
    lot = nw.concat_str(nw.lit(f"{incentive.name}:"), nw.col("cause"))
    rows = common.filter(nw.col("level") == level)
    return lines(
        rows.with_columns(
            incentive=nw.lit(reward.incentive), item=nw.lit(reward.item), amount=nw.lit(reward.amount), lot=lot
        )
    )
