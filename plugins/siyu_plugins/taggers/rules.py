"""Tags by conditions: whoever meets a tag's condition has the tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Attribute, field, frozen

from siyu.config.expressions import Condition
from siyu.hooks import hookimpl
from siyu.kinds import Frame, Tagger, doc

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from siyu.view import View

__all__ = ["Rules", "siyu_register_taggers"]


@frozen(kw_only=True)
class Rules(Tagger):
    """Gives a tag to every member who meets the tag's condition at the moment of the run.

    The condition's own text is the evidence; there is neither a value nor a score.

    ```toml
    [tagger.value]
    use = "rules"
    [tagger.value.when]
    vip = "spend_90d >= '500.00' and orders_90d >= 3"
    ```
    """

    when: dict[str, Condition] = field(
        metadata=doc("the tags, each with the condition that gives it", example={"vip": "orders_90d >= 3"})
    )

    @when.validator
    def _at_least_one(self, _attribute: Attribute[dict[str, Condition]], value: dict[str, Condition]) -> None:
        if not value:
            message = 'expected at least one tag, as in vip = "orders_90d >= 3"'
            raise ValueError(message)

    @property
    def gives(self) -> Sequence[str]:
        """The names of the tags."""
        return tuple(self.when)

    @property
    def evidence(self) -> Mapping[str, str]:
        """The conditions."""
        return {tag: condition.text for tag, condition in self.when.items()}

    def flags(self, view: View, names: Collection[str]) -> Frame:
        """Return member and a column ``tag:NAME`` for each of some tags, all told in one pass over the members."""
        return view.judged(self._asked(names))

    def turned(self, view: View, names: Collection[str], day: int) -> Frame | None:
        """Return the same of those members alone to whom the days that passed made a difference."""
        return view.turned(self._asked(names), day)

    def _asked(self, names: Collection[str]) -> dict[str, Condition]:
        return {f"tag:{tag}": condition for tag, condition in self.when.items() if tag in names}

    def steady(self, view: View) -> Collection[str]:
        """Return the tags whose conditions ask neither for time nor for other tags and segments."""
        return [tag for tag, condition in self.when.items() if view.steady(condition)]


@hookimpl
def siyu_register_taggers() -> Mapping[str, type[Tagger]]:
    """Bring ``rules``."""
    return {"rules": Rules}
