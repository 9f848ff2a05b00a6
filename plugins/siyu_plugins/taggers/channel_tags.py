"""Tags of a channel's own, both ways: what people marked there, and what it should show there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.hooks import hookimpl
from siyu.kinds import Frame, Tagger, doc
from siyu_plugins.taggers._newest import dated, newest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from siyu.view import View

__all__ = ["ChannelTags", "siyu_register_taggers"]

_TYPES = ("marked", "unmarked")
_EXAMPLE = "etAJ2GCAAAXtWyujaWJHDDGi0mACH71w"


@frozen(kw_only=True)
class ChannelTags(Tagger):
    """Takes a channel's own tags for tags, and says which of its tags the channel should show.

    What is known of a channel's tags are events ``marked`` and ``unmarked``: the subject is the channel's id of the
    tag, ``ref`` the channel. Of a member and an id the newest counts, by second and then by id of the event.

    ``in`` makes tags of ids that people mark in the channel. ``out`` names tags of other taggers, and the id that a
    member who has one of them should have in the channel. The difference to what the channel is known to have is
    ``brand.marks``, and ``siyu marks``. The channel makes the changes by ``siyu marks --apply`` where it can, as
    ``wecom-customer``; then they are recorded as events ``marked`` and ``unmarked``, and the difference is empty. A
    program that applied one reports it back so, for what is changed through an interface is mostly not called back. An
    id is led by one side: it cannot be in both.

    ```toml
    [tagger.wecom]
    use = "channel-tags"
    channel = "wecom"
    in = { wholesale = "etAJ2GCAAAXtWyujaWJHDDGi0mACH71w" }
    out = { vip = "etAJ2GCAAAXtWyujaWJHDDGi0mACH72x" }
    ```
    """

    channel: str = field(metadata={**doc("the channel whose tags they are", example="wecom"), "refers": "channel"})
    in_: dict[str, str] = field(
        factory=dict,
        metadata=doc("the tags that it gives, each with the channel's id of it", example={"wholesale": _EXAMPLE}),
    )
    out: dict[str, str] = field(
        factory=dict,
        metadata={
            **doc("tags of other taggers, each with the channel's id that shows it", example={"vip": _EXAMPLE}),
            "keys_refer": "tag",
        },
    )

    @in_.validator
    def _something(self, _attribute: Attribute[dict[str, str]], value: dict[str, str]) -> None:
        if not (value or self.out):
            message = f'expected tags that come in or go out, as in in = {{ wholesale = "{_EXAMPLE}" }}'
            raise ValueError(message)

    @out.validator
    def _one_way(self, _attribute: Attribute[dict[str, str]], value: dict[str, str]) -> None:
        for tag, mark in value.items():
            if tag in self.in_:
                message = (
                    f"the tag '{tag}' is in both 'in' and 'out': it cannot be what the channel says, and be told it"
                )
                raise ValueError(message)
            if mark in self.in_.values():
                message = f"the channel's '{mark}' is in both 'in' and 'out': only one side can lead it"
                raise ValueError(message)

    @in_.validator
    @out.validator
    def _with_ids(self, _attribute: Attribute[dict[str, str]], value: dict[str, str]) -> None:
        for tag, mark in value.items():
            if not mark:
                message = f"expected the channel's id of the tag '{tag}', as in '{_EXAMPLE}'"
                raise ValueError(message)

    @property
    def gives(self) -> Sequence[str]:
        """The names of the tags that come in."""
        return tuple(self.in_)

    @property
    def marked_channel(self) -> str:
        """The channel, where any tags go out to it."""
        return self.channel if self.out else ""

    def tags(self, view: View) -> Frame:
        """Return a row for each member and tag that comes in and is marked: member, tag, evidence."""
        marked = dated(view, self._marked(view, self.in_.values()))
        return marked.join(_pairs(view, self.in_), on="mark", how="inner").select("member", "tag", self._evidence())

    def marks(self, view: View) -> Frame:
        """Return what the channel has to change: member, mark, change (``add`` or ``remove``).

        Tags whose time is over are none.
        """
        holds = nw.col("expires").is_null() | (nw.col("expires") > view.now)
        given = view.resolve(view.tags.filter(holds).select("member", "tag"))
        wanted = given.join(_pairs(view, self.out), on="tag", how="inner").select("member", "mark").unique()
        wanted = view.keep(wanted)
        shown = view.keep(self._marked(view, self.out.values()).select("member", "mark"))
        return nw.concat([_apart(wanted, shown, "add"), _apart(shown, wanted, "remove")])

    def _marked(self, view: View, marks: Collection[str]) -> Frame:
        """Return which of the ids members have in the channel: member, mark, day, staff."""
        events = view.events.filter(
            nw.col("type").is_in(_TYPES),
            nw.col("ref") == self.channel,
            nw.col("subject").is_in(list(marks)),
            ~nw.col("member").is_null(),
        )
        columns = events.select("member", "type", "subject", "second", "id", "day", "staff")
        return newest(columns).filter(nw.col("type") == "marked").rename({"subject": "mark"})

    def _evidence(self) -> nw.Expr:
        named = nw.when(nw.col("staff").fill_null("") != "").then(nw.concat_str(nw.lit(" by "), nw.col("staff")))
        where = nw.lit(f"marked in {self.channel}")
        return nw.concat_str(where, named.otherwise(nw.lit("")), nw.lit(", "), nw.col("date")).alias("evidence")


def _pairs(view: View, tags: Mapping[str, str]) -> Frame:
    return view.table({"tag": tags.keys(), "mark": tags.values()}, {"tag": nw.String(), "mark": nw.String()})


def _apart(these: Frame, those: Frame, change: str) -> Frame:
    """Return the rows of a frame that are not in another, as a change."""
    return these.join(those, on=["member", "mark"], how="anti").with_columns(change=nw.lit(change))


@hookimpl
def siyu_register_taggers() -> Mapping[str, type[Tagger]]:
    """Bring ``channel-tags``."""
    return {"channel-tags": ChannelTags}
