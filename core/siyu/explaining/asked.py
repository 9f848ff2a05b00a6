"""A brand's answer to why somebody got a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from siyu.errors import UserError
from siyu.explain import Section
from siyu.explaining.plain import LANGUAGES, plain
from siyu.explaining.sections import sections
from siyu.explaining.touch import decided, found, told
from siyu.rights.preferences import Preferences

if TYPE_CHECKING:
    from siyu.explaining.touch import Told
    from siyu.passes import Moment

__all__ = ["Explaining", "TouchExplanation"]


@frozen(kw_only=True)
class TouchExplanation:
    """Why somebody got a message, or did not.

    Attributes:
        touch: The touch's id, as text: it has more digits than some programs keep of a number.
        member: The member's number; None where the recipient is no member, or was erased.
        erased: When the recipient was erased, in epoch seconds; None where they were not.
        sections: All of it for a colleague, as tables; moments are in the brand's zone.
        customer: The same in plain words for the customer: sentences, to be read out.
    """

    touch: str
    member: int | None
    erased: int | None
    sections: list[Section]
    customer: list[str]


class Explaining(Preferences):
    """Explains touches."""

    def explain_touch(
        self, touch: int | str, *, language: str = "", now: Moment = None, by: str = ""
    ) -> TouchExplanation:
        """Return why somebody got a touch, or did not, as it was known when it was decided.

        What was known is computed anew by the stages of a pass, from the log up to where the deciding one had read
        it, and by the config of then. That it was looked at is kept in ``accesses``.

        Args:
            touch: The touch's id, a number or its text.
            language: ``en`` or ``zh``, for the words to the customer; by default the member's, else the brand's.
            now: The moment at which it is asked, for the log.
            by: Who asks; whoever runs the program by default.

        Raises:
            UserError: There is no such touch, or no such language.
        """
        if language and language not in LANGUAGES:
            raise UserError(f"no words are known in '{language}'; there are {' and '.join(LANGUAGES)}")
        number = _number(touch)
        with self.store.opened() as session, session.reading():
            row = found(self.view(session, self._second(now)), number)
            run = decided(self.view(session, 0), row)
            told_ = told(self._work(session, "plan", run.now), row, run)
            explained = self._explained(told_, language)
        if told_.touch["recipient_kind"] == "member":
            self._accessed("explain", row["recipient"], by, now, f"touch {number}")
        return explained

    def _explained(self, told_: Told, language: str) -> TouchExplanation:
        page = "" if told_.member is None else self._pages.address(told_.member)
        return TouchExplanation(
            touch=str(told_.touch["id"]),
            member=told_.member,
            erased=told_.erased,
            sections=sections(told_, self.programme, self.registry.events),
            customer=plain(told_, self.programme, page, language),
        )


def _number(touch: int | str) -> int:
    text = str(touch).strip()
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(2**63)):
        raise UserError(f"'{touch}' is no id of a touch, which is a number: siyu explain MEMBER lists a member's")
    return int(text)
