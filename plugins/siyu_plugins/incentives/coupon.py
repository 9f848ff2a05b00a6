"""Coupons: given, taken with codes, used, given back, and lapsed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, ClassVar, Literal

import narwhals as nw
from attrs import Attribute, field, frozen
from attrs.validators import ge

from siyu import hookimpl
from siyu.config.expressions import Condition
from siyu.config.units import DAY, Duration
from siyu.kinds import Cost, Incentive, Period, Term, doc
from siyu_plugins.incentives._baskets import Basket
from siyu_plugins.incentives._combining import best
from siyu_plugins.incentives._discounts import Discount
from siyu_plugins.incentives._rows import lines
from siyu_plugins.incentives._wallets import USE, held, lapsed, returned

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import click

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["Basket", "Coupon", "CouponItem", "Issue", "best"]

_REACHED = ("sent", "handed", "delivered", "read")


@frozen(kw_only=True)
class CouponItem(Discount):
    """One coupon: what it gives, and how one comes by it."""

    open: bool = field(
        default=False, metadata=doc("whether it is used without being held: by everybody, or by its code", example=True)
    )
    claimable: bool = field(default=False, metadata=doc("whether members may take one without a code", example=True))
    code: str = field(default="", metadata=doc("the code that all take it by, or use it by if open", example="TEA11"))
    codes: int = field(
        default=0,
        validator=ge(0),
        metadata=doc("how many codes there are by which one piece each is taken", unit="codes", example=1_000_000),
    )
    stock: int | None = field(
        default=None,
        metadata=doc("how many may be taken, or used if open; any number by default", unit="coupons", example=500),
    )
    each: int | None = field(
        default=None,
        metadata=doc("how many of these one member may have; any number by default", unit="coupons", example=1),
    )
    lasts: Duration | None = field(
        default=None, metadata=doc("how long it can be used; for ever by default", example="30d")
    )

    def __attrs_post_init__(self) -> None:
        """Refuse ways to come by it that do not go together."""
        Discount.__attrs_post_init__(self)
        if self.codes and (self.code or self.open or self.claimable):
            raise ValueError("codes of one piece each go without code, open and claimable")
        if self.claimable and (self.code or self.open):
            raise ValueError("claimable goes without code and open: it says that a coupon is taken without a code")
        if self.open and self.lasts:
            raise ValueError("lasts goes without open: an open coupon is not held, and ends with the incentive")

    def terms(self, incentive: str, name: str, unpaid: int | None) -> Sequence[Term]:
        """Return what may be claimed of it: a piece, and the use of one."""
        use = f"{USE}{name}"
        if self.open:
            return (Term(item=use, code=self.code, unpaid=unpaid, stock=self.stock, each=self.each),)
        lasts = None if self.lasts is None else self.lasts.seconds
        taken = (Term(item=name, code=self.code, codes=self.codes, lasts=lasts, stock=self.stock, each=self.each),)
        used = Term(item=use, unpaid=unpaid, costs=(Cost(incentive=incentive, amount=1, item=name),))
        return (*(taken if self.claimable or self.code or self.codes else ()), used)


@frozen(kw_only=True)
class Issue:
    """To whom coupons are given: ``{ coupon = "new-10", to = "segment('vip')", on = 2026-11-11 }``."""

    coupon: str = field(metadata=doc("the coupon that is given", example="new-10"))
    pieces: int = field(default=1, validator=ge(1), metadata=doc("how many of it", unit="coupons", example=1))
    to: Condition | None = field(default=None, metadata=doc("who gets it; all members by default", example="age >= 60"))
    on: date | None = field(default=None, metadata=doc("the first day of it; the incentive's by default"))
    per: Period = field(
        default="total", metadata=doc("the span in which a member gets it once, in the brand's zone", example="month")
    )
    event: str = field(
        default="",
        metadata={**doc("the event of which each gives it, in place of a span", example="joined"), "refers": "event"},
    )
    subject: str = field(default="", metadata=doc("only events of this subject", example="shop-door"))
    id: str = field(default="", metadata=doc("its name in the ledger; by default what it says", example="vip-day"))

    def __attrs_post_init__(self) -> None:
        """Refuse an issue that is of events and of a span.

        Raises:
            ValueError: It is.
        """
        if self.event and (self.on is not None or self.per != "total"):
            raise ValueError("event goes without on and per: each event gives a coupon, in the incentive's days")
        if self.subject and not self.event:
            raise ValueError("subject goes with event")

    @property
    def label(self) -> str:
        """Its name in the ledger: it must not depend on its place, or moving it would give anew."""
        parts = (self.event, self.subject, "" if self.to is None else self.to.text, str(self.on or ""))
        return self.id or ":".join(part for part in parts if part)


@frozen(kw_only=True)
class Coupon(Incentive):
    """Gives coupons, takes them when they are used, and gives them back when the order is refunded.

    The ledger counts pieces. A member holds pieces of an item: given by ``issue``, by a touch that offers it
    (``offer = "new-10"``), by another incentive (``gives = { coupon = "new-10" }``), or taken by a claim of the item.
    A claim of ``use:new-10`` uses one: it is ``redeemed``, and what is used counts as the item ``use:new-10``. The
    claim's id is the order's: a payment of it makes the use final where ``unpaid`` is set, a refund of it gives the
    coupon back as ``returns`` says. What is left when a coupon ends has ``expired``.

    ``limit`` and ``budget`` count pieces that are given and uses alike; ``stock`` and ``each`` of a coupon part them.

    Which coupons go together, and which combination gives most, ``siyu coupons best`` tells.

    ```toml
    [incentive.coupon]
    use = "coupon"
    from = 2026-12-01
    items = { new-10 = { off = "10.00", from = "50.00", lasts = "30d" } }
    ```
    """

    scope: ClassVar[Literal["member", "population"]] = "population"

    items: Mapping[str, CouponItem] = field(metadata=doc("the coupons, by name"))
    issue: tuple[Issue, ...] = field(default=(), metadata=doc("to whom they are given; to nobody by default"))
    unpaid: Duration | None = field(
        default=None, metadata=doc("when a use falls back whose order is not paid; never by default", example="15m")
    )
    returns: Literal["never", "whole", "part"] = field(
        default="whole", metadata=doc("which refund of the order gives a coupon back: none, of the whole, or any")
    )
    grace: Duration = field(
        default=Duration(7 * DAY),
        metadata=doc("how long a coupon that came back can be used at least", example="7d"),
    )

    @items.validator
    def _check_items(self, _: Attribute[Mapping[str, CouponItem]], value: Mapping[str, CouponItem]) -> None:
        if not value:
            raise ValueError('expected at least one coupon, as in { new-10 = { off = "10.00" } }')
        wrong = next((name for name in value if name.startswith(USE)), None)
        if wrong:
            raise ValueError(f"expected a name that does not start with '{USE}', not '{wrong}'")

    @issue.validator
    def _check_issue(self, _: Attribute[tuple[Issue, ...]], value: tuple[Issue, ...]) -> None:
        labels = [(one.coupon, one.label) for one in value]
        for one in value:
            if one.coupon not in self.items or self.items[one.coupon].open:
                raise ValueError(f"no coupon '{one.coupon}' that members hold; there are {', '.join(self.items)}")
            if labels.count((one.coupon, one.label)) > 1:
                raise ValueError(f"coupon '{one.coupon}' is given twice as '{one.label}': give one of them an id")

    @property
    def holdings(self) -> Collection[str]:
        """The coupons that members hold; one that is open to all is none of them."""
        return [name for name, item in self.items.items() if not item.open]

    def terms(self) -> Sequence[Term]:
        """Return what may be claimed: pieces of coupons, and uses of them."""
        unpaid = None if self.unpaid is None else self.unpaid.seconds
        return tuple(term for name, item in self.items.items() for term in item.terms(self.name, name, unpaid))

    def held(self, view: View) -> Frame:
        """Return what members can use now: member, item, pieces."""
        return held(self._ledger(view), view.now)

    def settle(self, view: View) -> Frame | None:
        """Return the lines of what is given by now, has come back, and can no longer be used."""
        if all(item.open for item in self.items.values()):
            return None
        ledger = self._ledger(view)
        begin, end = view.window(self)
        parts = [lapsed(ledger, view.now), self._offered(view)]
        parts += [self._issued(view, one, begin, end) for one in self.issue]
        if self.returns != "never":
            back = returned(ledger, view.events, part=self.returns == "part", grace=self.grace.seconds)
            parts.append(back.with_columns(incentive=nw.lit(self.name)))
        return nw.concat([lines(part) for part in parts])

    def _ledger(self, view: View) -> Frame:
        """Return its lines; a lot that another incentive gave ends as its coupon does."""
        mine = view.grants.filter(nw.col("incentive") == self.name)
        lot = (nw.col("kind") == "earned") & nw.col("expires").is_null()
        return mine.with_columns(expires=nw.when(lot).then(self._end("available")).otherwise(nw.col("expires")))

    def _end(self, since: str) -> nw.Expr:
        """Return when a coupon of a row's ``item`` ends that is held since the moment in a column."""
        end = nw.lit(None, nw.Int64)
        for name, item in self.items.items():
            if item.lasts is not None:
                end = nw.when(nw.col("item") == name).then(nw.col(since) + item.lasts.seconds).otherwise(end)
        return end

    def _issued(self, view: View, issue: Issue, begin: int, end: int) -> Frame:
        if issue.event:
            wanted = () if not issue.subject else (nw.col("subject") == issue.subject,)
            happened = view.events.filter(nw.col("type") == issue.event, nw.col("second") >= begin, *wanted)
            given = happened.filter(nw.col("second") < end).select(
                "member", cause_kind=nw.lit("event"), cause=nw.col("id").cast(nw.String), time="second"
            )
            given = given if issue.to is None else given.join(view.matching(issue.to), on="member", how="semi")
        else:
            given = self._spans(view, issue, begin, end)
        lot = nw.concat_str(nw.lit(f"{issue.label}:"), nw.col("cause"))
        return self._lots(given.with_columns(item=nw.lit(issue.coupon), lot=lot, amount=nw.lit(issue.pieces)))

    def _spans(self, view: View, issue: Issue, begin: int, end: int) -> Frame:
        """Return who gets a coupon in the span that ``now`` is in: once, from the first run that finds them."""
        open_ = begin <= view.now < end
        first = nw.col("date") >= (issue.on or self.from_).isoformat()
        today = view.calendar.filter(nw.col("day") == view.today, first & nw.lit(open_))
        span = nw.lit("") if issue.per == "total" else nw.col(issue.per).cast(nw.String)
        cause = today.select(cause=nw.concat_str(nw.lit(f"{issue.label}:"), span), _one=nw.lit(1))
        members = view.matching(issue.to).with_columns(_one=nw.lit(1))
        found = members.join(cause, on="_one", how="inner").drop("_one")
        return found.with_columns(cause_kind=nw.lit("issue"), time=nw.lit(view.now, nw.Int64))

    def _offered(self, view: View) -> Frame:
        """Return the coupons that touches offered which went out."""
        offers = [name for name, item in self.items.items() if not item.open]
        went = view.touches.filter(
            nw.col("offer").is_in(offers), nw.col("state").is_in(_REACHED), nw.col("recipient_kind") == "member"
        )
        touch = nw.col("id").cast(nw.String)
        given = went.select(
            nw.col("recipient").alias("member"), item="offer", cause=touch, lot=touch, time="changed", amount=nw.lit(1)
        )
        return self._lots(given.with_columns(cause_kind=nw.lit("touch")))

    def _lots(self, given: Frame) -> Frame:
        """Give rows the form of lots, each with the end that its coupon has."""
        return lines(
            given.with_columns(
                incentive=nw.lit(self.name), kind=nw.lit("earned"), available=nw.col("time"), expires=self._end("time")
            )
        )


@hookimpl
def siyu_register_incentives() -> Mapping[str, type[Incentive]]:
    """Bring ``coupon``."""
    return {"coupon": Coupon}


@hookimpl
def siyu_register_commands() -> Mapping[str, click.Command]:
    """Bring ``siyu coupons``."""
    from siyu_plugins.incentives._coupon_commands import coupons

    return {"coupons": coupons}
