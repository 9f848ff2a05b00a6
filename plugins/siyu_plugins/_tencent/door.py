"""The entries that Tencent's platforms call back: what they have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import Attribute, field, frozen

from siyu.config.units import Duration, Secret
from siyu.errors import UserError
from siyu.kinds import Answer, Entry, doc
from siyu_plugins._tencent.cipher import AesKey
from siyu_plugins._tencent.envelope import Lock
from siyu_plugins._tencent.refusal import PLAIN, Refusal

if TYPE_CHECKING:
    from siyu.kinds import Batch, Intake, Request
    from siyu_plugins._tencent.xml import Xml

__all__ = ["Door"]


@frozen(kw_only=True)
class Door(Entry):
    """An entry that takes callbacks: GET to show that it has the token, POST for each message.

    Attributes:
        limit: No callback of these platforms comes near it.
        thanks: The body of an answer to a message that was taken.
    """

    limit: ClassVar[int] = 262_144
    thanks: ClassVar[bytes] = b""

    tokens: tuple[Secret, ...] = field(
        default=(),
        metadata=doc(
            "where the callback's token is kept; while it is exchanged the new one and the old one",
            example=[{"env": "WECOM_TOKEN"}],
        ),
    )
    keys: tuple[Secret, ...] = field(
        default=(),
        metadata=doc(
            "where the EncodingAESKey is kept; while it is exchanged the new one and the old one",
            example=[{"env": "WECOM_KEY"}],
        ),
    )
    tolerance: Duration = field(
        default=Duration(300),
        metadata=doc("how far the moment of a callback may be from now; others are refused", example="5m"),
    )

    @tolerance.validator
    def _check_tolerance(self, _: Attribute[Any], value: Duration) -> None:
        if value.seconds < 1:
            raise ValueError("expected a second at least, as in '5m'")

    @property
    @abstractmethod
    def receiver(self) -> str:
        """Whom encrypted messages must be for."""

    @abstractmethod
    def shown(self, request: Request, lock: Lock) -> bytes:
        """Return what the platform wants to read when it tries the address."""

    @abstractmethod
    def opened(self, request: Request, lock: Lock) -> Xml:
        """Return the message that a request brings, once it is known to be the platform's."""

    @abstractmethod
    def taken(self, message: Xml, intake: Intake) -> tuple[Batch, ...]:
        """Return what a message says, as rows; nothing where it says nothing of members or groups.

        Raises:
            Refusal: It lacks what every message of its sort has.
        """

    def receive(self, request: Request, intake: Intake) -> Answer:
        """Answer a callback: see ``siyu.kinds.Answer`` for what a status means."""
        try:
            return self._answer(request, intake)
        except Refusal as refusal:
            return refusal.answer

    def _answer(self, request: Request, intake: Intake) -> Answer:
        if request.method not in ("GET", "POST"):
            raise Refusal(405, "only GET and POST are answered")
        lock = self._lock(intake)
        if request.method == "GET":
            return Answer(status=200, body=self.shown(request, lock), headers=PLAIN)
        # Before the body is looked at.
        lock.fresh(request)
        batches = self.taken(self.opened(request, lock), intake)
        return Answer(status=200, body=self.thanks, headers=PLAIN, batches=batches)

    def _lock(self, intake: Intake) -> Lock:
        if not self.tokens:
            raise UserError(f"entry '{self.name}' has no token to tell callbacks by; give it 'tokens'")
        return Lock(
            tokens=tuple(secret.reveal(intake.folder) for secret in self.tokens),
            keys=tuple(self._key(secret, intake) for secret in self.keys),
            receiver=self.receiver,
            tolerance=self.tolerance.seconds,
        )

    def _key(self, secret: Secret, intake: Intake) -> AesKey:
        try:
            return AesKey.parse(secret.reveal(intake.folder))
        except ValueError as error:
            raise UserError(f"entry '{self.name}': the key {secret} is none: {error}") from None
