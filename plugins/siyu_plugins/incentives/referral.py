"""Referral: a reward for bringing a friend who then joins, buys or stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.kinds import Incentive, Reward, doc
from siyu_plugins.incentives._attribution import attributed
from siyu_plugins.incentives._counted import counted
from siyu_plugins.incentives._referral_rules import Attribution, Burst, Counts, Gives, Guard
from siyu_plugins.incentives._reviews import HELD, REFERRAL, REVIEW, WORDS
from siyu_plugins.incentives._rows import lines
from siyu_plugins.incentives._verdicts import decided, judged, settled, with_above

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import click

    from siyu import View
    from siyu.events import EventType
    from siyu.kinds import Frame

__all__ = ["Attribution", "Burst", "Counts", "Gives", "Guard", "Referral"]

_PER_HEAD = ("profiled", "joined", "followed", "scanned", "group_joined")
"""The events that say no more than that a friend has come."""


@frozen(kw_only=True)
class Referral(Incentive):
    """Rewards a member who brings a friend, and the friend, once the friend has joined, bought or stayed.

    A friend's first ``joined`` event makes the pair: who was a member before is not new. What names the inviter is an
    invitation: the ``ref`` of that event, an outside id, or else the ``subject`` of it, or of an event ``followed`` or
    ``scanned`` before it, which is the inviter's own code or one of ``codes``. A member's own code is their number,
    by which nobody can be guessed; it stays theirs for ever, also when they turn out to be somebody else as well
    (``siyu referrals code``). Of several invitations ``attribution`` says which one counts.

    The pair counts with the friend's first event that meets ``counts`` and has no ``refunded`` event of its ``ref``,
    and no leaving, for as long as ``settle`` and ``stays`` say. Then it writes a line of kind ``referred`` for the
    inviter, amount 1, into its own ledger, which ``limit`` and ``budget`` count, and the rewards, of kind ``earned``,
    into theirs. All lines of a pair share ``cause_kind`` and ``cause``, the joined event's id, so that they are written
    together or not at all. A refund, or a merge of members, that comes later changes nothing; a friend counts once.

    What is judged at that moment may refuse the pair, a line of kind ``refused`` that says why: the inviter is the
    friend under another id; the pair closes a circle of invitations, of at most 65,536 members; or one of the
    suspicions of ``guard``. Those that a person is to look at write a line of kind ``held``, and what the person says
    first by ``siyu referrals approve`` or ``refuse`` settles it.

    ``gives.above`` rewards who brought the inviter, if that pair has counted: two levels, and never more. Packs may
    allow one only.
    """

    scope: ClassVar[Literal["member", "population"]] = "population"

    counts: Counts = field(factory=Counts, metadata=doc("what the friend must do"))
    gives: Gives = field(metadata=doc("who gets what", example={"inviter": {"points": 200}}))
    attribution: Attribution = field(factory=Attribution, metadata=doc("which of several invitations counts"))
    codes: dict[str, str] = field(
        factory=dict, metadata=doc("channel codes that invite for a member: the outside id of each", example={})
    )
    guard: Guard = field(factory=Guard, metadata=doc("what makes a pair suspicious"))
    basis: str = field(
        default="", metadata=doc("why a second level may be rewarded, and where that is kept; needed for 'gives.above'")
    )

    @gives.validator
    def _check_gives(self, _: Attribute[Gives], value: Gives) -> None:
        if not (value.inviter or value.friend):
            message = "expected a reward for the inviter or the friend, as in { inviter = { points = 200 } }"
            raise ValueError(message)

    @basis.validator
    def _check_basis(self, _: Attribute[str], value: str) -> None:
        if self.gives.above and not value.strip():
            message = "expected why a second level may be rewarded, since 'gives.above' does; leave that out, or say it"
            raise ValueError(message)

    def facts(self) -> Mapping[str, object]:
        """State how many levels are rewarded, that it is free of charge, and for what."""
        per_head = self.counts.event in _PER_HEAD
        return {
            "depth": 2 if self.gives.above else 1,
            "entry_fee": False,
            "counts": {"rewarded_events": (self.counts.event,), "pays_per_head": per_head},
        }

    @property
    def rewards(self) -> Sequence[Reward]:
        """What it writes into the ledgers of other incentives."""
        return (*self.gives.inviter, *self.gives.friend, *self.gives.above)

    def settle(self, view: View) -> Frame:
        """Return the lines of all pairs that count by now, and of those that are held or refused."""
        begin, end = view.window(self)
        pairs = view.keep(attributed(view, self.attribution, self.codes))
        started = pairs.filter(nw.col("start") >= begin, nw.col("start") < end)
        due = view.keep(counted(view, started, self.counts))
        ledger = view.grants.filter(nw.col("incentive") == self.name)
        known = view.keep(decided(view, ledger))
        fresh = due.join(known, on="friend", how="anti")
        if not view.rows(fresh.head(1)):  # portable: only whether there is any pair left to decide, to stop early
            return lines(due.select("time").head(0))
        verdicts = judged(view, pairs, due, self.guard)
        results = view.keep(settled(view, verdicts, ledger, self.name))
        new = view.keep(results.join(known, on="friend", how="anti"))
        return nw.concat([*self._given(results, new), *self._ungiven(view, new)])

    def _given(self, results: Frame, new: Frame) -> list[Frame]:
        """Return the lines of pairs that count."""
        granted = with_above(new.filter(nw.col("outcome") == "granted"), results)
        said = {"kind": nw.lit("referred"), "item": nw.lit("friend"), "amount": nw.lit(1)}
        own = granted.with_columns(member=nw.col("inviter"), lot=nw.col("cause"), **said)
        given = {"inviter": self.gives.inviter, "friend": self.gives.friend, "above": self.gives.above}
        rewards = [self._reward(granted, who, one) for who, several in given.items() for one in several]
        return [self._lines(own, REFERRAL), *rewards]

    def _ungiven(self, view: View, new: Frame) -> list[Frame]:
        """Return the lines of pairs that are refused, or wait for a person: of inviters whom it is for."""
        allowed = view.matching(self.to).select(inviter="member")
        meant = new.join(allowed, on="inviter", how="semi").with_columns(member=nw.col("inviter"), amount=nw.lit(0))
        refused = meant.filter(nw.col("outcome") == "refused").with_columns(kind=nw.lit("refused"))
        held = meant.filter(~nw.col("held").is_null()).with_columns(
            kind=nw.lit(HELD), time=nw.col("held"), reason=nw.col("suspicion")
        )
        return [self._lines(refused, REFERRAL), self._lines(held, REVIEW)]

    def _reward(self, granted: Frame, who: str, reward: Reward) -> Frame:
        # The name is part of the lot: another referral may reward the same pair out of the same ledger.
        lot = nw.concat_str(nw.lit(f"{self.name}:"), nw.col("cause"))
        rows = granted.filter(~nw.col(who).is_null()).with_columns(
            member=nw.col(who),
            kind=nw.lit("earned"),
            item=nw.lit(reward.item),
            amount=nw.lit(reward.amount),
            lot=lot,
            available=nw.col("time"),
        )
        return self._lines(rows, REFERRAL, reward.incentive)

    def _lines(self, rows: Frame, cause_kind: str, incentive: str = "") -> Frame:
        return lines(rows.with_columns(cause_kind=nw.lit(cause_kind), incentive=nw.lit(incentive or self.name)))


@hookimpl
def siyu_register_incentives() -> Mapping[str, type[Incentive]]:
    """Bring ``referral``."""
    return {"referral": Referral}


@hookimpl
def siyu_register_event_types() -> Mapping[str, EventType]:
    """Bring the events by which people decide what is held."""
    return WORDS


@hookimpl
def siyu_register_commands() -> Mapping[str, click.Command]:
    """Bring ``siyu referrals``."""
    from siyu_plugins.incentives._referrals_command import referrals

    return {"referrals": referrals}
