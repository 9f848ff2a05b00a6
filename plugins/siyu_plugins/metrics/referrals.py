"""Referrals: how well members bring members, and what that costs."""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import field, frozen
from attrs.validators import ge

from siyu import hookimpl
from siyu.frames import total
from siyu.kinds import Metric, Worth, doc
from siyu_plugins.metrics._numbers import in_periods, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Referrals"]


@frozen(kw_only=True)
class Referrals(Metric):
    """Measures the friends that members brought, as the ledger of a ``referral`` counts them.

    By calendar month, ``brought``: the friends who joined in it and counted by now; ``k_factor``: how many friends
    each member who joined in it has brought by now, ``n`` of them: above 1, members multiply by themselves; and
    ``cost_per_member``: what rewards to both sides, and above, cost for each friend who joined in it, in minor units of
    the brand's currency, by the ``worth`` of each ledger that they come out of; ``n`` is the friends. A ledger whose
    worth is not stated costs nothing, and without any there is no such number.

    Over all time, ``chain_1``, ``chain_2`` …: the friends whose inviter nobody brought, whose inviter was brought by
    one whom nobody brought, and so on; the last one of ``chains`` holds those of longer chains too.
    """

    incentive: str = field(
        metadata={**doc("the referral that counts friends", example="bring-a-friend"), "refers": "incentive"}
    )
    worth: dict[str, Worth] = field(
        factory=dict,
        metadata=doc(
            "what the units of the rewards' ledgers cost, by incentive", example={"points": {"amount": "0.01"}}
        ),
    )
    chains: int = field(
        default=8, validator=ge(1), metadata=doc("how many lengths of chains are told apart", example=4)
    )

    def measure(self, view: View) -> Frame:
        """Return the friends, K-factors and costs by month, and the chains."""
        friends = view.keep(self._friends(view))
        monthly = [self._brought(friends), self._k_factor(view, friends)]
        costs = [self._cost(view, friends)] if self.worth else []
        return nw.concat([numbers(frame) for frame in (*monthly, *costs, self._chains(view, friends))])

    def _friends(self, view: View) -> Frame:
        """Return the friends that counted: friend, inviter, cause, period (the month in which they joined)."""
        lines = view.grants.filter(nw.col("incentive") == self.incentive, nw.col("kind") == "referred")
        joins = view.events.filter(nw.col("type") == "joined").select(
            "day", friend="member", cause=nw.col("id").cast(nw.String)
        )
        known = joins.join(lines.select("cause", inviter="member"), on="cause", how="inner")
        return in_periods(view, known, "month").select("friend", "inviter", "cause", "period")

    @staticmethod
    def _brought(friends: Frame) -> Frame:
        counted = friends.group_by("period").agg(n=nw.len().cast(nw.Int64))
        return counted.with_columns(key=nw.lit("brought"), value=nw.col("n").cast(nw.Float64))

    @staticmethod
    def _k_factor(view: View, friends: Frame) -> Frame:
        by = friends.group_by("inviter").agg(brought=nw.len().cast(nw.Int64))
        members = in_periods(view, view.members.select("member", day="joined"), "month")
        both = members.join(by, left_on="member", right_on="inviter", how="left")
        cohorts = both.group_by("period").agg(total("brought"), n=nw.len().cast(nw.Int64))
        value = nw.col("brought").cast(nw.Float64) / nw.col("n").cast(nw.Float64)
        return cohorts.with_columns(key=nw.lit("k_factor"), value=value)

    def _cost(self, view: View, friends: Frame) -> Frame:
        """Return what a friend costs. All worths are brought to one number of units, so that sums are of integers."""
        units = lcm(*(one.units for one in self.worth.values()))
        each = [one.amount.minor * (units // one.units) for one in self.worth.values()]
        worth = view.table({"incentive": self.worth, "each": each}, {"incentive": nw.String(), "each": nw.Int64()})
        rewards = view.grants.filter(
            nw.col("kind") == "earned",
            nw.col("cause_kind") == "referral",
            nw.col("lot").str.starts_with(f"{self.incentive}:"),
        )
        spent = rewards.join(worth, on="incentive", how="inner").with_columns(spent=nw.col("amount") * nw.col("each"))
        by_cause = spent.group_by("cause").agg(total("spent"))
        both = friends.join(by_cause, on="cause", how="left").group_by("period").agg(total("spent"), n=nw.len())
        value = nw.col("spent").cast(nw.Float64) / (nw.col("n").cast(nw.Float64) * float(units))
        return both.with_columns(key=nw.lit("cost_per_member"), value=value)

    def _chains(self, view: View, friends: Frame) -> Frame:
        """Return how many friends have how many above them: one join for each length."""
        above = friends.select(top="friend", further="inviter").unique()
        ways, found = friends.select("friend", top="inviter"), []
        for length in range(1, self.chains):
            found.append(_counted(ways.join(above, on="top", how="anti"), length))
            ways = view.keep(ways.join(above, on="top", how="inner").select("friend", top="further"))
        return nw.concat([*found, _counted(ways, self.chains)])


def _counted(ways: Frame, length: int) -> Frame:
    """Return how many friends end a way here; no row where none does."""
    many = ways.select(n=nw.len().cast(nw.Int64)).filter(nw.col("n") > 0)
    return many.select(
        "n", period=nw.lit("lifetime"), key=nw.lit(f"chain_{length}"), value=nw.col("n").cast(nw.Float64)
    )


@hookimpl
def siyu_register_metrics() -> Mapping[str, type[Metric]]:
    """Bring ``referrals``."""
    return {"referrals": Referrals}
