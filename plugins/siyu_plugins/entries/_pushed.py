"""What all entries share that take signed JSON: who may send, and what is no message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from siyu.kinds import Answer, Entry, doc
from siyu_plugins.entries._json import parsed
from siyu_plugins.entries._signature import Signature

if TYPE_CHECKING:
    from siyu.kinds import Intake, Request

__all__ = ["Pushed"]


@frozen(kw_only=True)
class Pushed(Entry):
    """An entry that takes signed JSON by POST; its ``mapped`` is handed what the bodies hold."""

    signature: Signature = field(metadata=doc("how the sender shows that a message is its own"))
    reply: str = field(
        default="", metadata=doc("what is answered to a message that was taken; nothing by default", example="success")
    )

    def receive(self, request: Request, intake: Intake) -> Answer:
        """Take a message: 401 where it is not signed, 400 where it is no JSON.

        Raises:
            UserError: A secret is not there.
        """
        if request.path != "/":
            return Answer(status=404)
        if request.method != "POST":
            return Answer(status=405, headers={"allow": "POST"})
        if not self.signature.holds(request, intake):
            return Answer(status=401)
        try:
            message = parsed(request.body)
        except ValueError as error:
            return Answer(status=400, body=str(error).encode())
        return Answer(status=200, body=self.reply.encode(), messages=(message,))
