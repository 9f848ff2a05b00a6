"""The gate in the plainest words: what it must make of each touch, looking at everything that happened one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from attrs import define, field

from siyu.config.limits import Cap
from siyu.config.programme import Programme
from siyu.kinds import Channel

if TYPE_CHECKING:
    from siyu.config.limits import Opening, Quota

__all__ = ["HOME", "THEMES", "World", "expected"]

HOME = "Asia/Shanghai"
"""The zone of the brand, and of members who state none."""
THEMES = {"sale": "promo", "story": "educate"}
"""The contents, by theme."""

_USING = ("queued", "sent", "unknown")
_HOUR = 3600
_MANY = 10**9

Row = dict[str, Any]


@define
class World:
    """What happened so far: members and where they live, what they said and did, and all touches with their states."""

    programme: Programme
    zones: dict[int, str | None]
    consents: list[Row]
    events: list[Row] = field(factory=list)
    barred: list[int] = field(factory=list)
    touches: dict[int, Row] = field(factory=dict)
    receipts: list[Row] = field(factory=list)

    def said(self, touch: int, state: str, now: int) -> None:
        """Write a receipt."""
        self.touches[touch] |= {"state": state, "moment": now}
        self.receipts.append({"touch": touch, "state": state, "reason": "", "time": now})

    def told(self, member: int, kind: str, now: int) -> list[Row]:
        """Return a member's events of a type by now."""
        return [one for one in self.events if (one["member"], one["type"]) == (member, kind) and one["second"] <= now]

    def sent(self, now: int, *, failed: bool = False) -> Iterator[tuple[Row, int]]:
        """Yield what went out, or may have, and when that counts; what still waits for it counts now."""
        for one in self.touches.values():
            if one.get("state") in (*_USING, "failed") if failed else one.get("state") in _USING:
                yield one, now if one["state"] == "queued" else one["moment"]

    def clocks(self, member: int) -> list[str]:
        """Return the zones by whose clocks a member lives."""
        zone = self.zones[member]
        if zone is None and self.programme.gate.unknown_zone == "strictest":
            return sorted({each for each in self.zones.values() if each} | {HOME})
        return [zone or HOME]

    def allowed(self, touch: Row, now: int) -> bool:
        """Whether the member's newest words let a touch through."""
        newest: dict[tuple[str, str], tuple[int, str]] = {}
        for one in self.consents:
            if one["member"] == touch["recipient"] and one["time"] <= now:
                key = (one["channel"], one["purpose"])
                newest[key] = max(newest.get(key, (0, "")), (one["time"], one["state"]))
        meant = [
            value
            for (channel, purpose), value in newest.items()
            if channel in {"*", touch["channel"]} and purpose in {"*", touch["purpose"]}
        ]
        granted = max((time for time, state in meant if state == "granted"), default=0)
        outs = self.told(touch["recipient"], "unsubscribed", now)
        if any(one["second"] >= granted for one in outs if one["subject"] in {"", "*", touch["channel"]}):
            return False
        needed = touch["purpose"] == "marketing" and self.programme.gate.consent == "granted"
        return "withdrawn" not in {state for _, state in meant} and (granted > 0 or not needed)

    def ticket(self, member: int, now: int) -> bool:
        """Whether a member waits for help."""
        opened = {one["ref"]: one["second"] for one in self.told(member, "complained", now)}
        closed = {one["ref"]: one["second"] for one in self.told(member, "ticket_closed", now)}
        return self.programme.gate.tickets == "hold" and any(
            ref not in closed or closed[ref] < second for ref, second in opened.items()
        )

    def quiet(self, member: int, now: int) -> bool:
        """Whether the clocks show quiet hours where a member lives."""
        hours = self.programme.gate.quiet
        for zone in self.clocks(member):
            local = datetime.fromtimestamp(now, ZoneInfo(zone))
            clock = local.hour * _HOUR + local.minute * 60 + local.second
            inside = hours.start <= clock < hours.end
            over = clock >= hours.start or clock < hours.end
            if inside if hours.start < hours.end else over:
                return True
        return False

    def opened(self, opening: Opening, member: int, now: int) -> int | None:
        """Return when a member opened a channel, if it is open still."""
        times = [one["second"] for one in self.told(member, opening.event, now)]
        return max((second for second in times if second > now - opening.within.seconds), default=None)

    def inside(self, quota: Quota, member: int, moment: int, now: int) -> bool:
        """Whether what was sent to a member at a moment is in the span of a quota that ends now."""
        if quota.within is not None:
            return moment > now - quota.within.seconds
        span = quota.per.removeprefix("local ")
        zones = self.clocks(member) if quota.per != span else [HOME]
        return moment >= min(begin(zone, span, now) for zone in zones)

    def used(self, quota: Quota, touch: Row, now: int) -> int:
        """Return how much of a quota is used by what it counts together with a touch."""
        failed = isinstance(quota, Cap) and quota.failed
        before = [
            one
            for one, moment in self.sent(now, failed=failed)
            if quota.each == "brand" or one["recipient"] == touch["recipient"]
            if self.inside(quota, one["recipient"], moment, now)
        ]
        if isinstance(quota, Cap):
            return sum(concerned(quota, one) for one in before)
        return sum(one["channel"] == touch["channel"] for one in before)

    def rested(self, member: int, now: int) -> int:
        """Return how many more messages a member may get who may be tired of them."""
        fatigue = self.programme.gate.fatigue
        if fatigue is None:
            return _MANY
        mine = [(one, at) for one, at in self.sent(now) if one["recipient"] == member and one["purpose"] == "marketing"]
        reads = {one["ref"] for one in self.events if one["type"] == "read" and one["second"] <= now}
        window = fatigue.window.seconds
        new = [str(one["id"]) in reads for one, at in mine if at > now - window]
        old = [str(one["id"]) in reads for one, at in mine if now - 2 * window < at <= now - window]
        if len(new) < fatigue.least or len(old) < fatigue.least or not sum(old):
            return _MANY
        rate, before = sum(new) / len(new), sum(old) / len(old)
        if rate > before * (1 - fatigue.fall.basis_points / 10_000) + 1e-9:
            return _MANY
        return int(all(at <= now - fatigue.distance.seconds for _, at in mine))

    def full(self, touch: Row, now: int) -> bool:
        """Whether some limit of the config has no room for a touch."""
        gate = self.programme.gate
        caps = [*gate.caps, *([Cap(times=1, within=gate.distance)] if gate.distance.seconds else [])]
        if any(concerned(cap, touch) and self.used(cap, touch, now) >= cap.times for cap in caps):
            return True
        channel = self.channel(touch)
        if any(self.used(quota, touch, now) >= quota.times for quota in channel.quotas):
            return True
        if gate.budget is None or channel.cost is None:
            return False
        since = begin(HOME, gate.budget.per, now)
        spent = sum(self.cost(one) for one, moment in self.sent(now) if moment >= since)
        return spent + self.cost(touch) > gate.budget.amount.minor

    def spare(self, touch: Row, now: int) -> bool:
        """Whether the member left room for a touch: by opening its channel, and by allowing it."""
        channel, member = self.channel(touch), touch["recipient"]
        mine = [at for one, at in self.sent(now) if one["recipient"] == member and one["channel"] == touch["channel"]]
        if any(one.times is not None for one in channel.opens):
            found = [(one, self.opened(one, member, now)) for one in channel.opens]
            rooms = [(one.times or _MANY) - sum(m >= at for m in mine) for one, at in found if at is not None]
            if max(rooms, default=0) < 1:
                return False
        spends = channel.spends
        return spends is None or len(self.told(member, spends.event, now)) > len(mine)

    def channel(self, touch: Row) -> Channel:
        """Return the channel of a touch."""
        return next(one for one in self.programme.of(Channel) if one.name == touch["channel"])

    def cost(self, touch: Row) -> int:
        """Return what a touch costs."""
        cost = self.channel(touch).cost
        return 0 if cost is None else cost.minor


def begin(zone: str, span: str, now: int) -> float:
    """Return when the day, week or month of a moment began in a zone."""
    day = datetime.fromtimestamp(now, ZoneInfo(zone)).date()
    back = {"day": 0, "week": day.weekday(), "month": day.day - 1}[span]
    return datetime.combine(day - timedelta(days=back), datetime.min.time(), ZoneInfo(zone)).timestamp()


def concerned(cap: Cap, touch: Row) -> bool:
    """Whether a cap counts a touch."""
    asked = {"channel": cap.channel, "campaign": cap.campaign}
    themed = not cap.kind or THEMES[touch["content"]] == cap.kind
    return touch["purpose"] == cap.purpose and themed and all(not v or touch[k] == v for k, v in asked.items())


def alone(world: World, touch: Row, now: int) -> str:
    """Return what becomes of a touch whatever others there are; nothing where it stands."""
    marketing, member = touch["purpose"] == "marketing", touch["recipient"]
    opens = world.channel(touch).opens
    if touch["until"] <= now:
        return "expired"
    if member in world.barred or not world.allowed(touch, now):
        return "suppressed"
    if touch["due"] > now or (marketing and world.ticket(member, now)):
        return "held"
    if marketing and world.quiet(member, now):
        return "held" if world.programme.gate.in_quiet == "hold" else "suppressed"
    closed = opens and all(world.opened(one, member, now) is None for one in opens)
    return "held" if closed else ""


def expected(world: World, known: Iterable[Row], now: int) -> dict[int, str]:
    """Return what becomes of each touch; those that go out take their place in the world."""
    states: dict[int, str] = {}
    standing = []
    for touch in known:
        states[touch["id"]] = alone(world, touch, now)
        if not states[touch["id"]]:
            standing.append(touch)
    rest = {member: world.rested(member, now) for member in world.zones}
    for touch in sorted(standing, key=lambda one: (-one["priority"], one["due"], one["id"])):
        tired = touch["purpose"] == "marketing" and rest[touch["recipient"]] < 1
        if tired or world.full(touch, now) or not world.spare(touch, now):
            states[touch["id"]] = "held"
        else:
            states[touch["id"]] = "queued"
            world.touches[touch["id"]] = {**touch, "state": "queued", "moment": now}
            rest[touch["recipient"]] -= touch["purpose"] == "marketing"
    return states
