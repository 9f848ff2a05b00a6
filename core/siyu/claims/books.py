"""What the claims desk looks up in the log: who may claim, what is in a ledger, what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.claims.bounds import given, taken_back
from siyu.claims.lines import ANSWERS, Line
from siyu.claims.moves import claimed
from siyu.claims.purse import Lot
from siyu.frames import total
from siyu.moments import day_expression
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from siyu.claims.lines import Claim
    from siyu.config.expressions import Condition
    from siyu.kinds import Frame
    from siyu.view import View

__all__ = ["Books"]

_LINE = TABLES["grants"].columns
_LOT = ("incentive", "member", "item", "lot")
_DESK = (*ANSWERS, "confirmed", "released")


class Books:
    """The log as one batch sees it.

    Attributes:
        looking: Returns the view of the batch; whoever settles puts in the newest.
    """

    def __init__(self, looking: Callable[[], View], zone: str) -> None:
        """Look things up in a view that is made when it is asked for; ``zone`` is the brand's."""
        self.looking = looking
        self._zone = zone
        self._entitled: dict[str, Collection[int]] = {}

    @property
    def view(self) -> View:
        """The view of the batch."""
        return self.looking()

    def renew(self) -> None:
        """Look up anew who meets a condition."""
        self._entitled.clear()

    def entitled(self, condition: Condition) -> Collection[int]:
        """Return the members who meet a condition, as of the last run: looked up once, in the view of the day."""
        if condition.text not in self._entitled:
            self._entitled[condition.text] = self._members(condition)
        return self._entitled[condition.text]

    def lots(self, wanted: Collection[tuple[str, int]]) -> Iterator[Lot]:
        """Yield the lots of ledgers and members."""
        lines = self._of(sorted({member for _, member in wanted})).filter(
            nw.col("incentive").is_in(sorted({ledger for ledger, _ in wanted}))
        )
        # A line that adds to a lot says when it can be used; a reserved one does so when it is confirmed.
        sure = (nw.col("kind") == "confirmed") | ((nw.col("amount") > 0) & (nw.col("kind") != "reserved"))
        moments = {name: nw.when(sure).then(nw.col(name)).otherwise(None) for name in ("available", "expires")}
        named = lines.with_columns(nw.col("item").fill_null(""), nw.col("lot").fill_null(""), **moments)
        lots = named.group_by(*_LOT).agg(nw.col("available").min(), nw.col("expires").min(), left=total("amount"))
        for row in self.view.rows(lots.filter(nw.col("left") != 0).select(*_LOT, "left", "available", "expires")):
            if row[:2] in wanted:
                yield Lot(*row)

    def decided(self, incentives: Collection[str]) -> Iterator[Line]:
        """Yield the lines that the desk wrote into the ledgers of incentives, in the order of ``seq``; no refusals."""
        lines = self._written(incentives).filter(nw.col("kind") != "refused")
        for row in self.view.rows(lines.sort("seq").select(*_LINE)):
            yield Line(*row)

    def refused(self, incentives: Collection[str]) -> Iterator[tuple[int, Line]]:
        """Yield the claims that were refused, by their events, each with the answer that is told of it.

        There may be many, so that those that are told the same share it; it has no cause, member or moment of its own.
        """
        told: dict[tuple[str, str, str], Line] = {}
        lines = self._written(incentives).filter(nw.col("kind") == "refused")
        for event, *words in self.view.rows(
            lines.select(nw.col("cause").cast(nw.Int64), "incentive", "item", "reason")
        ):
            incentive, item, reason = words
            key = (incentive, item, reason)
            if key not in told:
                told[key] = Line(0, 0, incentive, item, "", "refused", 0, "claim", "", "", 0, 0, None, reason)
            yield event, told[key]

    def _written(self, incentives: Collection[str]) -> Frame:
        return self.view.grants.filter(
            nw.col("incentive").is_in(sorted(incentives)),
            nw.col("kind").is_in(list(_DESK)),
            (nw.col("cause_kind") == "claim") | nw.col("kind").is_in(["confirmed", "released"]),
        )

    def undone(self, incentives: Collection[str]) -> frozenset[int]:
        """Return the lines in the ledgers of incentives that people reversed in full: they hold nothing any more."""
        lines = self.view.grants.filter(nw.col("incentive").is_in(sorted(incentives)))
        whole = lines.select("id", "amount").join(taken_back(lines), on=["id", "amount"], how="semi")
        return frozenset(one for (one,) in self.view.rows(whole.select("id")))

    def spent(self, causes: Collection[str]) -> Iterator[Line]:
        """Yield the lines that paid for claims, by the claims' events."""
        asked = self.view.table({"cause": causes}, {"cause": nw.String()})
        lines = self.view.grants.filter(nw.col("kind") == "redeemed", nw.col("cause_kind") == "claim")
        for row in self.view.rows(lines.join(asked, on="cause", how="semi").sort("seq").select(*_LINE)):
            yield Line(*row)

    def earned(self, incentives: Collection[str], since: int) -> Iterator[tuple[str, int, int]]:
        """Yield what facts gave: incentive, a second of the day on which they did, amount."""
        lines = given(self.view.grants.filter(nw.col("incentive").is_in(sorted(incentives))))
        facts = lines.filter(nw.col("cause_kind") != "claim")
        dated = facts.with_columns(day=day_expression(self._zone, "time", since, self.view.now))
        days = dated.group_by("incentive", "day").agg(nw.col("time").min(), amount=total("amount"))
        yield from sorted(self.view.rows(days.select("incentive", "time", "amount")))

    def claims(self, events: Collection[int]) -> list[Claim]:
        """Return claims by their events, in the order of the log."""
        asked = self.view.table({"id": events}, {"id": nw.Int64()})
        # Also those of a moment to come: the clocks of those who ask may differ.
        found = self.view.raw["events"].join(asked, on="id", how="semi")
        return claimed(self.view, self.view.resolve(found.filter(nw.col("type") == "claimed")))

    def _of(self, members: Collection[int]) -> Frame:
        """Return all lines of members, under whatever id; without resolving those of others."""
        raw = self.view.raw
        least = self.view.table({"canon": members}, {"canon": nw.Int64()})
        joined = raw["canon"].join(least, on="canon", how="semi").select("member")
        ids = nw.concat([least.select(member="canon"), joined])
        return self.view.resolve(raw["grants"].join(ids, on="member", how="semi"))

    def _members(self, condition: Condition) -> Collection[int]:
        columns = set(self.view.members.collect_schema().names())
        plain = {need.replace("did:", "last:") for need in condition.needs if not need.startswith(("tag:", "segment:"))}
        if plain - columns:
            return frozenset()
        return frozenset(member for (member,) in self.view.rows(self.view.matching(condition)))
