"""Segments: a condition, a list of members from a file, a sample, or what all of these leave."""

from __future__ import annotations

from pathlib import Path

from attrs import field, frozen

from siyu.config.expressions import Condition
from siyu.config.units import Share
from siyu.kinds import doc

__all__ = ["Segment"]


@frozen(kw_only=True)
class Segment:
    """One segment: ``[segment] vip = "spend_90d >= '500.00'"``, or a table where it is more than a condition.

    Whoever meets all that is given is in it. Sets are put together in conditions:
    ``"segment('vip') and not segment('staff')"``.
    """

    when: Condition | None = field(default=None, metadata=doc("who is in it", example="orders_90d >= 3"))
    ids: tuple[str, ...] = field(default=(), metadata=doc("only these, as outside ids", example=["wecom:wm7"]))
    list: Path | None = field(
        default=None,
        metadata=doc("only those in a file of the brand's folder, one outside id a line", example="lists/vip.txt"),
    )
    sample: Share | None = field(
        default=None, metadata=doc("a share of them, drawn once and for all by each member's number", example="10%")
    )

    def __attrs_post_init__(self) -> None:
        """Refuse a segment that everybody is in.

        Raises:
            ValueError: Nothing is given.
        """
        if self.when is None and not self.listed and self.sample is None:
            message = "expected when, ids, list or sample: without them it is everybody"
            raise ValueError(message)

    @property
    def listed(self) -> bool:
        """Whether only those on a list are in it."""
        return bool(self.ids) or self.list is not None

    @property
    def needs(self) -> frozenset[str]:
        """The columns that its condition reads."""
        return self.when.needs if self.when else frozenset()

    @property
    def text(self) -> str:
        """What it says, for a person."""
        listed = f"listed in {self.list}" if self.list else f"one of {len(self.ids)} ids" if self.ids else ""
        parts = [self.when.text if self.when else "", listed]
        parts.append(f"a sample of {self.sample}" if self.sample else "")
        return " and ".join(part for part in parts if part)
