"""The counter where claims are asked: what many threads ask is settled together, in order, and answered once."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import define, field, frozen

from siyu.claims.desk import Claim, Line
from siyu.claims.earned import LINE
from siyu.claims.moves import pending, recipients
from siyu.errors import UserError
from siyu.identities import is_text, written
from siyu.keys import hashed
from siyu.kinds import Incentive
from siyu.moments import day_number
from siyu.rows import columns_of
from siyu.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from siyu.claims.desk import Desk
    from siyu.claims.writer import GrantWriter
    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.stores.duckdb import DuckStore
    from siyu.stores.session import Session
    from siyu.view import View

__all__ = ["Answer", "ClaimCounter"]

SOURCE = "claims"
"""The source of the events that claims are kept as."""


@frozen(kw_only=True)
class Answer:
    """The one answer to a claim.

    Attributes:
        id: The client's id of the claim.
        granted: Whether it was granted, transferred, or reserved until it is paid.
        kind: ``granted``, ``reserved``, ``transferred``, ``waiting`` or ``refused``; one that waited has another later.
        amount: How much was granted or transferred.
        reason: Why it was refused, or its place in the queue, for a person; empty otherwise.
        until: When a reservation falls back unless it is paid, or what was granted can no longer be used, in epoch
            seconds.
    """

    id: str
    granted: bool
    kind: str
    amount: int
    reason: str
    until: int | None


@define
class _Asked:
    row: Mapping[str, Any]
    now: int
    answer: Answer | None = None
    error: BaseException | None = None


@define
class ClaimCounter:
    """Takes claims from any thread."""

    programme: Programme
    store: DuckStore
    grants: GrantWriter
    key: str
    view: Callable[[Session, int], View]
    number: Callable[[str | int], int]
    _waiting: list[_Asked] = field(factory=list)
    _queue: threading.Lock = field(factory=threading.Lock)

    def ask(self, row: Mapping[str, Any], now: int) -> Answer:
        """Ask one claim; while another batch is being settled, those who wait are gathered into the next."""
        asked = _Asked(self._checked(row), now)
        with self._queue:
            self._waiting.append(asked)
        with self.grants.lock:
            if asked.answer is None and asked.error is None:
                with self._queue:
                    batch, self._waiting = self._waiting, []
                self._settle(batch)
        if asked.error is not None:
            raise asked.error
        if asked.answer is None:
            message = "the claim was settled without an answer"
            raise RuntimeError(message)
        return asked.answer

    def ask_all(self, rows: object, now: int) -> list[Answer]:
        """Ask many claims, in the order of the rows."""
        columns = columns_of(rows)
        listed = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        asked = [_Asked(self._checked(row), now) for row in listed]
        if asked:
            with self.grants.lock:
                self._settle(asked)
        return [one.answer for one in asked if one.answer is not None]

    def _checked(self, row: Mapping[str, Any]) -> dict[str, Any]:
        items = [term.item for term in self._terms(str(row.get("incentive")))]
        item = row.get("item") or (items[0] if len(items) == 1 else "")
        if not item:
            message = f"say which item of {row['incentive']} is meant: {', '.join(items)}"
            raise UserError(message)
        quantity = 1 if row.get("quantity") is None else row["quantity"]
        region = self.programme.brand.dialling
        identity = written(row["member"], region) if is_text(row["member"]) else None
        checked = {"item": item, "quantity": quantity, "identity": identity, "member": self.number(row["member"])}
        # As a number, since props are kept in the clear.
        carried = {"to": str(self.number(row["to"]))} if row.get("to") else {}
        checked["props"] = carried | ({"code": str(row["code"])} if row.get("code") else {})
        return {**row, **checked, "event": hashed(self.key, SOURCE, str(row["id"]))}

    def _terms(self, incentive: str) -> tuple[Any, ...]:
        for known in self.programme.of(Incentive):
            if known.name == incentive and (terms := known.terms()):
                return tuple(terms)
        message = f"no incentive '{incentive}' takes claims; see the incentives in the brand's config"
        raise UserError(message)

    def _settle(self, batch: list[_Asked]) -> None:
        try:
            self._settled(batch)
        except BaseException as error:
            self.grants.forget()
            for asked in batch:
                asked.error = error
            raise

    def _settled(self, batch: list[_Asked]) -> None:
        """Decide earlier claims that wait, then these; commit the events and the lines together."""
        with self.store.opened() as session:
            with session.reading():
                view = self.view(session, max(asked.now for asked in batch))
                desk = self.grants.desk(view)
                resolved = self._resolved(view, batch)
                earlier = pending(view, desk)
            waiting = {move.event for move in earlier}
            first = {asked.row["event"]: asked for asked in reversed(batch)}
            asking = [asked for asked in batch if first[asked.row["event"]] is asked]
            fresh = [one for one in asking if one.row["event"] not in waiting and one.row["event"] not in desk.answered]
            named = recipients(view, (asked.row["props"]["to"] for asked in fresh if "to" in asked.row["props"]))
            lines = desk.decide([*earlier, *(_claim(asked, resolved, named) for asked in fresh)])
            self._commit(session, fresh, lines)
            desk.seen = self.store.last
        for asked in batch:
            asked.answer = _answer(asked, desk)

    def _resolved(self, view: View, batch: list[_Asked]) -> dict[int, int]:
        """Return the least id of the component of each member who is joined with others."""
        members = sorted({asked.row["member"] for asked in batch})
        canon = view.raw["canon"]
        return dict(view.rows(canon.filter(nw.col("member").is_in(members)).select("member", "canon")))

    def _commit(self, session: Session, fresh: list[_Asked], lines: list[Line]) -> None:
        if not (fresh or lines):
            return
        events: dict[str, list[Any]] = {name: [] for name in TABLES["events"].columns}
        for asked in fresh:
            for name, value in self._event(asked).items():
                events[name].append(value)
        ledger = {name: [getattr(line, name) for line in lines] for name in LINE}
        engine = session.engine
        first = self.grants.run is None
        self.grants.run = self.grants.run or self.store.next_run()
        with session.writing(self.grants.run) as writer:
            if first:
                writer.append("runs", engine.frame(self._run(fresh[0].now if fresh else 0), TABLES["runs"].columns))
            writer.append("events", engine.frame(events, TABLES["events"].columns))
            writer.append("identities", self._identities(session, fresh))
            writer.append("grants", engine.frame(ledger, LINE))

    def _run(self, now: int) -> dict[str, list[Any]]:
        """Return the row of ``runs`` that claims are recorded under until the desk is opened anew."""
        known = {"id": self.grants.run, "kind": "claims", "now": now, "config": self.programme.hash}
        row = {**known, "watermark": self.store.last, "actor": "siyu", "state": "done", "counts": "{}"}
        return {name: [row.get(name)] for name in TABLES["runs"].columns}

    def _event(self, asked: _Asked) -> dict[str, Any]:
        row = asked.row
        return {
            **dict.fromkeys(TABLES["events"].columns),
            "id": row["event"],
            "source": SOURCE,
            "source_id": str(row["id"]),
            "member": row["member"],
            "type": "claimed",
            "time": datetime.fromtimestamp(asked.now, UTC).replace(tzinfo=None),
            "second": asked.now,
            "day": day_number(self.programme.brand.zone, asked.now),
            "entry": SOURCE,
            "subject": row["incentive"],
            "ref": row["item"],
            "quantity": row["quantity"],
            "props": json.dumps(row["props"], sort_keys=True) if row["props"] else None,
        }

    def _identities(self, session: Session, fresh: list[_Asked]) -> Frame:
        named = {asked.row["member"]: asked for asked in fresh if asked.row["identity"]}
        columns = {
            "kind": [asked.row["identity"].partition(":")[0] for asked in named.values()],
            "value": list(named),
            "member": list(named),
            "since": [asked.now for asked in named.values()],
        }
        frame = session.engine.frame(columns, TABLES["identities"].columns)
        return frame.join(session.table("identities").select("kind", "value"), on=["kind", "value"], how="anti")


def _claim(asked: _Asked, resolved: Mapping[int, int], named: Mapping[str, int]) -> Claim:
    row = asked.row
    member = resolved.get(row["member"], row["member"])
    names = (row["incentive"], row["item"], str(row["id"]))
    to, code = row["props"].get("to"), row["props"].get("code", "")
    return Claim(row["event"], member, *names, asked.now, row["quantity"], named[to] if to else None, code)


def _answer(asked: _Asked, desk: Desk) -> Answer:
    line = desk.answered[asked.row["event"]]
    granted = line.kind in {"granted", "reserved", "transferred"}
    return Answer(
        id=str(asked.row["id"]),
        granted=granted,
        kind=line.kind,
        amount=line.amount,
        reason=line.reason,
        until=line.expires,
    )
