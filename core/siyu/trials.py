"""A brand's tests of what its campaigns say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
from attrs import evolve

from siyu.addresses import revealed
from siyu.components import component
from siyu.config.programme import PRODUCTION
from siyu.delivery.pace import Pace
from siyu.delivery.render import Renderer
from siyu.delivery.trial import ACCESS, Saying, Trial, choices, marked, noted, said, sent, waited
from siyu.errors import UserError
from siyu.gate.stopped import targets
from siyu.gate.suppressed import barred
from siyu.identities import is_text
from siyu.kinds import Campaign, Channel, Content
from siyu.rights.accesses import whoever
from siyu.rights.rights import Rights
from siyu.sending import Sending
from siyu.stages.feature import feature
from siyu.stages.identify import identify
from siyu.stages.record import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from siyu.delivery.register import Register
    from siyu.kinds import Message
    from siyu.passes import Moment
    from siyu.view import View
    from siyu.work import Work

__all__ = ["Trials"]

# For how many seconds a test waits at most.
_PATIENCE = 120


class Trials(Rights, Sending):
    """Sends tests."""

    def send_test(
        self,
        campaign: str,
        *,
        to: str | int,
        by: str,
        step: str = "",
        content: str = "",
        now: Moment = None,
        tell: Callable[[str], None] = lambda _words: None,
    ) -> list[Trial]:
        """Send what a campaign says to a tester, by its real channels; each item that could fill a slot.

        It is no touch: no cap counts it, no metric sees it, and each has a key of its own. The gate's rules on
        consent and time are not asked, so it goes to nobody but the recipients of ``[gate] testers``, outside
        production of ``[gate] allow``, and never to whom the suppression list has. A channel's rate holds for tests as
        for all that goes by it, and is waited for. Kept in ``accesses``, a row for each message, are who sent it, when,
        of which campaign, by which channel and to whom.

        Args:
            campaign: The campaign.
            to: The tester: an outside id, a number, or a bare mail address or phone number.
            by: Who tests.
            step: The only step to test; all by default.
            content: The only item to say, of those that the content has.
            now: The moment of it.
            tell: Is told when the rate of a channel has to be waited for.

        Raises:
            UserError: There is no such campaign, step or item; the recipient is no tester; the channel is of another
                environment, or stopped, or its rate is used up for minutes.
            PluginError: A channel failed.
        """
        asked = _outside(to)
        number, text = self.number(asked), self._text(asked)
        sayings = self._sayings(campaign, step)
        with self._pass("control", now) as work:
            with work.session.reading():
                self._may_get(work.view, number, str(to))
                self._may_send(work.view, {one.channel for one in sayings})
                _looked_at(work, number)
                messages = list(self._messages(work, campaign, sayings, number, content))
                found = list(self._addressed(work, messages, number, text))
            register = self._register(work)
            for channel, batch in found:
                _soon(channel, register.pace(channel), len(batch))
            with work.session.writing(work.run.id) as writer:
                record(work, writer)
            trials: list[Trial] = []
            for channel, batch in found:
                row = {"member": number, "actor": whoever(by), "what": ACCESS, "reason": noted(campaign, channel.name)}
                trials += self._at_its_rate(register, channel, batch, row, tell)
            return trials

    def _at_its_rate(
        self,
        register: Register,
        channel: Channel,
        batch: Sequence[Message],
        row: Mapping[str, Any],
        tell: Callable[[str], None],
    ) -> Iterator[Trial]:
        """Send as many messages at a time as a channel's rate lets go; between them a delivery may have its turn."""
        left, pace, seen = list(batch), Pace(None), -1
        while left:
            with self._delivering:
                # While it waited, the channel may have been stopped, and what others sent counts too.
                self._may_send(register.work.view, {channel.name})
                pace = pace if register.others() == seen else register.pace(channel)
                room = pace.room()
                part = left if room is None else left[: max(0, room)]
                if part:
                    pace.spend(len(part))
                    _keep(register.work, [{**row, "time": register.clock.now()}] * len(part))
                    yield from sent(register.work, channel, part)
                left, seen = left[len(part) :], register.others()
            if left:
                waited(channel, pace, len(left), tell)

    def _sayings(self, campaign: str, step: str) -> list[Saying]:
        known = {one.name: one for one in self.programme.of(Campaign)}
        if campaign not in known:
            raise UserError(f"no campaign '{campaign}'; there is {', '.join(known) or 'none'}")
        sayings = said(known[campaign])
        chosen = [one for one in sayings if step in {"", one.step}]
        if not chosen:
            raise UserError(
                f"campaign.{campaign} has no step '{step}'; it has {', '.join(one.step for one in sayings)}"
            )
        return chosen

    def _may_get(self, view: View, number: int, asked: str) -> None:
        gate, here = self.programme.gate, self.programme.environment
        key, listed = ("testers", gate.testers) if here == PRODUCTION else ("allow", gate.allow)
        _, ids = component(view, number)
        if not {self.number(one) for one in listed} & set(ids):
            raise UserError(f"{asked} gets no tests in {here}: put the outside id into [gate] {key} first")
        person, _ = component(view, number)
        if view.rows(barred(view).filter(nw.col("member") == person)):
            raise UserError(f"{asked} is on the suppression list: nothing is sent to them, not even a test")

    def _may_send(self, view: View, names: set[str]) -> None:
        here, stopped = self.programme.environment, dict(view.rows(targets(view)))
        for channel in self.programme.of(Channel):
            if channel.name in names and channel.environment not in {here, ""}:
                raise UserError(f"channel '{channel.name}' belongs to {channel.environment}, and this is {here}")
            for target in (f"channel:{channel.name}", "all") if channel.name in names else ():
                if target in stopped:
                    raise UserError(f"{target} is {stopped[target]}: siyu resume lets it send again")

    def _messages(
        self, work: Work, campaign: str, sayings: list[Saying], number: int, content: str
    ) -> Iterator[tuple[str, Message]]:
        """Yield the channel and the message of each item that is to be tested."""
        sources, renderer = self.programme.of(Content), Renderer(self.programme, self._keys)
        items = {name: item for source in sources for name, item in source.items().items()}
        if content and content not in items:
            raise UserError(f"no content '{content}'; there is {', '.join(sorted(items))}")
        purpose = {one.name: one.purpose for one in self.programme.of(Campaign)}[campaign]
        for saying in sayings:
            for name in [content] if content else choices(work.view, campaign, saying, number, sources):
                row = {"id": 0, "recipient": number, "recipient_kind": "member", "sender": "", "campaign": campaign}
                row |= {"step": saying.step, "content": name, "channel": saying.channel, "offer": saying.offer}
                marketing = items[name].purpose == "marketing"
                yield saying.channel, marked(renderer.message(row | {"purpose": "marketing" if marketing else purpose}))

    def _addressed(
        self, work: Work, messages: list[tuple[str, Message]], number: int, text: str
    ) -> Iterator[tuple[Channel, list[Message]]]:
        """Yield each channel with its messages, addressed."""
        if not messages:
            raise UserError("no content fits this recipient: say which to test, as in --content NAME")
        for channel in self.programme.of(Channel):
            mine = [message for name, message in messages if name == channel.name]
            if not mine:
                continue
            kind, _, value = text.partition(":")
            address = value if kind == channel.address else ""
            if channel.address and not address:
                address = revealed(work.view, work.session.vault, channel.address, {number}).get(number, "")
                if not address:
                    raise UserError(
                        f"channel '{channel.name}' needs an address of the kind '{channel.address}', and none is known"
                    )
            yield channel, [evolve(one, address=address) for one in mine]


def _soon(channel: Channel, pace: Pace, number: int) -> None:
    """Refuse tests that would have to wait for longer than anybody does."""
    wait = pace.until(number)
    if wait > _PATIENCE:
        raise UserError(
            f"channel '{channel.name}' sends {channel.rate} at most, and is free for {number} tests in {wait:.0f} s: "
            "test then, or fewer at a time, as by one step or one item"
        )


def _keep(work: Work, rows: list[dict[str, Any]]) -> None:
    """Keep that tests are sent, before they are."""
    with work.session.writing(work.run.id) as writer:
        writer.add("accesses", {name: [row[name] for row in rows] for name in rows[0]})


def _looked_at(work: Work, number: int) -> None:
    """Bring what is known of a tester up to date, as conditions of content ask for it."""
    _, ids = component(work.view, number)
    work.scope = work.keep(work.view.table({"member": ids}, {"member": nw.Int64()}))
    own = work.view.raw["events"].join(work.scope, on="member", how="semi")
    work.view = work.view.having(events=work.keep(own))
    identify(work)
    feature(work)


def _outside(to: str | int) -> str | int:
    """Return a bare address as the outside id that it is."""
    if not is_text(to) or ":" in str(to):
        return to
    kind = "email" if "@" in str(to) else "phone" if str(to).strip().startswith("+") else ""
    return f"{kind}:{to}" if kind else to
