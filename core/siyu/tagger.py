"""What is known of members, as tags: what a plugin that gives tags is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import narwhals as nw
from attrs import frozen

from siyu.kind import Component

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from siyu.values import Frame
    from siyu.view import View

__all__ = ["Tagger"]


@frozen(kw_only=True)
class Tagger(Component):
    """What is known of members, as tags.

    Attributes:
        transitions: An event type, where each member has one tag of this tagger at most and a change of it is kept
            as an event of that type: ``subject`` is the new tag, ``ref`` the former one. Empty where it is not.
    """

    kind: ClassVar[str] = "tagger"
    transitions: ClassVar[str] = ""

    @property
    def gives(self) -> Sequence[str]:
        """The names of the tags that it may give, for ``tag('…')`` in conditions."""
        return (self.name,)

    @property
    def by_hand(self) -> Mapping[str, str]:
        """The tags that people may give and take by events ``tagged`` and ``untagged``, each with what it means."""
        return {}

    @property
    def evidence(self) -> Mapping[str, str]:
        """Why a member has a tag of ``flags``, by tag."""
        return {}

    def flags(self, view: View, names: Collection[str]) -> Frame | None:  # noqa: ARG002 - a base has none
        """Return member and a Boolean column ``tag:NAME`` for each of some names, where its tags are plain yes or no.

        The core then keeps them as bits and does not call ``tags``. None where they have values or scores.

        Args:
            view: The view.
            names: Those of ``gives`` that are asked for; none where it is asked only whether they are plain.
        """
        return None

    def steady(self, view: View) -> Collection[str]:  # noqa: ARG002 - a base has none
        """Return those tags of ``flags`` that change of a member only when their own features or attributes do.

        A run then asks ``flags`` for them only of the members of whom something changed. Time, other members and
        other tags must have no say in them.
        """
        return ()

    def turned(self, view: View, names: Collection[str], day: int) -> Frame | None:  # noqa: ARG002 - a base has none
        """Return ``flags`` of those members alone of whom one of them was another on a day, with what is known now.

        So a run reads the tags of the last run only of these. None where it cannot be told: then ``flags`` is asked.

        Args:
            view: The view.
            names: Those of ``gives`` that are asked for, none of which is steady.
            day: The day of the last run.
        """
        return None

    def tags(self, view: View) -> Frame:
        """Return all tags that members have now: member, tag, value?, score?, evidence?, expires? (Int64 second).

        A row whose ``expires`` has passed is no tag any more: the change log then says that it expired.
        """
        flags = self.flags(view, self.gives)
        if flags is None:
            raise NotImplementedError
        kept, why = view.keep(flags), {tag: nw.lit(self.evidence.get(tag)) for tag in self.gives}
        having = {tag: kept.filter(nw.col(f"tag:{tag}")) for tag in self.gives}
        return nw.concat([having[tag].select("member", tag=nw.lit(tag), evidence=why[tag]) for tag in self.gives])
