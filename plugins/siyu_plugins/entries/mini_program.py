"""Mini programs: events that the mini program's own back end posts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import Attribute, field, frozen

from siyu import hookimpl
from siyu.kinds import Batch, Entry, Intake, doc
from siyu_plugins.entries._pushed import Pushed
from siyu_plugins.entries._sheet import Sheet, by_unit, items

__all__ = ["MiniProgram", "siyu_register_entries"]

_OPENID, _UNIONID = "{openid}", "{unionid}"
_FIELDS = ("id", "time", "place", "staff", "subject", "ref", "amount", "quantity")


@frozen(kw_only=True)
class MiniProgram(Pushed):
    """Takes what members do in a mini program, from its back end, which knows them by openid and unionid.

    The back end posts one event, a list of events, or ``{"events": [...]}``, and signs it (see ``signature``):

    ```json
    {
      "id": "v-20261111-7",
      "event": "viewed",
      "time": 1794362400,
      "openid": "oLive1",
      "unionid": "u-7",
      "subject": "gaiwan",
      "props": {"page": "sale"}
    }
    ```

    ``id`` is the back end's own, for ever: the same event again leaves nothing new. ``event`` is an event type,
    ``time`` epoch seconds or ISO text; one of ``openid`` and ``unionid`` must be there. Further fields are those of
    events: ``place``, ``staff``, ``subject``, ``ref``, ``amount`` (in major units), ``quantity``, ``props``.

    A member is ``openid:APPID/OPENID``, or ``wechat:UNIONID`` where there is no openid. An event with both joins the
    two, so that one person is one member in all of the brand's accounts and programs.
    """

    appid: str = field(metadata=doc("the mini program's id, which its openids belong to", example="wx0123456789abcdef"))

    @appid.validator
    def _check_appid(self, _: Attribute[str], value: str) -> None:
        if not value.isalnum():
            raise ValueError(f"expected an appid, as in 'wx0123456789abcdef', not '{value}'")

    def facts(self) -> Mapping[str, object]:
        """State that people become members by it."""
        return {"brings_members": True}

    def mapped(self, messages: Sequence[Any], intake: Intake) -> Iterable[Batch]:
        """Return the events of members with an openid, those of others, and what joins the two ids."""
        here, elsewhere = f"openid:{self.appid}/{_OPENID}", f"wechat:{_UNIONID}"
        objects = items(messages, "events")
        opened = [one for one in objects if one.text(_OPENID)]
        others = [one for one in objects if not one.text(_OPENID)]
        for member, some in ((here, opened), (elsewhere, others)):
            read = {**{name: name for name in _FIELDS}, "member": member, "type": "event"}
            for scores, alike in by_unit(some, "event"):
                yield Sheet(source=self.name, references=read, props="props", scores=scores).batch(intake, alike)
        both = [one for one in opened if one.text(_UNIONID)]
        if both:
            linked = {"member": here, "other": elsewhere, "time": "time"}
            evidence = {"evidence": f"mini program {self.appid}"}
            yield Sheet(source=self.name, table="links", references=linked, defaults=evidence).batch(intake, both)


@hookimpl
def siyu_register_entries() -> Mapping[str, type[Entry]]:
    """Register the entry ``mini-program``."""
    return {"mini-program": MiniProgram}
