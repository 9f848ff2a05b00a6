"""The units that a config writes as text, each with the one parser of its kind.

Every ``parse`` raises a ValueError whose words say what was expected, with an example; ``str`` gives the text back
in its plainest written form.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from attrs import field, frozen

from siyu.config._words import shown
from siyu.errors import UserError

__all__ = ["DAY", "Clock", "ClockRange", "Duration", "Money", "Secret", "Share"]

DAY = 86_400

_UNITS = {"w": 7 * DAY, "d": DAY, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile("".join(f"(?:(?P<{unit}>[0-9]{{1,9}}){unit})?" for unit in _UNITS))
_LONGEST = 36_525 * DAY
_CLOCK = re.compile(r"(?P<hours>[01][0-9]|2[0-3]):(?P<minutes>[0-5][0-9])(?::(?P<seconds>[0-5][0-9]))?")
_SHARE = re.compile(r"(?P<whole>[0-9]{1,3})(?:\.(?P<part>[0-9]{1,2}))?%")
_MONEY = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]{1,15})(?:\.(?P<part>[0-9]+))?")
_FULL = 10_000


@frozen(order=True)
class Duration:
    """A span of time, as in ``"90d"``, ``"2h30m"``, ``"20s"`` or ``"2w"``.

    Attributes:
        seconds: Its length in seconds.
    """

    seconds: int

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read a span from text: whole numbers with w, d, h, m or s, from the longest unit to the shortest.

        Raises:
            ValueError: The text is no span, or one longer than 100 years.
        """
        match = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
        if match is None:
            message = f"expected a duration as text, as in '90d', '2h30m' or '20s', not {shown(text)}"
            raise ValueError(message)
        seconds = sum(int(number) * _UNITS[unit] for unit, number in match.groupdict().items() if number)
        if seconds > _LONGEST:
            message = f"expected a duration of 100 years at most, as in '365d', not {shown(text)}"
            raise ValueError(message)
        return cls(seconds)

    @property
    def days(self) -> int:
        """The whole days in it."""
        return self.seconds // DAY

    def __str__(self) -> str:
        """The written form, in days, hours, minutes and seconds."""
        rest, parts = self.seconds, ""
        for unit in "dhms":
            count, rest = divmod(rest, _UNITS[unit])
            parts += f"{count}{unit}" if count else ""
        return parts or "0s"


@frozen(order=True)
class Money:
    """An amount of the brand's currency.

    Attributes:
        minor: The amount in minor units (fen, cents).
        exponent: How many decimals the currency has; only for the written form.
    """

    minor: int
    exponent: int = field(default=2, eq=False, order=False, repr=False)

    @classmethod
    def parse(cls, text: object, exponent: int = 2) -> Self:
        """Read an amount from text, with all decimals of the currency or none.

        Args:
            text: The text, as in ``"500.00"`` or ``"500"``; a number is refused, since a float holds no money.
            exponent: How many decimals the currency has.

        Raises:
            ValueError: The value is no text, or has other decimals than the currency.
        """
        match = _MONEY.fullmatch(text) if isinstance(text, str) else None
        part = (match["part"] or "0" * exponent) if match else ""
        if match is None or len(part) != exponent or (match["part"] and not exponent):
            example = str(cls(500 * 10**exponent, exponent))
            message = f"expected money as text with {_decimals(exponent)}, as in '{example}', not {shown(text)}"
            raise ValueError(message)
        minor = int(match["whole"] + part)
        return cls(-minor if match["sign"] else minor, exponent)

    def __str__(self) -> str:
        """The written form, with all decimals."""
        sign = "-" if self.minor < 0 else ""
        if not self.exponent:
            return f"{self.minor}"
        whole, part = divmod(abs(self.minor), 10**self.exponent)
        return f"{sign}{whole}.{part:0{self.exponent}}"


def _decimals(exponent: int) -> str:
    return f"{exponent} decimals" if exponent else "no decimals"


@frozen(order=True)
class Clock:
    """A time of day, as in ``"10:00"``.

    Attributes:
        seconds: Seconds since midnight.
    """

    seconds: int

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read a time of day from text, ``"00:00"`` to ``"23:59"``.

        Raises:
            ValueError: The text is no time of day.
        """
        match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            message = f"expected a time of day as text, from '00:00' to '23:59', as in '09:30', not {shown(text)}"
            raise ValueError(message)
        return cls(int(match["hours"]) * 3_600 + int(match["minutes"]) * 60 + int(match["seconds"] or 0))

    def __str__(self) -> str:
        """The written form, with seconds only where there are any."""
        minutes, seconds = divmod(self.seconds, 60)
        written = f"{minutes // 60:02}:{minutes % 60:02}"
        return f"{written}:{seconds:02}" if seconds else written


@frozen
class ClockRange:
    """A part of the day, as in ``"20:00-21:30"``; ``"21:00-09:00"`` goes over midnight.

    Attributes:
        start: Its first second of the day.
        end: The first second after it.
    """

    start: int
    end: int

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read a part of the day from text: two times of day with a hyphen between.

        Raises:
            ValueError: The text is no such range, or its two times are the same.
        """
        try:
            first, second = text.split("-") if isinstance(text, str) else ("", "")
            start, end = Clock.parse(first.strip()).seconds, Clock.parse(second.strip()).seconds
        except ValueError:
            message = f"expected a part of the day as text, as in '20:00-21:30', not {shown(text)}"
            raise ValueError(message) from None
        if start == end:
            message = f"expected a part of the day that ends at another time than it starts, not {shown(text)}"
            raise ValueError(message)
        return cls(start, end)

    def __str__(self) -> str:
        """The written form."""
        return f"{Clock(self.start)}-{Clock(self.end)}"


@frozen(order=True)
class Share:
    """A part of a whole, as in ``"10%"`` or ``"2.5%"``.

    Attributes:
        basis_points: Hundredths of a percent, 0 to 10,000.
    """

    basis_points: int

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read a share from text: a percentage of 0% to 100% with two decimals at most.

        Raises:
            ValueError: The value is no such text; a number is refused, since 0.1 and 10 would be confused.
        """
        match = _SHARE.fullmatch(text) if isinstance(text, str) else None
        points = int(match["whole"]) * 100 + int((match["part"] or "").ljust(2, "0")) if match else _FULL + 1
        if points > _FULL:
            message = f"expected a share as text, from '0%' to '100%', as in '10%' or '2.5%', not {shown(text)}"
            raise ValueError(message)
        return cls(points)

    def __str__(self) -> str:
        """The written form, with the decimals that it needs."""
        whole, part = divmod(self.basis_points, 100)
        return f"{whole}.{part:02}".rstrip("0") + "%" if part else f"{whole}%"


@frozen
class Secret:
    """Where a secret is kept; the config never holds the secret itself.

    Attributes:
        env: The environment variable that holds it; empty where a file does.
        file: The file that holds it, relative to the brand's folder; empty where a variable does.
    """

    env: str = ""
    file: str = ""

    @classmethod
    def parse(cls, table: object) -> Self:
        """Read where a secret is kept: ``{ env = "NAME" }`` or ``{ file = "path" }``.

        Raises:
            ValueError: The value is no such table. Its words never repeat the value, which may be the secret itself.
        """
        if isinstance(table, Mapping) and len(table) == 1:
            ((key, value),) = table.items()
            if key in ("env", "file") and isinstance(value, str) and value.strip():
                return cls(**{key: value})
        message = 'expected where the secret is kept, as in { env = "WECOM_SECRET" } or { file = ".siyu/key" }'
        raise ValueError(message)

    def reveal(self, folder: Path) -> str:
        """Return the secret, without surrounding white space.

        Args:
            folder: The brand's folder, that a relative file starts from.

        Raises:
            UserError: The variable is not set, the file cannot be read, or what it holds is empty.
        """
        value = self._from_file(folder) if self.file else os.environ.get(self.env, "").strip()
        if not value:
            mend = f"write the secret into {folder / self.file}" if self.file else f"set the variable {self.env}"
            message = f"the secret {self} is empty: {mend}"
            raise UserError(message)
        return value

    def _from_file(self, folder: Path) -> str:
        path = folder / self.file
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "not UTF-8"
            message = f"cannot read the secret {self}: {why}; write it into {path}"
            raise UserError(message) from error

    def __str__(self) -> str:
        """The written form: where it is kept."""
        return f'{{ file = "{self.file}" }}' if self.file else f'{{ env = "{self.env}" }}'
