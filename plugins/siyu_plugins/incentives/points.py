"""Points: what events earn, what refunds take back, and what expires."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.config.units import Duration
from siyu.kinds import Incentive, Term, doc
from siyu_plugins.incentives._corrections import corrections
from siyu_plugins.incentives._earning import Cap, Earn
from siyu_plugins.incentives._lots import Books
from siyu_plugins.incentives._reversals import owed, refunds_of, reversals
from siyu_plugins.incentives._rows import lines
from siyu_plugins.taggers.tiers import Tiers

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Cap", "Earn", "Points", "Transfers"]

_WHOLE = 100


@frozen(kw_only=True)
class Transfers:
    """That members may give points to one another: ``{ most = 500 }``."""

    most: int | None = field(
        default=None, metadata=doc("how many points one member may give away in all", unit="points", example=500)
    )

    @most.validator
    def _check_most(self, _: Attribute[int | None], value: int | None) -> None:
        if value is not None and value < 1:
            message = f"expected 1 point or more, not {value}; without transfers nobody gives points away"
            raise ValueError(message)


@frozen(kw_only=True)
class Points(Incentive):
    """Gives points for events, takes them back for refunds, and lets them expire, the earliest first.

    A line of kind ``earned`` names its event as cause and lot, and its rule as item. With ``times`` members with
    a tag earn so many times as much, rounded down; of several tags the most counts. A tier of a tagger ``tiers``
    counts from the moment at which it was reached, any other tag if the member has it when a run looks at the event.

    A ``refunded`` event of the same member with the order's ``ref`` takes back what that order (``ordered``, ``paid``
    or ``received``) earned, in proportion to the amount, whenever it comes: lines of kind ``reversed``. A refund
    without an amount is of the whole order, and of an order without an amount any refund is. What of a lot has
    expired is gone, and is not taken back; a refund after that moment takes back nothing.

    Points that were spent already are taken back as well. With ``spent = "negative"`` the balance falls below 0, and
    the next lots make up for it: pairs of lines of kind ``covered``, which sum to nothing. With ``spent = "next"``
    the balance stays, and what is missing is taken of the member's other lots, those to come included.

    What is left of a lot when it expires goes by a line of kind ``expired``, of that very moment, whenever a run
    writes it. Other incentives take points by their costs. With ``transfers`` a claim of the item ``transfer`` moves as
    many points as its quantity to another member (``to``): the same lots, which expire when they would have.

    An event ``corrected`` of the incentive (``subject``) gives ``quantity`` points, or takes them; it names
    who says so (``staff``) and why, and is no earning: neither ``to``, ``limit`` nor ``budget`` refuse it.
    """

    corrected: ClassVar[bool] = True

    earn: tuple[Earn, ...] = field(metadata=doc("what earns points; several rules may match one event"))
    times: Mapping[str, float] = field(
        factory=dict,
        metadata={
            **doc("how many times as much members with a tag earn", example={"gold": 1.5}),
            "keys_refer": "tag",
        },
    )
    pending: Duration = field(
        default=Duration(0), metadata=doc("how long after the event points can be used", example="7d")
    )
    expires: Duration | None = field(
        default=None, metadata=doc("how long they can be used; for ever by default", example="365d")
    )
    spent: Literal["negative", "next"] = field(
        default="negative",
        metadata=doc(
            "how a refund takes back what is spent: the balance falls below 0, or the next points go", example="next"
        ),
    )

    transfers: Transfers | None = field(
        default=None, metadata=doc("members may give points to one another; not by default", example={"most": 500})
    )

    @earn.validator
    def _check_earn(self, _: Attribute[tuple[Earn, ...]], value: tuple[Earn, ...]) -> None:
        if not value:
            message = "expected at least one rule, as in [{ event = 'ordered', points = 1, per = '1.00' }]"
            raise ValueError(message)
        items = [rule.item for rule in value]
        twice = next((item for item in items if items.count(item) > 1), None)
        if twice:
            message = f"two rules go by the name '{twice}' in the ledger: give one of them an id of its own"
            raise ValueError(message)

    @times.validator
    def _check_times(self, _: Attribute[Mapping[str, float]], value: Mapping[str, float]) -> None:
        for tag, times in value.items():
            if not 1 <= times <= _WHOLE or round(times * _WHOLE, 6) % 1:
                message = f"expected a number from 1 to 100 with two decimals at most for '{tag}', not {times}"
                raise ValueError(message)

    def facts(self) -> Mapping[str, object]:
        """State what earns points, rule by rule."""
        return {"earn": [{"rewarded_events": (rule.event,)} for rule in self.earn]}

    @property
    def holdings(self) -> Collection[str]:
        """What points are of: the rules, corrections, or nothing."""
        return ["", *(rule.item for rule in self.earn), "corrected"]

    @property
    def lasting(self) -> int | None:
        """For how many seconds the points that other incentives give can be used."""
        return None if self.expires is None else self.expires.seconds

    def terms(self) -> Sequence[Term]:
        """Return the term of a transfer, where members may give points to one another."""
        return () if self.transfers is None else (Term(item="transfer", transfer=True, each=self.transfers.most),)

    def settle(self, view: View) -> Frame:
        """Return the lines that events earn in the incentive's days, that refunds and corrections make, that expire."""
        ledger = view.keep(self._ledger(view))
        earned = view.keep(self._earned(view, ledger))
        pairs = view.keep(refunds_of(view, earned, ledger, debts=self.spent == "negative"))
        corrected = corrections(view, self.name, self._kept)
        fresh = corrected.join(ledger.select("item", "lot"), on=["item", "lot"], how="anti")
        new = view.keep(nw.concat([lines(earned), lines(reversals(pairs)), lines(fresh)]))
        books = Books(view, ledger, new)
        closed = books.closed(owed(pairs) if self.spent == "next" else None)
        named = nw.concat([new, closed]).with_columns(nw.coalesce("available", "time"), incentive=nw.lit(self.name))
        return lines(named)

    def _ledger(self, view: View) -> Frame:
        own = view.grants.filter(nw.col("incentive") == self.name)
        return lines(own.with_columns(nw.col("item", "lot").fill_null("")))

    def _earned(self, view: View, ledger: Frame) -> Frame:
        """Return the lots that events earn and the ledger does not have."""
        begin, end = view.window(self)
        facts = view.events.filter(nw.col("second") >= begin, nw.col("second") < end)
        parts = [self._by(view, rule, facts, ledger) for rule in self.earn]
        cause = {"kind": nw.lit("earned"), "cause_kind": nw.lit("event"), "cause": nw.col("lot")}
        available = nw.col("time") + self.pending.seconds
        lots = lines(self._kept(nw.concat(parts).with_columns(**cause, available=available)))
        return lots if self.to is None else lots.join(view.matching(self.to), on="member", how="semi")

    def _by(self, view: View, rule: Earn, facts: Frame, ledger: Frame) -> Frame:
        """Return the lots of a rule that the ledger does not have; those that it has are not reckoned again."""
        lots = rule.lots(view, facts)
        earned = ledger.filter(nw.col("kind") == "earned").select("item", "lot")
        fresh = view.keep(lots.join(earned, on=["item", "lot"], how="anti"))
        if not view.rows(fresh.head(1)):  # portable: only whether anything is earned anew, to stop early
            return fresh.select("member", "item", "lot", "amount", "time")
        return rule.within_cap(view, self._multiplied(view, fresh), lots, ledger)

    def _kept(self, lots: Frame) -> Frame:
        """Add when lots expire, by when they can be used."""
        end = nw.lit(None) if self.expires is None else nw.col("available") + self.expires.seconds
        return lots.with_columns(expires=end.cast(nw.Int64))

    def _multiplied(self, view: View, lots: Frame) -> Frame:
        if not self.times:
            return lots
        factors = [round(times * _WHOLE) for times in self.times.values()]
        schema = {"tag": nw.String(), "factor": nw.Int64()}
        known = view.table({"tag": self.times.keys(), "factor": factors}, schema)
        during = lots.join(self._had(view).join(known, on="tag", how="inner"), on="member", how="inner")
        held = (nw.col("since") <= nw.col("time")) & (nw.col("time") < nw.col("until")).fill_null(value=True)
        most = during.filter(held).group_by("member", "item", "lot").agg(nw.col("factor").max())
        factor = nw.col("factor").fill_null(_WHOLE)
        counted = lots.join(most, on=["member", "item", "lot"], how="left")
        return counted.with_columns(amount=nw.col("amount") * factor // _WHOLE)

    def _had(self, view: View) -> Frame:
        """Return who had which of the tags in ``times``, and when: member, tag, since, until (null for no end)."""
        tiers = [one for one in view.taggers if isinstance(one, Tiers)]
        spans = [
            one.spans(view).select("member", "tag", "since", "until") for one in tiers if {*one.gives} & {*self.times}
        ]
        names = [one.name for one in tiers]
        now = view.tags.filter(nw.col("tag").is_in([*self.times]), ~nw.col("tagger").is_in(names))
        ever, open_ = nw.lit(0, nw.Int64), nw.lit(None).cast(nw.Int64)
        return nw.concat([now.select("member", "tag", since=ever, until=open_), *spans])


@hookimpl
def siyu_register_incentives() -> Mapping[str, type[Incentive]]:
    """Bring ``points``."""
    return {"points": Points}
