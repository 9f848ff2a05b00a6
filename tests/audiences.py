"""Made-up members of a brand, as a view on either engine: features and tags are given and not computed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import narwhals as nw

from siyu.tables import STATE
from siyu.testing.views import EngineName, view

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from siyu.tables import Schema
    from siyu.view import View

__all__ = ["FEATURES", "audience"]

FEATURES = """
[attribute]
taste = { type = "text", purpose = "to recommend teas" }
keen = { type = "flag", purpose = "to invite to tastings" }
[feature]
views = { count = "viewed" }
spend = { sum = "ordered.amount" }
orders = { count = "ordered" }
cups = { mean = "checked_in.quantity" }
last_view = { last = "viewed" }
"""
"""A feature of each type, and attributes of each that is no number."""

_TYPES = {"text": nw.String(), "flag": nw.Boolean(), "real": nw.Float64(), "day": nw.Int32()}


def audience(
    toml: str,
    members: Iterable[Mapping[str, Any]],
    engine: EngineName,
    *,
    tags: Mapping[str, Sequence[int]] | None = None,
) -> View:
    """Return a view of members on 2026-11-11, in UTC.

    Args:
        toml: The brand's config.
        members: A row for each: ``member``, and what is known of features, attributes and ``last:TYPE``.
        engine: On which engine.
        tags: Who has which tag.
    """
    seen, rows = _empty(toml, engine), list(members)
    columns = {name: _TYPES.get(kind, nw.Int64()) for name, kind in seen.names.columns.items()}
    columns |= {name: nw.Int32() for row in rows for name in row if name.startswith("last:")}
    pairs = [{"member": member, "tag": tag} for tag, having in (tags or {}).items() for member in having]
    seen = seen.on(seen._engine, {**seen.raw, "tags": _table(seen, pairs, STATE["tags"].columns)}, {})
    # What is computed from events otherwise.
    vars(seen)["members"] = _table(seen, rows, {"member": nw.Int64(), **columns})
    return seen


@cache
def _empty(toml: str, engine: EngineName) -> View:
    return view(toml, {}, "2026-11-11", engine)


def _table(seen: View, rows: Sequence[Mapping[str, Any]], schema: Schema) -> nw.LazyFrame[Any]:
    return seen.table({name: [row.get(name) for row in rows] for name in schema}, schema)
