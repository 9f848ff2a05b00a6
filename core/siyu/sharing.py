"""Ids that too many share, as a shop's phone: they are nobody's own, so their links do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.frames import row_number
from siyu.tables import STATE

if TYPE_CHECKING:
    from siyu.config.tables import Identity
    from siyu.engine import Engine
    from siyu.kinds import Frame

__all__ = ["counting", "kinds_of", "none_shared", "shared"]

_KEY = ["member", "kind"]


def kinds_of(identities: Frame) -> Frame:
    """Return the kind of each id: id, kind."""
    return identities.select("kind", id=nw.col("value"))


def none_shared(engine: Engine) -> Frame:
    """Return no shared id."""
    schema = STATE["shared"].columns
    return engine.frame({name: [] for name in schema}, schema)


def shared(engine: Engine, links: Frame, kinds: Frame, identity: Identity, released: Frame) -> Frame:
    """Return the ids that too many share: member, kind (of those who share it), n (how many), since (a ``seq``).

    An id is shared by the ids that links join it with directly, counted by their kind. It depends on all links that
    hold, and on no order in which they came; only ``since``, the link by which there were too many, does.

    Args:
        engine: The engine.
        links: Links that hold, all those of each id that is asked for: see ``siyu.components.current``.
        kinds: The kind of each id: id, kind. Ids of no known kind count together.
        identity: How many may share an id.
        released: The ids that however many may share: member.
    """
    plain = links.filter(~nw.col("rotated"))
    both = nw.concat(
        [
            plain.select(member=nw.col("a"), other=nw.col("b"), since=nw.col("since")),
            plain.select(member=nw.col("b"), other=nw.col("a"), since=nw.col("since")),
        ]
    )
    least = min(identity.shared_by, *identity.shared_by_kind.values(), identity.shared_by)
    # Most ids have few neighbours, of whatever kind.
    many = both.group_by("member").agg(n=nw.len()).filter(nw.col("n") > least)
    many = engine.keep(many.join(released, on="member", how="anti").select("member"))
    if not engine.some(many):
        return none_shared(engine)
    near = both.join(many, on="member", how="semi").join(kinds, left_on="other", right_on="id", how="left")
    near = near.with_columns(nw.col("kind").fill_null(""))
    counted = engine.keep(row_number(near, _KEY, ["since", "other"], "nth"))
    over = counted.filter(nw.col("nth") == _limit(identity) + 1).select(*_KEY, "since")
    found = counted.group_by(*_KEY).agg(n=nw.len().cast(nw.Int64)).join(over, on=_KEY)
    return engine.keep(found.select(*STATE["shared"].columns))


def _limit(identity: Identity) -> nw.Expr:
    """Return how many ids of a kind may share one."""
    limit = nw.lit(identity.shared_by, nw.Int64)
    for kind, number in identity.shared_by_kind.items():
        limit = nw.when(nw.col("kind") == kind).then(nw.lit(number, nw.Int64)).otherwise(limit)
    return limit


def counting(links: Frame, too_many: Frame) -> Frame:
    """Return the links that count: those of a shared id do not, unless they say that it is the same outside id."""
    own, rest = links.filter(nw.col("rotated")), links.filter(~nw.col("rotated"))
    for column in ("a", "b"):
        rest = rest.join(too_many, left_on=column, right_on="member", how="anti")
    return nw.concat([own, rest])
