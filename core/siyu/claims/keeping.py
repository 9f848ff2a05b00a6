"""Claims and their answers, kept in one commit: the events, who asked, and the lines of the ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from siyu.claims.asking import SOURCE
from siyu.moments import day_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siyu.claims.asking import Asking
    from siyu.claims.columns import Columns
    from siyu.config.programme import Programme
    from siyu.stores.session import Session
    from siyu.stores.writing import Writer

__all__ = ["keep"]


def keep(session: Session, programme: Programme, run: tuple[int, bool], fresh: Asking, lines: Columns) -> None:
    """Commit claims and the lines that they, and others before them, led to.

    Args:
        session: Where to write.
        programme: The brand's config.
        run: The run that it is recorded under, and whether that has its row in ``runs`` already.
        fresh: The claims that no event is kept of yet; of outside ids they have those that the log does not know.
        lines: The lines.
    """
    number, known = run
    with session.writing(number) as writer:
        if not known:
            writer.add("runs", _run(programme, writer.last, number, fresh.second[0] if fresh else 0))
        if fresh:
            writer.add("events", _events(programme, fresh))
            _identities(writer, fresh)
        if lines:
            writer.add("grants", lines.of)


def _run(programme: Programme, watermark: int, number: int, now: int) -> dict[str, list[Any]]:
    known = {"id": number, "kind": "claims", "now": now, "config": programme.hash, "watermark": watermark}
    return {name: [value] for name, value in {**known, "actor": "siyu", "state": "done", "counts": "{}"}.items()}


def _events(programme: Programme, fresh: Asking) -> Mapping[str, list[Any]]:
    count, zone = len(fresh), programme.brand.zone
    spans = [(second, len(list(same))) for second, same in groupby(fresh.second)]
    return {
        "id": fresh.event,
        "source": [SOURCE] * count,
        "source_id": fresh.request,
        "member": fresh.member,
        "type": ["claimed"] * count,
        "time": [one for second, size in spans for one in [_utc(second)] * size],
        "second": fresh.second,
        "day": [one for second, size in spans for one in [day_number(zone, second)] * size],
        "entry": [SOURCE] * count,
        "subject": fresh.incentive,
        "ref": fresh.item,
        "quantity": fresh.quantity,
        "props": [_props(*both) for both in zip(fresh.to, fresh.code, strict=True)],
    }


def _props(to: str, code: str) -> str | None:
    said = {name: value for name, value in (("code", code), ("to", to)) if value}
    return json.dumps(said) if said else None


def _utc(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC).replace(tzinfo=None)


def _identities(writer: Writer, fresh: Asking) -> None:
    asked = list(zip(fresh.member, fresh.identity, fresh.second, strict=True))
    kinds = {member: identity.partition(":")[0] for member, identity, _ in asked if identity}
    since = {member: second for member, identity, second in asked if identity}
    if kinds:
        numbers, seconds = list(kinds), [since[number] for number in kinds]
        writer.add("identities", {"kind": list(kinds.values()), "value": numbers, "member": numbers, "since": seconds})
