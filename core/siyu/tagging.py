"""Tags that people give and take, and what a channel has to change of its own: both rest on the taggers' word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from siyu.by_hand import Said, write
from siyu.config._words import closest
from siyu.errors import UserError
from siyu.kinds import Tagger
from siyu.moments import midnight, moment
from siyu.values import Marking

if TYPE_CHECKING:
    from siyu.config.programme import Programme
    from siyu.kinds import Frame
    from siyu.work import Work

__all__ = ["Word", "end_of", "marker", "marks", "say"]


@frozen
class Word:
    """What a person says of a member and a tag.

    Attributes:
        type: Whether the tag is given or taken: the event's type.
        tag: The tag.
        by: Who says it.
        props: What is said besides, by name; what is None or empty is not said.
    """

    type: Literal["tagged", "untagged"]
    tag: str
    by: str
    props: Mapping[str, str | int | None]

    @property
    def text(self) -> str | None:
        """The props as JSON; None where there are none."""
        said = {name: value for name, value in self.props.items() if value not in (None, "")}
        return json.dumps(said, ensure_ascii=False, sort_keys=True) if said else None


def say(work: Work, key: str, word: Word, number: int, asked: str) -> None:
    """Stage a person's word as an event, unless it is in the log.

    Its id is made of all that it says and of its moment, so that saying it again, as after a time-out, adds nothing.

    Args:
        work: The pass, whose moment is the event's.
        key: The brand's key.
        word: What is said.
        number: The member's number.
        asked: The member as a person wrote it, for an error.

    Raises:
        UserError: Nobody says it, no tagger lets people give the tag, or the log knows no such member by now.
    """
    _allowed(work.programme, word.tag)
    said = Said(type=word.type, subject=word.tag, by=word.by, props=word.text)
    write(work, key, said, number, asked)


def end_of(until: int | str | None, now: int, zone: str) -> int | None:
    """Return the second when a tag ends: a day, without a time, is the last one on which it holds.

    Raises:
        UserError: It is no moment, or none after now.
    """
    if until is None or isinstance(until, int):
        end = until
    else:
        end = moment(until, zone)
        end = midnight(zone, date.fromisoformat(until), 1) if _is_day(until) else end
    if end is not None and end <= now:
        raise UserError(f"'{until}' is over: a tag ends after the moment when it is given; leave it out for no end")
    return end


def marker(programme: Programme, channel: str) -> Marking:
    """Return the tagger that says which of its own tags a channel should show.

    Raises:
        UserError: No tagger says which tags the channel should show, or several do.
    """
    taggers = [each for each in programme.of(Tagger) if isinstance(each, Marking) and each.marked_channel]
    found = [each for each in taggers if each.marked_channel == channel]
    if not found:
        hint = closest(channel, {each.marked_channel for each in taggers}) or "a tagger 'channel-tags' with 'out' does"
        raise UserError(f"no tagger says which of its own tags '{channel}' should show; {hint}")
    if len(found) > 1:
        names = " and ".join(f"[tagger.{each.name}]" for each in found)
        raise UserError(f"{names} both say which tags '{channel}' should show; put what goes out into one of them")
    return found[0]


def marks(work: Work, tagger: Marking) -> Frame:
    """Return what the tagger's channel has to change of its own tags, computed and in order: member, mark, change.

    Raises:
        PluginError: The tagger fails.
    """
    with work.registry.attributed(work.programme.owners["tagger", tagger.name], f"tagger.{tagger.name}"):
        return work.keep(tagger.marks(work.view).select("member", "mark", "change").sort("member", "mark"))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _allowed(programme: Programme, tag: str) -> None:
    known = {name: meaning for tagger in programme.of(Tagger) for name, meaning in tagger.by_hand.items()}
    if tag in known:
        return
    if not known:
        raise UserError(
            f"no tagger lets people give '{tag}', or any tag; a tagger 'manual' lists those that may be given"
        )
    told = ", ".join(f"{name} ({meaning})" if meaning else name for name, meaning in sorted(known.items()))
    hint = closest(tag, known) or f"there are {told}"
    raise UserError(f"no tagger lets people give '{tag}'; {hint}")
