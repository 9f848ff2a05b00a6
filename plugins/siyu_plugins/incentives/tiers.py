"""Tiers: what the tiers of a tagger bring, and a ledger of who was in which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import field, frozen

from siyu import hookimpl
from siyu.errors import UserError
from siyu.frames import total
from siyu.kinds import Incentive, Reward, doc
from siyu_plugins.incentives._rows import lines
from siyu_plugins.taggers.tiers import Tiers as Levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Tiers"]

_LOT = ["member", "item", "lot"]


@frozen(kw_only=True)
class Tiers(Incentive):
    """Gives members the benefits of the tiers that a tagger ``tiers`` tells, and rewards those who reach one.

    The ledger counts tiers that are held: a line of kind ``earned`` for each tier (its item) that a member comes into,
    at the very moment, with the tier's benefits as its reason; who comes into ``gold`` holds ``silver`` as well. One of
    kind ``expired`` ends it, when the grace after a review is over. Where late facts show that a tier was held at
    other moments, or not at all, a line ``reversed`` takes it back; the balance is always what is held.

    What a tier ``gives`` goes to each member once, when they first come into it within the incentive's days; it is
    not taken back.
    """

    of: str = field(metadata={**doc("the tagger that tells who is in which tier", example="level"), "refers": "tagger"})
    benefits: Mapping[str, tuple[str, ...]] = field(
        factory=dict,
        metadata={
            **doc("what each tier brings, in words for the ledger", example={"gold": ["double points"]}),
            "keys_refer": "tag",
        },
    )
    gives: Mapping[str, tuple[Reward, ...]] = field(
        factory=dict,
        metadata={
            **doc("what a member gets on coming into a tier", example={"gold": {"points": 200}}),
            "keys_refer": "tag",
        },
    )

    @property
    def rewards(self) -> Sequence[Reward]:
        """What it writes into the ledgers of other incentives."""
        return tuple(reward for rewards in self.gives.values() for reward in rewards)

    def settle(self, view: View) -> Frame:
        """Return the lines by which the ledger comes to what is held by now."""
        begin, end = view.window(self)
        held = self._levels(view).spans(view)
        began = held.filter(nw.col("since") < end, nw.col("until").fill_null(end) > begin)
        entitled = began if self.to is None else began.join(view.matching(self.to), on="member", how="semi")
        spans = view.keep(_spans(entitled, begin).filter(nw.col("since") <= view.now))
        own = view.grants.filter(nw.col("incentive") == self.name, nw.col("amount") != 0)
        # Of members whom a pass does not look at nothing is known here, and nothing changes.
        own = own.join(view.members.select("member"), on="member", how="semi")
        ledger = view.keep(own.group_by(*_LOT).agg(left=total("amount"), n=nw.len().cast(nw.Int64)))
        rewards = [self._reward(spans, tier, reward) for tier, rewards in self.gives.items() for reward in rewards]
        return nw.concat([self._held(spans, ledger), self._ended(spans, ledger), self._undone(spans, ledger), *rewards])

    def _levels(self, view: View) -> Levels:
        found = next((one for one in view.taggers if one.name == self.of), None)
        if not isinstance(found, Levels):
            message = f"[tagger.{self.of}] tells of no tiers: 'of' names a tagger that uses 'tiers'"
            raise UserError(message)
        return found

    def _held(self, spans: Frame, ledger: Frame) -> Frame:
        """Return the tiers that members came into; one that was taken back, and is held after all, comes again."""
        known = spans.join(ledger, on=_LOT, how="left").with_columns(nw.col("n").fill_null(0))
        missing = known.filter((nw.col("n") == 0) | (nw.col("until").is_null() & (nw.col("left") < 1)))
        said = [f"came into {name}: {', '.join(words)}" for name, words in self.benefits.items()]
        reason: nw.Expr = nw.concat_str(nw.lit("came into "), nw.col("item"))
        for name, words in zip(self.benefits, said, strict=True):
            reason = nw.when(nw.col("item") == name).then(nw.lit(words)).otherwise(reason)
        return self._lined(missing, "earned", nw.lit(1), "since", reason)

    def _ended(self, spans: Frame, ledger: Frame) -> Frame:
        known = spans.filter(~nw.col("until").is_null()).join(ledger, on=_LOT, how="left")
        over = known.with_columns(nw.col("n").fill_null(0)).filter(nw.col("left").fill_null(1) > 0)
        reason = nw.concat_str(nw.lit("not reached again: "), nw.col("item"))
        return self._lined(over, "expired", nw.lit(-1), "until", reason)

    def _undone(self, spans: Frame, ledger: Frame) -> Frame:
        gone = ledger.filter(nw.col("left") > 0).join(spans, on=_LOT, how="anti")
        dated = gone.with_columns(since=nw.col("lot").cast(nw.Int64))
        reason = nw.concat_str(nw.lit("late facts tell otherwise: "), nw.col("item"))
        return self._lined(dated, "reversed", nw.lit(-1), "since", reason)

    def _lined(self, rows: Frame, kind: str, amount: nw.Expr, time: str, reason: nw.Expr) -> Frame:
        # A lot's lines come in pairs, of what begins and what ends it: the number of the pair tells them apart.
        cause = nw.concat_str("lot", nw.lit(":"), (nw.col("n") // 2).cast(nw.String))
        return lines(
            rows.with_columns(
                incentive=nw.lit(self.name),
                kind=nw.lit(kind),
                amount=amount,
                cause_kind=nw.lit("tier"),
                cause=cause,
                time=nw.col(time),
                available=nw.col(time),
                reason=reason,
            )
        )

    def _reward(self, spans: Frame, tier: str, reward: Reward) -> Frame:
        news = spans.filter(nw.col("item") == tier, nw.col("came") == nw.col("since"))
        first = news.group_by("member").agg(time=nw.col("since").min())
        return lines(
            first.with_columns(
                incentive=nw.lit(reward.incentive),
                kind=nw.lit("earned"),
                item=nw.lit(reward.item),
                lot=nw.lit(f"{self.name}:{tier}"),
                amount=nw.lit(reward.amount),
                cause_kind=nw.lit("tier"),
                cause=nw.lit(f"{self.name}:{tier}"),
                available=nw.col("time"),
                reason=nw.lit(f"came into {tier}"),
            )
        )


def _spans(held: Frame, begin: int) -> Frame:
    """Name each span's lot by when it began in the incentive's days: member, item, lot, came, since, until."""
    within = held.with_columns(came="since", since=nw.max_horizontal(nw.col("since"), nw.lit(begin, nw.Int64)))
    return within.select("member", "came", "since", "until", item="tag", lot=nw.col("since").cast(nw.String))


@hookimpl
def siyu_register_incentives() -> Mapping[str, type[Incentive]]:
    """Bring ``tiers``."""
    return {"tiers": Tiers}
