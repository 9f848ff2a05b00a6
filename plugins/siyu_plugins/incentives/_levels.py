"""What reaching a level gives, each level so many times in a period, in whichever order facts come in.

A level is known by its name, its period and its number in it, not by the fact that reached it: a fact that comes in
late may reach a level earlier, which must not give it once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

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
    lot = nw.concat_str(nw.col("period"), nw.lit(":"), nw.col("nth").cast(nw.String))
    cause = nw.concat_str(nw.col("level"), nw.lit(":"), nw.col("event"))
    named = reached.with_columns(lot=lot, cause=cause)
    ledger = view.grants.filter(nw.col("incentive") == incentive.name).select("member", "lot", level="item").unique()
    new = named.join(ledger, on=["member", "level", "lot"], how="anti")
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
