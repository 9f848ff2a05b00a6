"""Referral: a reward for bringing a friend who then buys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.config.units import DAY, Duration, Money
from siyu.frames import latest
from siyu.kinds import Incentive, Reward, doc
from siyu_plugins.incentives._rows import lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Counts", "Gives", "Referral"]

_PER_HEAD = ("profiled", "joined", "followed")
"""The events that say no more than that a friend has come."""


@frozen(kw_only=True)
class Counts:
    """What a friend must do for the invitation to count."""

    event: str = field(default="paid", metadata={**doc("what the friend must do", example="paid"), "refers": "event"})
    at_least: Money | None = field(default=None, metadata=doc("the least amount of that event", example="50.00"))
    within: Duration = field(
        default=Duration(30 * DAY), metadata=doc("how long after joining it still counts", example="30d")
    )
    settle: Duration = field(
        default=Duration(7 * DAY), metadata=doc("how long to wait for a refund before rewarding", example="7d")
    )


@frozen(kw_only=True)
class Gives:
    """Who gets what: ``{ inviter = { points = 200 }, friend = { points = 50 } }``."""

    inviter: tuple[Reward, ...] = field(default=(), metadata=doc("what the inviter gets", example={"points": 200}))
    friend: tuple[Reward, ...] = field(default=(), metadata=doc("what the friend gets", example={"points": 50}))


@frozen(kw_only=True)
class Referral(Incentive):
    """Rewards a member who brings a friend, and the friend, once the friend has bought and not returned it.

    A ``joined`` event within the incentive's days, whose ``ref`` is the inviter's outside id, makes the pair. It must
    be the friend's first: who was a member before is not new. The inviter must be a member, and another person; of
    two who invited each other the earlier pair stands.

    The pair counts with the friend's first event that meets ``counts`` and has no ``refunded`` event of its ``ref``
    for as long as ``settle``. Then it writes a line of kind ``referred`` for the inviter, amount 1, into its own
    ledger, which ``limit`` and ``budget`` count, and the rewards, of kind ``earned``, into theirs. All lines of a
    pair share ``cause_kind`` and ``cause``, the joined event's id, so that they are written together or not at all.
    """

    scope: ClassVar[Literal["member", "population"]] = "population"

    counts: Counts = field(factory=Counts, metadata=doc("what the friend must do"))
    gives: Gives = field(metadata=doc("who gets what", example={"inviter": {"points": 200}}))

    @gives.validator
    def _check_gives(self, _: Attribute[Gives], value: Gives) -> None:
        if not (value.inviter or value.friend):
            message = "expected a reward for the inviter or the friend, as in { inviter = { points = 200 } }"
            raise ValueError(message)

    def facts(self) -> Mapping[str, object]:
        """State that one level is rewarded, free of charge, and for what."""
        per_head = self.counts.event in _PER_HEAD
        return {
            "depth": 1,
            "entry_fee": False,
            "counts": {"rewarded_events": (self.counts.event,), "pays_per_head": per_head},
        }

    @property
    def rewards(self) -> Sequence[Reward]:
        """What it writes into the ledgers of other incentives."""
        return (*self.gives.inviter, *self.gives.friend)

    def settle(self, view: View) -> Frame:
        """Return the lines of all pairs that count by now."""
        counted = self._counted(view, self._pairs(view))
        own = counted.with_columns(
            member=nw.col("inviter"),
            incentive=nw.lit(self.name),
            kind=nw.lit("referred"),
            item=nw.lit("friend"),
            amount=nw.lit(1),
            lot=nw.col("cause"),
        )
        inviters = [self._reward(counted, "inviter", reward) for reward in self.gives.inviter]
        friends = [self._reward(counted, "friend", reward) for reward in self.gives.friend]
        return nw.concat([lines(own), *inviters, *friends])

    def _pairs(self, view: View) -> Frame:
        """Return friend, inviter, join (the joined event's id), start (its second)."""
        begin, end = view.window(self)
        joins = view.events.filter(nw.col("type") == "joined").with_columns(friend=nw.col("member"))
        invited = latest(joins, ["friend"], ["-second", "-id"]).filter(nw.col("ref") != "")
        known = view.identified(invited, "ref", "inviter").join(
            view.members.select(inviter="member"), on="inviter", how="semi"
        )
        pairs = known.filter(nw.col("inviter") != nw.col("friend")).select(
            "friend", "inviter", join=nw.col("id"), start=nw.col("second")
        )
        started = (nw.col("start") >= begin) & (nw.col("start") < end)
        return _uncrossed(view.keep(pairs)).filter(started)

    def _counted(self, view: View, pairs: Frame) -> Frame:
        """Return friend, inviter, cause_kind, cause, time: the pairs that count, and since when."""
        counts = self.counts
        least = () if counts.at_least is None else (nw.col("amount") >= counts.at_least.minor,)
        done = view.events.filter(nw.col("type") == counts.event, *least).select("second", "ref", friend="member")
        within = (nw.col("second") >= nw.col("start")) & (nw.col("second") - nw.col("start") <= counts.within.seconds)
        tried = (
            done.join(pairs, on="friend", how="inner")
            .filter(within)
            .with_columns(time=nw.col("second") + counts.settle.seconds)
        )
        kept = tried.filter(nw.col("time") <= view.now).join(
            self._returned(view, tried), on=["join", "ref", "second"], how="anti"
        )
        first = kept.group_by("friend", "inviter", "join").agg(nw.col("time").min())
        return first.with_columns(cause_kind=nw.lit("referral"), cause=nw.col("join").cast(nw.String))

    @staticmethod
    def _returned(view: View, tried: Frame) -> Frame:
        """Return join, ref, second: the events that were refunded, even in part, before they had settled."""
        refunds = view.events.filter(nw.col("type") == "refunded", nw.col("ref") != "")
        back = refunds.select("ref", friend=nw.col("member"), back=nw.col("second"))
        found = tried.join(back, on=["friend", "ref"], how="inner").filter(nw.col("back") <= nw.col("time"))
        return found.select("join", "ref", "second").unique()

    def _reward(self, counted: Frame, who: str, reward: Reward) -> Frame:
        # The name is part of the lot: another referral may reward the same pair out of the same ledger.
        lot = nw.concat_str(nw.lit(f"{self.name}:"), nw.col("cause"))
        rows = counted.with_columns(
            member=nw.col(who),
            incentive=nw.lit(reward.incentive),
            kind=nw.lit("earned"),
            item=nw.lit(reward.item),
            amount=nw.lit(reward.amount),
            lot=lot,
            available=nw.col("time"),
        )
        return lines(rows)


def _uncrossed(pairs: Frame) -> Frame:
    """Leave out a pair where the friend had invited the inviter before."""
    back = pairs.select(friend="inviter", inviter="friend", earlier="start", other="join")
    crossed = pairs.join(back, on=["friend", "inviter"], how="inner")
    later = (nw.col("earlier") < nw.col("start")) | (
        (nw.col("earlier") == nw.col("start")) & (nw.col("other") < nw.col("join"))
    )
    return pairs.join(crossed.filter(later).select("join"), on="join", how="anti")


@hookimpl
def siyu_register_incentives() -> Mapping[str, type[Incentive]]:
    """Bring ``referral``."""
    return {"referral": Referral}
