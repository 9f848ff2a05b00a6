"""Tags by hand: what people say of a member."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.config.units import Duration
from siyu.hooks import hookimpl
from siyu.kinds import Frame, Tagger, doc
from siyu_plugins.taggers._newest import dated, lasting, newest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.view import View

__all__ = ["Allowed", "Manual", "siyu_register_taggers"]

_TYPES = ("tagged", "untagged")
_SAID = {"value": nw.String(), "expires": nw.Int64(), "note": nw.String()}


@frozen(kw_only=True)
class Allowed:
    """A tag that people may give."""

    tag: str = field(metadata=doc("the tag's name", example="tasting-host"))
    meaning: str = field(default="", metadata=doc("what it means, for those who give it"))
    keep: Duration | None = field(
        default=None,
        validator=lasting,
        metadata=doc("how long it holds where its giver says no end; for ever by default", example="180d"),
    )


@frozen(kw_only=True)
class Manual(Tagger):
    """Gives the tags that people gave: events ``tagged`` and ``untagged``, by ``siyu tag``, ``brand.tag`` or an entry.

    Of all that was said of a member and a tag the newest counts, by second and then by id, so the order in which it
    came in does not matter. An event's subject is the tag, its staff who gave it; its props may have a ``value``, a
    ``note`` and ``expires``, the epoch second when the tag ends. A tag that ended does not fall back to an earlier
    giving of it. The evidence is who gave it, the day, and the note. Only the tags that are listed here may be given.

    ```toml
    [tagger.staff]
    use = "manual"
    tags = ["tasting-host", { tag = "call-back", meaning = "wants to be called", keep = "30d" }]
    ```
    """

    tags_: tuple[Allowed | str, ...] = field(
        metadata=doc("the tags that may be given, by name or as a table", example=["tasting-host"])
    )

    @tags_.validator
    def _named_once(self, _attribute: Attribute[tuple[Allowed | str, ...]], _value: tuple[Allowed | str, ...]) -> None:
        names = [each.tag for each in self._allowed]
        if not names or not all(names):
            message = 'expected at least one tag, as in tags = ["tasting-host"]'
            raise ValueError(message)
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            message = f"the tag '{twice[0]}' is listed twice"
            raise ValueError(message)

    @property
    def _allowed(self) -> Sequence[Allowed]:
        return [Allowed(tag=each) if isinstance(each, str) else each for each in self.tags_]

    @property
    def gives(self) -> Sequence[str]:
        """The names of the tags."""
        return tuple(each.tag for each in self._allowed)

    @property
    def by_hand(self) -> Mapping[str, str]:
        """The tags, each with what it means: people may give and take all of them."""
        return {each.tag: each.meaning for each in self._allowed}

    def tags(self, view: View) -> Frame:
        """Return the tags that were given and not taken since: member, tag, value, evidence, expires."""
        said = newest(self._said(view)).filter(nw.col("type") == "tagged")
        read = dated(view, view.fields(said, _SAID))
        ends = nw.coalesce("expires", nw.col("second") + nw.col("keep"))
        return read.select("member", _evidence(), "value", tag=nw.col("subject"), expires=ends)

    def _said(self, view: View) -> Frame:
        """Return all that was said of the tags, and how long each is kept: null for ever."""
        kept = [None if each.keep is None else each.keep.seconds for each in self._allowed]
        allowed = view.table({"subject": self.gives, "keep": kept}, {"subject": nw.String(), "keep": nw.Int64()})
        events = view.events.filter(nw.col("type").is_in(_TYPES), ~nw.col("member").is_null())
        columns = ("member", "type", "subject", "second", "id", "day", "staff", "props")
        return events.select(*columns).join(allowed, on="subject", how="inner")


def _evidence() -> nw.Expr:
    named = nw.when(nw.col("staff").fill_null("") != "").then(nw.concat_str(nw.lit("by "), nw.col("staff")))
    noted = nw.when(nw.col("note").fill_null("") != "").then(nw.concat_str(nw.lit(": "), nw.col("note")))
    who, note = named.otherwise(nw.lit("by hand")), noted.otherwise(nw.lit(""))
    return nw.concat_str(who, nw.lit(", "), nw.col("date"), note).alias("evidence")


@hookimpl
def siyu_register_taggers() -> Mapping[str, type[Tagger]]:
    """Bring ``manual``."""
    return {"manual": Manual}
