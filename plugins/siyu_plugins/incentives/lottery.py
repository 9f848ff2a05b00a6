"""Lottery: prizes by chance among tickets, by a draw that anybody can check."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import narwhals as nw
from attrs import Attribute, field, frozen
from attrs.validators import ge, optional

from siyu import hookimpl
from siyu.config.units import DAY, Clock, Duration, Money, Secret
from siyu.kinds import Cost, Incentive, Reward, Term, doc
from siyu_plugins.incentives._draw import winners
from siyu_plugins.incentives._frozen import unchanged
from siyu_plugins.incentives._rows import lines
from siyu_plugins.incentives._seed import revealed
from siyu_plugins.incentives._tickets import TICKET, Enter, held, new_tickets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import click

    from siyu import View
    from siyu.kinds import Frame

__all__ = ["WON", "Lottery", "Prize", "Tickets"]

WON = "won"
"""The kind of the lines that say who won."""
_COMMITMENT = re.compile(r"[0-9a-f]{64}")
_MOST = 10_000


@frozen(kw_only=True)
class Prize:
    """What can be won: ``{ id = "first", number = 1, worth = "1999.00" }``."""

    id: str = field(metadata=doc("its name in the ledger", example="first"))
    number: int = field(validator=ge(1), metadata=doc("how many there are", example=1))
    worth: Money = field(metadata=doc("what one is worth", example="1999.00"))
    gives: tuple[Reward, ...] = field(
        default=(), metadata=doc("what other ledgers give with it; for goods nothing", example={"points": 1000})
    )


@frozen(kw_only=True)
class Tickets:
    """Tickets that members claim: ``{ costs = [{ incentive = "points", amount = 100 }], each = 5 }``."""

    costs: tuple[Cost, ...] = field(default=(), metadata=doc("what one is paid with; nothing by default"))
    each: int | None = field(default=None, validator=optional(ge(1)), metadata=doc("how many one member may have"))


@frozen(kw_only=True)
class Lottery(Incentive):
    """Draws prizes among the tickets of members, once its days are over.

    Members get tickets either for events, or by claims of the item ``ticket``, which may cost points. The ledger
    counts tickets; ``limit`` and ``budget`` bound them. A ticket that an event earned is taken back where the event
    is refunded before the draw.

    The first run that is ``wait`` after the last day draws, once, among all tickets that events and claims brought into
    the ledger; where some are still to be earned, it brings these in, and the next run draws. The tickets stand in a
    list in the order of their numbers, which are those of the events that they came by, each as often as it counts.
    The numbers below the length of that list that follow from the seed and the lottery's name each name a place in it,
    from 0 on. A place that was named before, or whose member has won ``wins`` times, is passed over; the others win,
    in order, the prizes as they are listed. At most 100 numbers for each prize are taken: what has no winner then is
    not given. Number k, from 0, is the SHA-256 of the text ``SEED:NAME:k``, read as one big-endian integer, modulo the
    length of the list.

    The seed is secret until the draw; its commitment, the SHA-256 of its text, stands in the config from the
    beginning, and so with every run in the store. The draw writes a line ``won`` of amount 0 for each winner, with
    the seed and the number in its reason, and the lines of what the prize gives. ``siyu seed`` makes a seed,
    ``siyu lottery`` shows prizes, odds and winners, and with ``--check`` draws anew from the ledger alone.

    Its rules are frozen when it begins: a run with other ones is refused.

    ```toml
    [incentive.golden-cup]
    use = "lottery"
    from = 2026-12-01
    until = 2026-12-10
    enter = [{ event = "paid", at_least = "20.00" }]
    budget = { amount = 2000 }
    prizes = [
      { id = "tea-set", number = 1, worth = "1999.00" },
      { id = "tin", number = 10, worth = "88.00", gives = { points = 88 } },
    ]
    commitment = "5e885e885e885e885e885e885e885e885e885e885e885e885e885e885e885e88"
    seed = { file = ".siyu/golden-cup.seed" }
    ```
    """

    scope: ClassVar[Literal["member", "population"]] = "population"

    ends: Clock | None = field(
        default=None, metadata=doc("when the last day ends for tickets; at midnight by default", example="20:00")
    )
    wait: Duration = field(
        default=Duration(0), metadata=doc("how long after the end it is drawn, so that facts can come in", example="1d")
    )
    enter: tuple[Enter, ...] = field(default=(), metadata=doc("what earns tickets; the first rule that fits counts"))
    tickets: Tickets | None = field(default=None, metadata=doc("tickets that are claimed instead"))
    prizes: tuple[Prize, ...] = field(metadata=doc("what can be won, the first one drawn first"))
    wins: int = field(default=1, validator=ge(1), metadata=doc("how many prizes one member may win"))
    commitment: str = field(metadata=doc("the SHA-256 of the seed, in hexadecimal", example="5e88" * 16))
    seed: Secret = field(metadata=doc("where the seed is kept", example={"file": ".siyu/golden-cup.seed"}))
    folder: Path = field(metadata={**doc("the brand's folder"), "given": True})
    written: str = field(metadata={**doc("the table as it is written"), "given": True})

    @ends.validator
    def _check_ends(self, _: Attribute[Clock | None], _value: Clock | None) -> None:
        if self.until is None:
            message = f"expected a last day, since it is drawn after it, as in until = {self.from_}"
            raise ValueError(message)

    @enter.validator
    def _check_enter(self, _: Attribute[tuple[Enter, ...]], value: tuple[Enter, ...]) -> None:
        if bool(value) == (self.tickets is not None):
            message = "expected either enter, as in [{ event = 'paid' }], or tickets, as in tickets = { each = 1 }"
            raise ValueError(message)

    @prizes.validator
    def _check_prizes(self, _: Attribute[tuple[Prize, ...]], value: tuple[Prize, ...]) -> None:
        names = [prize.id for prize in value]
        if not names or not all(name.strip() for name in names) or len({*names, TICKET}) <= len(names):
            message = (
                "expected prizes, each with an id of its own, as in [{ id = 'first', number = 1, worth = '99.00' }]"
            )
            raise ValueError(message)
        if sum(prize.number for prize in value) > _MOST:
            message = f"expected {_MOST} prizes at most in one draw"
            raise ValueError(message)

    @commitment.validator
    def _check_commitment(self, _: Attribute[str], value: str) -> None:
        if not _COMMITMENT.fullmatch(value):
            message = "expected the SHA-256 of the seed, 64 digits of 0-9 and a-f, as 'siyu seed' prints it"
            raise ValueError(message)

    @property
    def hours(self) -> tuple[int, int]:
        """The second of its first day at which it begins, and that of its last day at which it is over."""
        return 0, self.ends.seconds if self.ends else DAY

    @property
    def places(self) -> Sequence[str]:
        """The prizes in the order in which they are drawn, one each."""
        return tuple(prize.id for prize in self.prizes for _ in range(prize.number))

    @property
    def odds(self) -> Mapping[str, tuple[int, int]]:
        """For each prize how many there are, and among how many tickets at most; empty where any number may come."""
        most = [budget.units for budget in self.budgets if budget.per == "total"]
        return {prize.id: (prize.number, min(most)) for prize in self.prizes} if most else {}

    def facts(self) -> Mapping[str, object]:
        """State that chance decides, what the highest prize is worth, whether the odds are known, and what enters."""
        highest = max(prize.worth for prize in self.prizes)
        draw = {"lottery": True, "highest_prize": highest, "odds": bool(self.odds)}
        return {**draw, "enter": [{"rewarded_events": (rule.event,)} for rule in self.enter]}

    @property
    def rewards(self) -> Sequence[Reward]:
        """What it writes into the ledgers of other incentives."""
        return tuple(reward for prize in self.prizes for reward in prize.gives)

    def terms(self) -> Sequence[Term]:
        """Return the one term of tickets, where they are claimed."""
        if self.tickets is None:
            return ()
        return (Term(item=TICKET, each=self.tickets.each, costs=self.tickets.costs),)

    def settle(self, view: View) -> Frame | None:
        """Return the tickets that events earn and refunds take back; after the end, the draw.

        Raises:
            UserError: The rules are not those with which it began, or the seed is not the one committed to.
        """
        unchanged(view, self, self.written)
        ledger = view.keep(view.grants.filter(nw.col("incentive") == self.name))
        over = view.now >= view.window(self)[1] + self.wait.seconds
        if _any(view, ledger.filter(nw.col("kind") == WON)):
            return None
        if self.enter:
            new = view.keep(new_tickets(view, self, self.enter, ledger))
            if not over or _any(view, new):
                return new
        return self._draw(view, held(ledger)) if over else None

    def _draw(self, view: View, tickets: Frame) -> Frame | None:
        seed = revealed(self.seed, self.folder, self.commitment, f"incentive.{self.name}")
        won = winners(view, tickets, self.places, self.wins, seed, self.name)
        if won is None:
            return None
        told = ("number ", nw.col("pick"), f" of the seed {seed} names place ", nw.col("at"), " of ", nw.col("length"))
        texts = [nw.lit(part) if isinstance(part, str) else part.cast(nw.String) for part in told]
        cause = nw.concat_str(nw.lit(f"{self.name}:"), nw.col("place").cast(nw.String))
        drawn = view.keep(won).with_columns(
            lot=nw.col("number").cast(nw.String),
            time=nw.lit(view.window(self)[1] + self.wait.seconds, nw.Int64),
            cause_kind=nw.lit("draw"),
            cause=cause,
        )
        own = drawn.with_columns(
            incentive=nw.lit(self.name),
            item=nw.col("prize"),
            kind=nw.lit(WON),
            amount=nw.lit(0),
            reason=nw.concat_str(*texts),
        )
        return nw.concat([lines(own), *(_given(drawn, prize, one) for prize in self.prizes for one in prize.gives)])


def _any(view: View, frame: Frame) -> bool:
    return bool(view.rows(frame.head(1)))  # portable: whether there is a row at all


def _given(drawn: Frame, prize: Prize, reward: Reward) -> Frame:
    rows = drawn.filter(nw.col("prize") == prize.id).with_columns(lot=nw.col("cause"))
    return lines(
        rows.with_columns(
            incentive=nw.lit(reward.incentive),
            item=nw.lit(reward.item),
            kind=nw.lit("earned"),
            amount=nw.lit(reward.amount),
        )
    )


@hookimpl
def siyu_register_incentives() -> Mapping[str, type[Incentive]]:
    """Bring ``lottery``."""
    return {"lottery": Lottery}


@hookimpl
def siyu_register_commands() -> Mapping[str, click.Command]:
    """Bring ``siyu lottery`` and ``siyu seed``."""
    from siyu_plugins.incentives._lottery_commands import lottery, seed

    return {"lottery": lottery, "seed": seed}
