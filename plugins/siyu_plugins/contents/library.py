"""A content matrix that is written in the config: items, what each is about, and which slots it fills."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

import narwhals as nw
from attrs import Attribute, field, frozen

from siyu.config.expressions import Condition
from siyu.frames import long
from siyu.hooks import hookimpl
from siyu.kinds import Content, ContentItem, Frame, doc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from siyu.view import View

__all__ = ["Item", "Library", "siyu_register_contents"]

_NAMED = 1000
_VERSION_DIGITS = 12
# States of a touch that a person may have seen, or is about to.
_SEEN = ("queued", "sending", "handed", "sent", "delivered", "unknown")


@frozen(kw_only=True)
class Item:
    """One item: what it says, where it stands in the matrix, and where it fits."""

    kind: Literal["educate", "emotion", "promo"] = field(metadata=doc("what it is for", example="educate"))
    form: str = field(
        default="text", metadata=doc("text, image, article, video, poster, mini-program, link …", example="article")
    )
    topic: str = field(default="", metadata=doc("what it is about", example="brewing"))
    stage: tuple[str, ...] = field(
        default=(), metadata=doc("the stages of a member's life that it is made for", example=["new"])
    )
    slots: tuple[str, ...] = field(
        default=(), metadata=doc("the slots that it may fill, as campaigns name them in say", example=["welcome"])
    )
    title: str = field(default="", metadata=doc("its headline", example="How to brew green tea"))
    text: str = field(default="", metadata=doc("its words", example="Water of 80 °C, two minutes."))
    link: str = field(
        default="",
        metadata=doc("what it leads to; sent on a line of its own after the words", example="https://example.com/tea"),
    )
    purpose: Literal["marketing", "service"] = field(
        default="marketing", metadata=doc("what it is for in law; consent is asked for it")
    )
    when: Condition | None = field(
        default=None, metadata=doc("who may get it where a slot is filled; everybody by default", example="tag('vip')")
    )
    weight: int = field(default=0, metadata=doc("which of several fills a slot first, up to 999: higher goes first"))

    def __attrs_post_init__(self) -> None:
        """Refuse an item that says nothing."""
        if not (self.title or self.text or self.link):
            message = "expected at least one of title, text and link"
            raise ValueError(message)

    @weight.validator
    def _bounded(self, _attribute: Attribute[int], value: int) -> None:
        if not -_NAMED < value < _NAMED:
            message = f"expected a weight from -999 to 999, not {value}"
            raise ValueError(message)

    @property
    def body(self) -> str:
        """What is sent: the words, and the link below them."""
        return "\n".join(part for part in (self.text, self.link) if part)

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits that change whenever what is sent does."""
        shown = json.dumps([self.form, self.title, self.text, self.link], ensure_ascii=False)
        return sha256(shown.encode()).hexdigest()[:_VERSION_DIGITS]


@frozen(kw_only=True)
class Library(Content):
    """Chooses among the items of the config.

    A campaign's ``say`` names an item, which then goes to everybody, or a slot: then, of the items that list it and
    whose ``when`` holds for the recipient, the one goes out that this recipient has been sent least often, and of
    several the heaviest. Recipients that are no members get only items without ``when``.

    Scores are 1000 and the weight for an item that is named; in a slot the weight, less a penalty for each earlier
    touch with the item that outweighs every difference of weights.

    ```toml
    [content.matrix]
    use = "library"
    [content.matrix.items.brew-guide]
    kind = "educate"
    form = "article"
    topic = "brewing"
    slots = ["guide"]
    title = "How to brew green tea"
    link = "https://example.com/brew"
    ```
    """

    items_: dict[str, Item] = field(metadata=doc("the items by name"))

    @items_.validator
    def _at_least_one(self, _attribute: Attribute[dict[str, Item]], value: dict[str, Item]) -> None:
        if not value:
            message = "expected at least one item"
            raise ValueError(message)

    @property
    def slots(self) -> Sequence[str]:
        """The names of the items and of the slots that they fill."""
        return sorted({*self.items_, *(slot for item in self.items_.values() for slot in item.slots)})

    def items(self) -> Mapping[str, ContentItem]:
        """Return the items by name."""
        return {
            name: ContentItem(name=name, text=item.body, title=item.title, purpose=item.purpose, version=item.version)
            for name, item in self.items_.items()
        }

    def facts(self) -> Mapping[str, object]:
        """State what each item is for, says, and is of the matrix."""
        return {
            "items": {
                name: {"purpose": item.purpose, "text": f"{item.title}\n{item.body}", "theme": item.kind}
                for name, item in self.items_.items()
            }
        }

    def match(self, view: View, proposals: Frame) -> Frame:
        """Return the items that fit each proposal: proposal, content, score (Float64)."""
        columns = ["proposal", "recipient", "recipient_kind", "slot"]
        fitting = proposals.select(*columns).join(self._places(view), on="slot", how="inner")
        allowed = self._allowed(view, fitting)
        counted = allowed.join(_seen(view), on=["recipient", "recipient_kind", "content"], how="left")
        penalty = nw.when(nw.col("named")).then(0).otherwise(nw.col("seen").fill_null(0) * self._penalty)
        score = nw.col("weight") - penalty + nw.when(nw.col("named")).then(_NAMED).otherwise(0)
        return counted.select("proposal", "content", score.cast(nw.Float64).alias("score"))

    @property
    def _penalty(self) -> int:
        weights = [item.weight for item in self.items_.values()]
        return max(weights) - min(weights) + 1

    def _places(self, view: View) -> Frame:
        """Return which item may fill which slot: slot, content, weight, named, guarded (has a condition to meet)."""
        named = [(name, name, item.weight, True, False) for name, item in self.items_.items()]
        filling = [
            (slot, name, item.weight, False, item.when is not None)
            for name, item in self.items_.items()
            for slot in dict.fromkeys(item.slots)
            if slot not in self.items_
        ]
        schema = {
            "slot": nw.String(),
            "content": nw.String(),
            "weight": nw.Int64(),
            "named": nw.Boolean(),
            "guarded": nw.Boolean(),
        }
        return view.table(dict(zip(schema, zip(*named, *filling, strict=True), strict=True)), schema)

    def _allowed(self, view: View, fitting: Frame) -> Frame:
        """Drop the items whose condition does not hold for the recipient."""
        conditions = {name: item.when for name, item in self.items_.items() if item.when}
        free = fitting.filter(~nw.col("guarded"))
        if not conditions:
            return free
        guarded = fitting.filter(nw.col("guarded"), nw.col("recipient_kind") == "member")
        members = view.profile(*conditions.values()).join(
            guarded.select(member=nw.col("recipient")).unique(), on="member", how="semi"
        )
        columns = {f"holds_{position}": name for position, name in enumerate(conditions)}
        holds = [view.compile(conditions[name]).alias(column) for column, name in columns.items()]
        judged = long(view.keep(members.select("member", *holds)), ["member"], list(columns), "place", "holds")
        names = view.table(
            {"place": list(columns), "content": list(columns.values())}, {"place": nw.String(), "content": nw.String()}
        )
        met = judged.filter(nw.col("holds")).join(names, on="place", how="inner")
        fit = met.select(nw.col("member").alias("recipient"), "content")
        return nw.concat([free, guarded.join(fit, on=["recipient", "content"], how="semi")])


def _seen(view: View) -> Frame:
    """Return how often each recipient was sent each item: recipient, recipient_kind, content, seen."""
    sent = view.touches.filter(nw.col("state").is_in(_SEEN))
    return sent.group_by("recipient", "recipient_kind", "content").agg(nw.len().cast(nw.Int64).alias("seen"))


@hookimpl
def siyu_register_contents() -> Mapping[str, type[Content]]:
    """Bring ``library``."""
    return {"library": Library}
