"""What a member wants to get, as they say it themselves: shown, and written into the log of consents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from siyu.components import component
from siyu.errors import UserError
from siyu.gate.suppressed import barred
from siyu.kinds import Answer, Channel
from siyu.rights.links import Pages, opened
from siyu.rights.page import PURPOSES, asked, drawn, refused
from siyu.rights.rights import Rights
from siyu.stages.record import record

if TYPE_CHECKING:
    from siyu.kinds import Request
    from siyu.rights.page import Choice
    from siyu.view import View

__all__ = ["Preferences"]


class Preferences(Rights):
    """Answers the links by which members say what they want."""

    def preference_path(self, member: str | int) -> str:
        """Return the path, below the web application, of a member's own page: for the footer of a message.

        A POST to it with ``List-Unsubscribe=One-Click`` takes the consent to marketing back (RFC 8058), of one channel
        where ``?channel=NAME`` follows. The link holds for as long as the brand has its key, and leads to the person
        also after their ids are joined with others.

        Raises:
            UserError: The member is no id.
        """
        return self._pages.path(self.number(member))

    def preference_url(self, member: str | int, channel: str = "") -> str:
        """Return the whole address of a member's own page: ``[brand] url``, and ``preference_path`` below it.

        Args:
            member: An outside id, or a number.
            channel: The channel that one click is about; all of them by default.

        Raises:
            UserError: The member is no id, or the config does not say where the web application answers.
        """
        if not self.programme.brand.url:
            raise UserError("say in the config where the web application answers, as [brand] url")
        return self._pages.address(self.number(member), channel)

    @property
    def _pages(self) -> Pages:
        return Pages(self.programme.brand.url, self._keys)

    def preferences(self, request: Request) -> Answer:
        """Answer a request for a member's page: GET shows it and changes nothing, POST writes what is said.

        Args:
            request: The request, its path being the link's text.

        Returns:
            The page; 404 where the link was not made here, 405 for other methods, 400 for a form that says nothing.
        """
        language = self.programme.brand.language
        member = opened(self._keys, request.path.strip("/"))
        if request.method not in {"GET", "HEAD", "POST"}:
            return Answer(status=405, headers={"allow": "GET, HEAD, POST"})
        if member is None:
            return refused(request, language)
        channels = [one.name for one in self.programme.of(Channel)]
        posted = request.method == "POST"
        if posted:
            choice = asked(request, channels)
            if choice is None:
                return Answer(status=400)
            self._say_choice(member, choice, request.now)
        with self.viewing(request.now) as view:
            states = _states(view, member)
        return drawn(request, self.programme.brand.name, language, channels, states, done=posted)

    def _say_choice(self, member: int, choice: Choice, now: int) -> None:
        """Write what is said, unless it holds already, or the person was erased and must not come back."""
        with self._pass("ingest", now) as work:
            with work.session.reading():
                person, _ = component(work.view, member)
                known = _states(work.view, member).get((choice.channel, choice.purpose))
                gone = work.view.rows(barred(work.view).filter(nw.col("member") == person))
                if known == choice.state or gone:
                    return
                said = {"channel": choice.channel, "purpose": choice.purpose, "state": choice.state, "time": now}
                row = {**said, "member": member, "source": "preferences", "proof": choice.proof, "basis": "own word"}
                work.count("consents", work.stage("consents", work.row("consents", row)))
            with self._grants.lock, work.session.writing(work.run.id) as writer:
                record(work, writer)


def _states(view: View, member: int) -> dict[tuple[str, str], str]:
    """Return what a member's newest statements say, by channel and purpose; one for all purposes counts for each."""
    person, _ = component(view, member)
    mine = view.consents.filter(nw.col("member") == person)
    rows = sorted(view.rows(mine.select("time", "channel", "purpose", "state")))
    found = {}
    for _, channel, purpose, state in rows:
        for one in PURPOSES if purpose == "*" else (purpose,):
            found[channel, one] = state
    return found
