"""A plain model of referrals: what one does, told of every pair for itself, with no thought of speed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attrs import define, field

from siyu.keys import hashed, identity_id
from siyu.moments import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["BEGIN", "DAY", "HOUR", "KEY", "MEMBERS", "NUMBERS", "Model"]

KEY = "0123456789abcdef" * 4
HOUR, DAY = 3600, 86_400
BEGIN = moment("2026-11-01T00:00", "Asia/Shanghai")
MEMBERS = [f"m{number}" for number in range(7)]
NUMBERS = {name: identity_id(KEY, f"wecom:{name}") for name in MEMBERS}
WITHIN, SETTLE, WINDOW = 10 * DAY, 2 * DAY, 3 * DAY
FAMILY, BURST, SPAN, TIMES = 2, 2, 2 * HOUR, 2


@define
class Model:
    """What a referral does, told in the plainest words: every pair for itself, by all that is known."""

    brand: str
    same: dict[str, str] = field(factory=dict)
    lines: list[dict[str, Any]] = field(factory=list)
    events: list[dict[str, Any]] = field(factory=list)
    pairs: list[dict[str, Any]] = field(factory=list)

    def root(self, name: str) -> str:
        while name in self.same:
            name = self.same[name]
        return name

    def merge(self, one: str, other: str) -> None:
        low, high = sorted((self.root(one), self.root(other)), key=lambda name: NUMBERS[name])
        if low != high:
            self.same[high] = low

    def settle(self, known: Sequence[dict[str, Any]], now: int) -> None:
        self.events = [{**row, "who": self.root(row["who"])} for row in known if row["second"] <= now]
        self.pairs = self.attributed()
        due = [pair | {"time": time} for pair in self.pairs if (time := self.counts(pair, now)) is not None]
        due = [pair for pair in due if pair["start"] >= BEGIN]
        results = [self.result(pair) for pair in due]
        settled = {self.root(self.joining(line["cause"])) for line in self.lines if line["cause_kind"] == "referral"}
        new = [one for one in results if one["friend"] not in settled]
        self.held(new)
        self.decided([one for one in new if one["outcome"] != "waiting"], results)

    def joining(self, cause: int) -> str:
        return str(next(row["who"] for row in self.events if row["id"] == cause))

    def attributed(self) -> list[dict[str, Any]]:
        members, pairs = {row["who"] for row in self.events}, []
        for friend in sorted(members):
            joins = [row for row in self.events if row["type"] == "joined" and row["who"] == friend]
            if not joins:
                continue
            first = min(joins, key=lambda row: (row["second"], row["id"]))
            touches = []
            for row in self.events:
                if row is not first and (row["type"] not in {"followed", "scanned"} or row["who"] != friend):
                    continue
                inviter = self.invited(row)
                if inviter in members and 0 <= first["second"] - row["second"] <= WINDOW:
                    touches.append((row["second"], row is first, row["id"], inviter))
            if touches:
                if self.brand == "buys":
                    inviter = max(touches, key=lambda touch: touch[:3])[3]
                else:
                    inviter = min(touches, key=lambda touch: (touch[0], not touch[1], touch[2]))[3]
                pair = {"friend": friend, "inviter": inviter, "join": first["id"], "start": first["second"]}
                pairs.append(pair)
        return pairs

    def invited(self, row: dict[str, Any]) -> str | None:
        text = (row.get("ref") if row["type"] == "joined" else None) or row.get("subject") or ""
        if text == "booth":
            return self.root("m1")
        name = text.removeprefix("wecom:")
        name = {str(number): name for name, number in NUMBERS.items()}.get(name, name)
        return self.root(name) if name in NUMBERS else None

    def counts(self, pair: dict[str, Any], now: int) -> int | None:
        """Return when a pair counts; None where it does not, or not yet."""
        mine = [row for row in self.events if row["who"] == pair["friend"]]
        times = []
        for row in mine:
            since = row["second"] - pair["start"]
            if self.brand == "buys":
                good = row["type"] == "paid" and row["amount"] >= 5000 and 0 <= since <= WITHIN
                ends = [one for one in mine if one["type"] == "refunded" and one["ref"] == row.get("ref")]
                good = good and all(one["second"] - row["second"] > SETTLE for one in ends)
            else:
                good = row["type"] == "joined" and 0 <= since <= 30 * DAY
                ends = [one for one in mine if one["type"] == "left"]
                good = good and not any(0 <= one["second"] - row["second"] <= SETTLE for one in ends)
            if good and row["second"] + SETTLE <= now:
                times.append(row["second"] + SETTLE)
        return min(times, default=None)

    def result(self, pair: dict[str, Any]) -> dict[str, Any]:
        before = [one for one in self.lines if one["kind"] == "held" and one["cause"] == pair["join"]]
        verdict, why = ("held", before[0]["reason"]) if before else self.verdict(pair)
        result = pair | {"outcome": verdict, "reason": why, "since": None}
        if verdict == "held":
            since = before[0]["time"] if before else pair["time"]
            result |= {"since": since, "why": why, "outcome": "waiting", "time": since}
            said = [
                row for row in self.events if row["type"].startswith("invitation") and row["ref"] == str(pair["join"])
            ]
            if said:
                word = min(said, key=lambda row: (row["second"], row["id"]))
                outcome = "granted" if word["type"].endswith("approved") else "refused"
                result |= {"outcome": outcome, "time": max(since, word["second"]), "reason": "refused by li"}
        return result

    def verdict(self, pair: dict[str, Any]) -> tuple[str, str | None]:
        if pair["friend"] == pair["inviter"]:
            return "refused", "the friend is the inviter"
        if self.closes(pair):
            return "refused", "the invitations go round in a circle"
        doubts = {
            "self": (self.alike(pair), "the friend and the inviter have the same device"),
            "family": (self.family(pair), "more than 2 friends have the same device"),
            "burst": (self.burst(pair), "more than 2 friends of the inviter joined within 2h"),
        }
        held = ["family", "burst"] if self.brand == "buys" else ["self", "burst"]
        for verdict, names in (("refused", [name for name in doubts if name not in held]), ("held", held)):
            for name in names:
                if doubts[name][0]:
                    return verdict, doubts[name][1]
        return "granted", None

    def closes(self, pair: dict[str, Any]) -> bool:
        """Walk up from the inviter: whether one comes to the friend by earlier pairs alone."""
        up = {one["friend"]: one for one in self.pairs}
        here, seen = pair["inviter"], set()
        while here in up and here not in seen:
            seen.add(here)
            if here == pair["friend"]:
                return True
            step = up[here]
            if (step["start"], step["join"]) > (pair["start"], pair["join"]):
                return False
            here = step["inviter"]
        return bool(here == pair["friend"])

    def devices(self, who: str, by: int) -> set[str]:
        told = [row for row in self.events if row["who"] == who and row["props"] and row["second"] <= by]
        return {json.loads(row["props"])["device"] for row in told}

    def alike(self, pair: dict[str, Any]) -> bool:
        return bool(self.devices(pair["friend"], pair["time"]) & self.devices(pair["inviter"], pair["time"]))

    def family(self, pair: dict[str, Any]) -> bool:
        others = [self.devices(one["friend"], pair["time"]) for one in self.pairs]
        return any(sum(one in other for other in others) > FAMILY for one in self.devices(pair["friend"], pair["time"]))

    def burst(self, pair: dict[str, Any]) -> bool:
        starts = [
            one["start"] for one in self.pairs if one["inviter"] == pair["inviter"] and one["start"] <= pair["time"]
        ]
        spans = [[one for one in starts if 0 <= one - begin < SPAN] for begin in starts]
        return any(len(span) > BURST and pair["start"] in span for span in spans)

    def held(self, new: Iterable[dict[str, Any]]) -> None:
        have = {line["cause"] for line in self.lines if line["kind"] == "held"}
        for one in new:
            if one["since"] is not None and one["join"] not in have:
                more = {"cause_kind": "review", "time": one["since"], "reason": one["why"]}
                self.write(one, one["inviter"], "held", 0, **more)

    def decided(self, new: list[dict[str, Any]], results: list[dict[str, Any]]) -> None:
        order = {one["join"]: hashed(KEY, "referral", str(one["join"])) for one in new}
        for one in sorted(new, key=lambda one: (one["time"], order[one["join"]])):
            if one["outcome"] == "refused":
                self.write(one, one["inviter"], "refused", 0, reason=one["reason"])
            elif self.given(one["inviter"]) >= TIMES:
                self.write(one, one["inviter"], "refused", 0, reason="the member's limit is reached")
            else:
                self.give(one, results)

    def given(self, inviter: str) -> int:
        return sum(line["kind"] == "referred" and self.root(line["member"]) == inviter for line in self.lines)

    def give(self, one: dict[str, Any], results: list[dict[str, Any]]) -> None:
        self.write(one, one["inviter"], "referred", 1)
        upper = [up for up in results if up["friend"] == one["inviter"] and up["outcome"] == "granted"]
        above = [up["inviter"] for up in upper if up["time"] <= one["time"] and up["inviter"] != one["friend"]]
        for member, amount in [(one["inviter"], 200), (one["friend"], 50), *((name, 20) for name in above)]:
            self.write(one, member, "earned", amount)

    def write(self, one: dict[str, Any], member: str, kind: str, amount: int, **more: Any) -> None:  # noqa: ANN401 - columns of a line
        ledger = "points" if kind == "earned" else "bring"
        line = {"incentive": ledger, "member": member, "kind": kind, "amount": amount, "cause": one["join"]}
        self.lines.append({**line, "cause_kind": "referral", "time": one["time"], "reason": None, **more})

    def ledger(self) -> list[tuple[Any, ...]]:
        """Return the lines by now: incentive, kind, amount, cause_kind, time, reason, member, cause."""
        names = ("incentive", "kind", "amount", "cause_kind", "time", "reason")
        found = [(*(line[name] for name in names), self.root(line["member"]), line["cause"]) for line in self.lines]
        return sorted(found, key=repr)
