"""The synchronisation of WeCom: staff, their contacts and tags, and groups, page by page, beside what is known.

Callbacks get lost, and what was there before the first one was never called back. So every so often all of it is asked
for: for each staff member first which contacts there are, to find those that ended, then page by page what they are;
then all groups. How far it has come is the entry's cursor, so that it goes on from there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import narwhals as nw
from attrs import asdict, evolve, field, frozen
from attrs.validators import ge

from siyu.config.units import Duration
from siyu.kinds import Batch, doc
from siyu_plugins._platform import PlatformError
from siyu_plugins._wecom import App, calling
from siyu_plugins.entries import _wecom_contacts as people
from siyu_plugins.entries import _wecom_groups as crowds
from siyu_plugins.entries import _wecom_rows as pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from siyu.kinds import Frame, Intake
    from siyu_plugins._http import Client

__all__ = ["Pull", "Pulling", "pulled"]

_PAGE = 100
_TOGETHER = 10
_GROUPS = 50
_LISTED = 1000
# What the platform answers for a staff member without contacts.
_NOBODY = 84061
_REJECT = {"source": nw.String(), "line": nw.Int64(), "reason": nw.String(), "raw": nw.String()}


@frozen(kw_only=True)
class Pull(App):
    """The app that contacts, tags and groups are synchronised with, and how often."""

    every: Duration = field(
        default=Duration.parse("1d"), metadata=doc("from the begin of one synchronisation to the next", example="1d")
    )
    pages: int = field(
        default=1000,
        validator=ge(1),
        metadata=doc("how many pages of 100 contacts, or of 50 groups, one run reads at most; the next one goes on"),
    )
    marks: str = field(
        default="",
        metadata={
            **doc("the channel that the tags of contacts are of; the entry's name by default", example="wecom"),
            "refers": "channel",
        },
    )


class Pulling(Protocol):
    """What the synchronisation asks of its entry."""

    @property
    def name(self) -> str:
        """The entry's name."""

    @property
    def corp(self) -> str:
        """The corp's id."""

    @property
    def app(self) -> Pull | None:
        """The app to call with; None where nothing is to be called."""


@frozen
class _Place:
    """How far it has come.

    Attributes:
        began: When this synchronisation, or the last one, began; 0 for never.
        under_way: Whether it is not at its end.
        staff: The last staff member that is done.
        page: The platform's cursor within the contacts of the next one.
        group: The last group that is done; with the first one all staff are done.
    """

    began: int = 0
    under_way: bool = False
    staff: str = ""
    page: str = ""
    group: str | None = None

    def __str__(self) -> str:
        return json.dumps(asdict(self))


def pulled(entry: Pulling, intake: Intake) -> Iterable[Batch]:
    """Read what a synchronisation finds, from where the last pass ended; nothing where none is due.

    Where the platform fails after something was read, that is kept, and the failure is among the rejects; the next
    pass goes on there.

    Args:
        entry: The entry.
        intake: What it reads with.

    Raises:
        UserError: The secret is not there, or the platform refuses.
    """
    app = entry.app
    if app is None:
        return
    place = _Place(**json.loads(intake.cursor)) if intake.cursor else _Place()
    if not place.under_way:
        if place.began and intake.now < place.began + app.every.seconds:
            return
        place = _Place(began=intake.now, under_way=True)
    with calling(entry.corp, app, intake.folder) as client:
        read = 0
        try:
            for batch in _Synchronisation(entry, app, intake, client, place).batches():
                read += 1
                yield batch
        except PlatformError as error:
            if not read:
                raise
            yield _failure(entry, intake, error)


def _failure(entry: Pulling, intake: Intake, error: PlatformError) -> Batch:
    """Return a batch that says only that the platform failed."""
    row = {"source": entry.name, "reason": f"the synchronisation broke off: {error}"}
    nothing = pages.framed(intake, (), pages.EVENT)
    return Batch(rows=nothing, rejects=pages.framed(intake, [row], _REJECT))


class _Synchronisation:
    """One pass of a synchronisation."""

    def __init__(self, entry: Pulling, app: Pull, intake: Intake, client: Client, place: _Place) -> None:
        """Begin at a place."""
        self.entry = entry
        self.app = app
        self.intake = intake
        self.client = client
        self.place = place
        self.read = 0

    @property
    def source(self) -> str:
        """What the ids belong to: the corp, as for what it calls back."""
        return f"wecom/{self.entry.corp}"

    def batches(self) -> Iterator[Batch]:
        """Read staff by staff, then the groups, for as many pages as one pass reads."""
        if self.place.group is None:
            staff = sorted(self.client.get("externalcontact/get_follow_user_list").get("follow_user") or ())
            for one in staff:
                if one > self.place.staff:
                    yield from self._contacts(one)
                    if self.place.staff != one:
                        return
        yield from self._crowds()

    def _contacts(self, staff: str) -> Iterator[Batch]:
        """Read the contacts of a staff member; the place says whether all of them were read."""
        if not self.place.page:
            yield self._batch(people.went(self.intake, self.intake.view, self._listed(staff), staff, self.source))
        while self.read < self.app.pages and self.place.staff != staff:
            # Some pages together: to look up what is known costs more than to read a page.
            answers = [self._page(staff)]
            while len(answers) < _TOGETHER and self.place.page and self.read < self.app.pages:
                answers.append(self._page(staff))
            if not self.place.page:
                self.place = evolve(self.place, staff=staff)
            yield from self._found(answers)

    def _listed(self, staff: str) -> Frame:
        """Return the contacts that the platform has for a staff member: identity."""
        try:
            listed = self.client.get("externalcontact/list", userid=staff).get("external_userid") or ()
        except PlatformError as error:
            if error.code != _NOBODY:
                raise
            listed = ()
        return pages.framed(self.intake, [{"identity": f"wecom:{one}"} for one in listed], {"identity": nw.String()})

    def _page(self, staff: str) -> dict[str, Any]:
        """Return the next page of contacts; the first one where the platform has forgotten its cursor meanwhile."""
        try:
            answer = self._asked(staff, self.place.page)
        except PlatformError as error:
            if error.code is None or self.read or not self.place.page:
                raise
            answer = self._asked(staff, "")
        self.read += 1
        self.place = evolve(self.place, page=answer.get("next_cursor") or "")
        return answer

    def _asked(self, staff: str, cursor: str) -> dict[str, Any]:
        asked = {"userid_list": [staff], "limit": _PAGE, "cursor": cursor}
        try:
            return self.client.post("externalcontact/batch/get_by_user", asked)
        except PlatformError as error:
            if error.code != _NOBODY:
                raise
            return {}

    def _found(self, answers: Sequence[dict[str, Any]]) -> Iterator[Batch]:
        intake, view, source = self.intake, self.intake.view, self.source
        page = intake.keep(view.identified(self._framed(pages.contacts(answers), pages.CONTACT), "identity", "member"))
        tags = intake.keep(view.identified(self._framed(pages.marks(answers), pages.TAG), "identity", "member"))
        channel = self.app.marks or self.entry.name
        found = [
            people.joined(intake, view, page, source),
            people.came(intake, view, page, source),
            people.marked(intake, view, page, tags, channel, source),
        ]
        yield Batch(rows=people.links(intake, view, page), table="links")
        yield self._batch(*found)

    def _crowds(self) -> Iterator[Batch]:
        """Read all groups, those that are left."""
        listed = sorted(self._every_group())
        if self.place.group is None:
            known = pages.framed(self.intake, [{"group": one} for one in listed], {"group": nw.String()})
            self.place = evolve(self.place, staff="", page="", group="")
            yield self._batch(crowds.ended(self.intake, self.intake.view, known, self.source))
        done = self.place.group or ""
        rest = [one for one in listed if one > done]
        while rest and self.read < self.app.pages:
            part, rest = rest[:_GROUPS], rest[_GROUPS:]
            bodies = [{"chat_id": one, "need_name": 0} for one in part]
            answers = self.client.posts("externalcontact/groupchat/get", bodies)
            self.read += 1
            self.place = evolve(self.place, group=part[-1])
            yield from self._crowd(answers, last=not rest)
        if not rest and self.place.under_way:
            self.place = _Place(began=self.place.began)
            yield self._batch()

    def _every_group(self) -> Iterator[str]:
        cursor = ""
        while True:
            asked = {"status_filter": 0, "limit": _LISTED, "cursor": cursor}
            answer = self.client.post("externalcontact/groupchat/list", asked)
            yield from (one["chat_id"] for one in answer.get("group_chat_list") or ())
            cursor = answer.get("next_cursor") or ""
            if not cursor:
                return

    def _crowd(self, answers: Sequence[dict[str, Any]], *, last: bool) -> Iterator[Batch]:
        intake, view, source = self.intake, self.intake.view, self.source
        page = self._framed(pages.groups(answers), pages.GROUP)
        members = view.identified(self._framed(pages.group_members(answers), pages.MEMBER), "identity", "member")
        members = intake.keep(members)
        if last:
            self.place = _Place(began=self.place.began)
        found = [
            crowds.changed(intake, view, page, source),
            crowds.went(intake, view, page, members, source),
            crowds.came(intake, view, members, source),
        ]
        yield Batch(rows=people.links(intake, view, members), table="links")
        yield self._batch(*found)

    def _framed(self, rows: Sequence[dict[str, Any]], schema: Any) -> Frame:  # noqa: ANN401 - a schema of narwhals
        return pages.framed(self.intake, rows, schema)

    def _batch(self, *found: Frame) -> Batch:
        """Return what was found, with how far it has come."""
        rows = nw.concat(list(found)) if found else self._framed((), pages.EVENT)
        return Batch(rows=self.intake.keep(rows), cursor=str(self.place))
