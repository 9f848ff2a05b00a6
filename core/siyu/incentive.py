"""What an incentive is: a reward with rules and a ledger."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from siyu.config.expressions import Condition
from siyu.config.units import DAY
from siyu.kind import Component, not_before
from siyu.offering import Budget, Limit, Reward, Term, Worth
from siyu.values import Frame, doc

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from siyu.view import View

__all__ = ["Incentive"]


@frozen(kw_only=True)
class Incentive(Component):
    """A reward with rules and a ledger.

    Attributes:
        corrected: Whether it settles events ``corrected``, by which people set right what a member has.
    """

    kind: ClassVar[str] = "incentive"
    corrected: ClassVar[bool] = False

    from_: date = field(metadata=doc("the first day; events before it earn nothing", example=date(2026, 12, 1)))
    until: date | None = field(
        default=None, validator=not_before, metadata=doc("the last day", example=date(2026, 12, 31))
    )
    to: Condition | None = field(default=None, metadata=doc("who may get it; all members by default"))
    during: str | None = field(
        default=None, metadata={**doc("a campaign whose days bound this incentive's"), "refers": "campaign"}
    )
    limit: Limit | None = field(default=None, metadata=doc("how often one member may get it"))
    budget: Budget | tuple[Budget, ...] | None = field(
        default=None,
        metadata=doc(
            "how much all members may get together: a number of units, or money; several, each for its own span",
            example=[{"amount": 50000}, {"amount": 1000, "per": "day"}],
        ),
    )
    worth: Worth | None = field(
        default=None,
        metadata=doc(
            "what units of it cost the brand; budgets in money count by it", example={"units": 100, "amount": "1.00"}
        ),
    )

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """All of its own budgets."""
        return self.budget if isinstance(self.budget, tuple) else () if self.budget is None else (self.budget,)

    @property
    def rewards(self) -> Sequence[Reward]:
        """What it writes into the ledgers of other incentives; they are settled after it."""
        return ()

    @property
    def holdings(self) -> Collection[str]:
        """The items that members can hold of it, which rewards and costs may name; none where it does not say.

        An empty text is among them where what it gives need be of no item.
        """
        return ()

    @property
    def lasting(self) -> int | None:
        """For how many seconds what other incentives give into its ledger can be used; None for ever."""
        return None

    @property
    def hours(self) -> tuple[int, int]:
        """The second of its first day at which it begins, and that of its last day at which it is over."""
        return 0, DAY

    def settle(self, view: View) -> Frame | None:  # noqa: ARG002 - a base has nothing to settle
        """Return the lines that facts earn or reverse, None for none; those in the ledger already are dropped.

        In ``view.grants`` it sees its own ledger and those of incentives that it names: as a reward, or by an attribute
        that ``refers`` to them, also by way of a tagger.

        A row: member, kind (String), amount, cause_kind, cause (String), time (Int64 second); and optionally
        incentive (this one's name, or one of ``rewards``), item, lot, available, expires, reason. A line is the
        same line where incentive, kind, member, item, lot, cause_kind and cause are the same.
        The core drops rows before ``from``; those of a cause (``cause_kind`` and ``cause``) whose own line is for
        a member outside ``to``; and applies ``limit`` and ``budget`` to the own lines of positive amount, in the
        order of time. All lines of one cause stand or fall together.
        """
        return None

    def terms(self) -> Sequence[Term]:
        """Return what may be claimed, one term an item; none where it takes no claims.

        A claim is an event ``claimed`` whose ``subject`` is the incentive, ``ref`` the item and ``source_id`` the
        client's request id. The core decides each claim once, in the order of ``seq``, by these terms and by the
        incentive's own ``from``, ``until``, ``during``, ``to``, ``limit`` and ``budget``, and its campaign's budget. A
        grant's kind is ``granted``, ``refused``, ``waiting`` or ``transferred``, or ``reserved`` where the term has
        ``unpaid``; a reserved one is ``confirmed`` by an event ``paid`` whose ``ref`` is the request id, else
        ``released``.
        """
        return ()
