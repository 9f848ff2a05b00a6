"""Ordered admission: requests that each draw on several counters, accepted when all of them have room.

Caps, stock, limits, budgets and quotas are all this. The answer is the one of asking in order, one by one; it is found
in relational rounds, which decide whatever is certain already, and by a fold over the few that are left.

Why a round is exact: a request that wants more than is left of a counter can only be refused, as room never grows.
One that fits even if all undecided requests before it were admitted can only be admitted, and leaves enough for
each of those before it. The first undecided request is always one or the other.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import narwhals as nw
from attrs import define

from siyu.frames import cast_like, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from siyu.engine import Engine
    from siyu.kinds import Frame
    from siyu.tables import Schema

__all__ = ["Fold", "admit"]

_ADMITTED = "admitted"
_REFUSED = "refused"
_VERDICTS: Schema = {"id": nw.Int64(), "verdict": nw.String(), "reason": nw.String()}
_ROWS: Schema = {"id": nw.Int64(), "order": nw.Int64(), "counter": nw.String(), "amount": nw.Int64()}


@define
class Fold:
    """The counters in memory, and the decision of one request after another.

    Attributes:
        rooms: What is left of each counter; it goes down with what is admitted.
    """

    rooms: dict[str, int]

    def decide(self, draws: Mapping[str, int]) -> tuple[bool, str | None]:
        """Admit a request if every counter has room for its amount, and draw on all of them; else on none.

        Args:
            draws: The amount by counter; a counter without room of its own has room 0.

        Returns:
            Whether it is admitted, and else the alphabetically first counter without room.
        """
        full = [counter for counter, amount in draws.items() if self.rooms.get(counter, 0) < amount]
        if full:
            return False, min(full)
        for counter, amount in draws.items():
            self.rooms[counter] = self.rooms.get(counter, 0) - amount
        return True, None


def admit(requests: Frame, counters: Frame, engine: Engine, rounds: int = 8, *, small: int = 20_000) -> Frame:
    """Decide requests in their order: a request is admitted if all its counters have room, after those before it.

    Args:
        requests: id (Int64), order (Int64), counter (String), amount (Int64, not negative): one row for each counter
            that a request draws on, and no two with the same id and counter. ``order`` is the same on all rows of
            an id, and differs between ids. What is asked of one counter sums to less than 2^63.
        counters: counter (String), room (Int64): one row a counter; one that has no row has room 0.
        engine: What keeps frames between the rounds; the answer is usable for as long as it keeps them.
        rounds: How many relational rounds there are before the fold, at most.
        small: Up to how many rows are folded at once, as a round would take longer.

    Returns:
        id (Int64), verdict (``admitted`` or ``refused``), reason (String: the alphabetically first counter without
        room when the request was judged; null where it was admitted), one row an id.
    """
    asked = engine.keep(cast_like(requests, _ROWS))
    if engine.size(asked) <= small:
        return _folded(asked, counters, engine)
    scarce = engine.keep(_scarce(asked, counters))
    refused = _refused(scarce, engine, rounds, small)
    reasons = _reasons(scarce, refused)
    ids = asked.select("id").unique().join(reasons, on="id", how="left")
    verdict = nw.when(nw.col("reason").is_null()).then(nw.lit(_ADMITTED)).otherwise(nw.lit(_REFUSED))
    return engine.keep(ids.select("id", verdict.alias("verdict"), "reason"))


def _folded(asked: Frame, counters: Frame, engine: Engine) -> Frame:
    rooms = engine.rows(counters.join(asked, on="counter", how="semi").select("counter", "room"))
    fold = Fold(dict(rooms))
    decided = [(one, *fold.decide(draws)) for one, draws in _in_order(asked, engine)]
    columns: dict[str, list[object]] = {
        "id": [one for one, _, _ in decided],
        "verdict": [_ADMITTED if fits else _REFUSED for _, fits, _ in decided],
        "reason": [reason for _, _, reason in decided],
    }
    return engine.frame(columns, _VERDICTS)


def _in_order(asked: Frame, engine: Engine) -> Iterator[tuple[int, dict[str, int]]]:
    """Yield each request and its draws, in order."""
    rows = engine.rows(asked.sort("order").select("id", "counter", "amount"))
    for one, draws in groupby(rows, key=itemgetter(0)):
        yield one, {counter: amount for _, counter, amount in draws}


def _scarce(asked: Frame, counters: Frame) -> Frame:
    """Return the rows, with ``room``, of the counters that cannot serve all; the others refuse nobody."""
    wanted = asked.group_by("counter").agg(wanted=total("amount"))
    rooms = wanted.join(counters.select("counter", "room"), on="counter", how="left")
    short = rooms.with_columns(nw.col("room").fill_null(0)).filter(nw.col("wanted") > nw.col("room"))
    return asked.join(short.select("counter", "room"), on="counter", how="inner")


def _refused(scarce: Frame, engine: Engine, rounds: int, small: int) -> Frame:
    """Return the ids (``id``) of the requests that are refused."""
    refused, pending = [], scarce
    for _ in range(rounds):
        if engine.size(pending) <= small:
            break
        judged = engine.keep(_judged(pending))
        refused.append(judged.filter(nw.col("hopeless")).select("id").unique())
        pending = judged.filter(~nw.col("hopeless"), ~nw.col("certain")).select(*_ROWS, "room")
    refused.append(engine.frame({"id": list(_left_out(pending, engine))}, {"id": nw.Int64()}))
    return nw.concat(refused)


def _judged(pending: Frame) -> Frame:
    """Judge what is certain: rows with ``hopeless`` and ``certain`` of their request, and the room then left."""
    amount, room = nw.col("amount"), nw.col("room")
    summed = pending.with_columns(upto=amount.cum_sum().over("counter", order_by=["order"]))
    judged = summed.with_columns(
        hopeless=(amount > room).max().over("id"), certain=(nw.col("upto") <= room).min().over("id")
    )
    taken = total(nw.when(nw.col("certain")).then(amount).otherwise(0)).over("counter")
    return judged.with_columns(room=room - taken).drop("upto")


def _left_out(pending: Frame, engine: Engine) -> Iterable[int]:
    """Fold what the rounds left open; return the refused ids."""
    rooms = engine.rows(pending.select("counter", "room").unique())
    fold = Fold(dict(rooms))
    return [one for one, draws in _in_order(pending, engine) if not fold.decide(draws)[0]]


def _reasons(scarce: Frame, refused: Frame) -> Frame:
    """Return the first counter without room (``reason``) of each refused request (``id``)."""
    marked = scarce.join(refused.with_columns(out=nw.lit(1, nw.Int64)), on="id", how="left")
    drawn = nw.when(nw.col("out").is_null()).then(nw.col("amount")).otherwise(0)
    used = drawn.cum_sum().over("counter", order_by=["order"])
    full = marked.with_columns(used=used).filter(
        ~nw.col("out").is_null(), nw.col("used") + nw.col("amount") > nw.col("room")
    )
    return full.group_by("id").agg(reason=nw.col("counter").min())
