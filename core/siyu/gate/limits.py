"""All limits of a config: caps, the distance, what platforms allow, the budget, and rest for the tired."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import evolve

from siyu.gate.limit import Limit, begun, costs
from siyu.gate.openings import left_open
from siyu.gate.tired import tired
from siyu.kinds import Channel
from siyu.moments import period_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siyu.config.limits import Allowance, Cap, Quota
    from siyu.gate.rule import Desk
    from siyu.kinds import Frame

__all__ = ["limits"]

_MARKETING = nw.col("purpose") == "marketing"
_SENT = ~nw.col("failed")


def limits(desk: Desk) -> Iterator[Limit]:
    """Yield every limit; a touch that several leave no room for waits by the first of them."""
    yield from _distance(desk)
    for cap in desk.programme.gate.caps:
        yield _cap(desk, cap)
    for channel in desk.programme.of(Channel):
        yield from _quotas(desk, channel)
    yield from _budget(desk)
    yield from _rest(desk)


def _distance(desk: Desk) -> Iterator[Limit]:
    distance = desk.programme.gate.distance
    if distance.seconds:
        near = nw.col("moment") > desk.view.now - distance.seconds
        words = f"less than {distance} after another message"
        yield Limit(rule="distance", words=words, concerns=_MARKETING, room=1, using=_SENT & near)


def _cap(desk: Desk, cap: Cap) -> Limit:
    concerns = nw.col("purpose") == cap.purpose
    named = {"channel": cap.channel, "campaign": cap.campaign, "theme": cap.kind}
    for column, name in named.items():
        concerns = concerns & (nw.col(column) == name) if name else concerns
    within = begun(desk.view, desk.programme.brand.zone, cap)
    using = within if cap.failed else _SENT & within
    return _counted(cap, Limit(rule="caps", words=f"cap of {cap}", concerns=concerns, room=cap.times, using=using))


def _counted(quota: Quota, limit: Limit) -> Limit:
    return evolve(limit, shared=quota.each == "brand", of_sender=quota.each == "sender")


def _quotas(desk: Desk, channel: Channel) -> Iterator[Limit]:
    by = nw.col("channel") == channel.name
    for quota in channel.quotas:
        words = f"the platform of '{channel.name}' allows {quota}"
        using = _SENT & begun(desk.view, desk.programme.brand.zone, quota)
        yield _counted(quota, Limit(rule="quotas", words=words, concerns=by, room=quota.times, using=using))
    if any(one.times is not None for one in channel.opens):
        words = f"'{channel.name}' lets no more through since it was opened"
        yield Limit(rule="quotas", words=words, concerns=by, rooms=left_open(desk, channel))
    if channel.spends is not None:
        words = f"nothing is left to spend on '{channel.name}'"
        yield Limit(rule="quotas", words=words, concerns=by, rooms=_left_to_spend(desk, channel.name, channel.spends))


def _left_to_spend(desk: Desk, channel: str, allowance: Allowance) -> Frame:
    """Return how many messages each member has agreed to that did not go out yet: recipient, room."""
    given = desk.view.events.filter(nw.col("type") == allowance.event)
    if allowance.subject:
        given = given.filter(nw.col("subject") == allowance.subject)
    given = given.group_by("member").agg(given=nw.len().cast(nw.Int64)).rename({"member": "recipient"})
    used = desk.spent.filter(_SENT, nw.col("channel") == channel)
    spent = used.group_by("recipient").agg(spent=nw.len().cast(nw.Int64))
    left = nw.col("given") - nw.col("spent").fill_null(0)
    return given.join(spent, on="recipient", how="left").select("recipient", room=left)


def _budget(desk: Desk) -> Iterator[Limit]:
    budget = desk.programme.gate.budget
    priced = sorted(one.name for one in desk.programme.of(Channel) if one.cost is not None)
    if budget is None or not priced:
        return
    begin = period_start(desk.programme.brand.zone, desk.view.now, budget.per)
    yield Limit(
        rule="budget",
        words=f"budget of {budget}",
        concerns=nw.col("channel").is_in(priced),
        room=budget.amount.minor,
        using=_SENT & (nw.col("moment") >= begin),
        shared=True,
        takes=costs(desk.programme),
    )


def _rest(desk: Desk) -> Iterator[Limit]:
    fatigue = desk.programme.gate.fatigue
    if fatigue is not None:
        words = f"less than {fatigue.distance} after another message, and the member reads less"
        yield Limit(rule="fatigue", words=words, concerns=_MARKETING, rooms=tired(desk, fatigue), otherwise=None)
