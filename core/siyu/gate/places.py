"""Who gets the places that the limits leave: in the order of priority, then due, then id, and exactly.

All limits are asked together: a touch that one of them stops takes no place of another. Where members have a room of
their own under each limit, the first touch that still stands of everybody is admitted at once, in as many rounds as
one of them gets touches; what is left after these, or draws on room that all share, is asked one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import cast_like, row_number, total
from siyu.gate.limits import limits
from siyu.gate.spent import LOCAL, homes
from siyu.moments import period_start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siyu.gate.limit import Limit
    from siyu.gate.rule import Desk
    from siyu.kinds import Frame
    from siyu.tables import Schema

__all__ = ["placed", "sent_before", "themed"]

_ROUNDS = 8
_ORDER = ["_first", "due", "id"]
_MEMBER = nw.col("recipient_kind") == "member"
_REFUSED: Schema = {"id": nw.Int64(), "place": nw.Int64()}


def placed(desk: Desk, touches: Frame) -> Frame | None:
    """A touch waits when a limit leaves no room for it: id, state, reason, and the rule of that limit."""
    known = [limit for limit in limits(desk) if not limit.of_sender]
    if not known:
        return None
    asked = _asked(desk, touches, known)
    if any(limit.shared for limit in known):
        asked = desk.view.keep(asked)
    short = [place for place, limit in enumerate(known) if limit.shared and _short(desk, asked, place)]
    refused = _in_order(desk, asked, known) if short else _in_rounds(desk, asked, known)
    words = {"place": range(len(known)), "reason": [one.words for one in known], "rule": [one.rule for one in known]}
    named = desk.view.table(words, {"place": nw.Int64(), "reason": nw.String(), "rule": nw.String()})
    return refused.join(named, on="place").select("id", "reason", "rule", state=nw.lit("held"))


def _asked(desk: Desk, touches: Frame, known: Sequence[Limit]) -> Frame:
    """Return the touches that some limit concerns: id, recipient, due, _first, and for each limit its room and take.

    A room is null where the limit does not concern the touch.
    """
    narrow = touches.select(
        *["id", "recipient", "recipient_kind", "channel", "campaign", "purpose", "due", "content"],
        _first=-nw.col("priority"),
    )
    sent = _used(desk, known)
    wide = themed(desk, narrow)
    if sent is not None:
        wide = wide.join(sent, on="recipient", how="left")
    for place, limit in enumerate(known):
        if limit.rooms is not None:
            wide = wide.join(limit.rooms.rename({"room": f"left{place}"}), on="recipient", how="left")
    rooms = [_room(desk, limit, place, sent is not None).alias(f"room{place}") for place, limit in enumerate(known)]
    takes = [limit.takes.alias(f"take{place}") for place, limit in enumerate(known)]
    found = wide.select("id", "recipient", "due", "_first", *rooms, *takes)
    return found.filter(
        nw.any_horizontal(*(~nw.col(f"room{place}").is_null() for place in _of(known)), ignore_nulls=True)
    )


def _of(known: Sequence[Limit]) -> range:
    return range(len(known))


def themed(desk: Desk, touches: Frame) -> Frame:
    """Add the theme of the content, where a cap asks for it."""
    if not any(cap.kind for cap in desk.programme.gate.caps):
        return touches.with_columns(theme=nw.lit(""))
    return touches.join(desk.view.contents, on="content", how="left").with_columns(nw.col("theme").fill_null(""))


def _room(desk: Desk, limit: Limit, place: int, used: bool) -> nw.Expr:  # noqa: FBT001 - whether the column is there
    if limit.rooms is not None:
        room = nw.col(f"left{place}")
        room = room if limit.otherwise is None else room.fill_null(limit.otherwise)
    elif limit.shared:
        room = nw.lit(limit.room - _used_by_all(desk, limit), nw.Int64)
    else:
        room = nw.lit(limit.room, nw.Int64)
        room = room - nw.col(f"used{place}").fill_null(0) if used else room
    concerns = limit.concerns if limit.shared else limit.concerns & _MEMBER
    return nw.when(concerns).then(room.cast(nw.Int64)).otherwise(None)


def _used_by_all(desk: Desk, limit: Limit) -> int:
    using = limit.concerns if limit.using is None else limit.concerns & limit.using
    drawn = sent_before(desk).filter(using)
    number: int = desk.view.rows(drawn.with_columns(_take=limit.takes).select(total("_take")))[0][0]
    return number


def _used(desk: Desk, known: Sequence[Limit]) -> Frame | None:
    """Return how much of each of their own rooms members have used: recipient, and a column a limit; None for none."""
    own = [(place, one) for place, one in enumerate(known) if one.using is not None and not one.shared]
    if not own or not desk.view.rows(desk.spent.select("id").head(1)):
        return None
    sent = sent_before(desk).filter(_MEMBER)
    return sent.group_by("recipient").agg(
        *(total(nw.when(one.concerns & one.using).then(1).otherwise(0)).alias(f"used{place}") for place, one in own)
    )


def sent_before(desk: Desk) -> Frame:
    """Return what was sent before, with what the limits ask of it: its theme, and when the member's spans began."""
    sent = themed(desk, desk.spent)
    if not any(quota.per in LOCAL for quota in desk.quotas):
        return sent
    zone, now = desk.programme.brand.member_zone, desk.view.now
    # A group or the public has no clocks of its own.
    here = [nw.col(span).fill_null(period_start(zone, now, span.removeprefix("local "))) for span in LOCAL]
    return sent.join(homes(desk.view, desk.programme), on="recipient", how="left").with_columns(*here)


def _short(desk: Desk, asked: Frame, place: int) -> bool:
    """Whether a room that all share cannot serve all who ask."""
    concerned = asked.filter(~nw.col(f"room{place}").is_null())
    wanted, room = desk.view.rows(concerned.select(total(f"take{place}"), nw.col(f"room{place}").max()))[0]
    return room is not None and wanted > room


def _in_rounds(desk: Desk, asked: Frame, known: Sequence[Limit]) -> Frame:
    """Refuse what finds no room of its own: id, place (of the limit); all shared room is enough."""
    own = [place for place, limit in enumerate(known) if not limit.shared]
    rooms = [f"room{place}" for place in own]
    if not rooms:
        return desk.view.table({"id": [], "place": []}, _REFUSED)
    some = nw.any_horizontal(*(~nw.col(room).is_null() for room in rooms), ignore_nulls=True)
    pending = desk.view.keep(
        row_number(asked.filter(some), ["recipient"], _ORDER, "nth").select("id", "recipient", "nth", *rooms)
    )
    refused = []
    for _ in range(_ROUNDS):
        full = nw.any_horizontal(*((nw.col(room) < 1).fill_null(value=False) for room in rooms), ignore_nulls=True)
        refused.append(_first_full(pending.filter(full), own))
        standing = pending.filter(~full)
        first = standing.group_by("recipient").agg(nth=nw.col("nth").min())
        firsts = desk.view.keep(standing.join(first, on=["recipient", "nth"], how="semi"))
        if not desk.view.rows(firsts.select("id").head(1)):
            return nw.concat(refused)
        took = firsts.select("recipient", _until=nw.col("nth"), **{f"_{room}": nw.col(room) for room in rooms})
        later = standing.join(took, on="recipient").filter(nw.col("nth") > nw.col("_until"))
        drawn = [nw.when(nw.col(f"_{room}").is_null()).then(0).otherwise(1) for room in rooms]
        left = [(nw.col(room) - one).alias(room) for room, one in zip(rooms, drawn, strict=True)]
        pending = desk.view.keep(later.select("id", "recipient", "nth", *left))
    rest = pending.with_columns(_first=nw.lit(0, nw.Int64), due=nw.col("nth"))
    return nw.concat([*refused, _in_order(desk, rest, known, own)])


def _first_full(touches: Frame, places: Sequence[int]) -> Frame:
    found = nw.lit(-1, nw.Int64)
    for place in reversed(places):
        found = nw.when(nw.col(f"room{place}") < 1).then(nw.lit(place, nw.Int64)).otherwise(found)
    return touches.select("id", place=found)


def _in_order(desk: Desk, asked: Frame, known: Sequence[Limit], places: Sequence[int] | None = None) -> Frame:
    """Refuse what finds no room, of its own or shared, asked one by one: id, place (of the limit)."""
    ordered = desk.view.keep(row_number(asked, [], _ORDER, "order"))
    requests, counters = [], []
    for place in _of(known) if places is None else places:
        whose = nw.lit("") if known[place].shared else nw.col("recipient").cast(nw.String)
        counter = nw.concat_str(nw.lit(f"{place:03}:"), whose)
        rows = ordered.filter(~nw.col(f"room{place}").is_null()).with_columns(counter=counter)
        takes = nw.col(f"take{place}") if places is None else nw.lit(1, nw.Int64)
        requests.append(rows.select("id", "order", "counter", amount=takes))
        room = nw.col(f"room{place}").max()
        counters.append(rows.group_by("counter").agg(room=nw.when(room > 0).then(room).otherwise(0)))
    admitted = desk.view.admit(nw.concat(requests), nw.concat(counters))
    over = admitted.filter(nw.col("verdict") == "refused")
    full = nw.lit(0, nw.Int64)
    for place in _of(known):
        full = nw.when(nw.col("reason").str.starts_with(f"{place:03}:")).then(nw.lit(place, nw.Int64)).otherwise(full)
    return cast_like(over.select("id", place=full), _REFUSED)
