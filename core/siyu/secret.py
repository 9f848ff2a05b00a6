"""The brand's key: found where the config says, or made at the first opening."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from siyu.errors import UserError

if TYPE_CHECKING:
    from siyu.config.units import Secret

__all__ = ["brand_key"]


def brand_key(secret: Secret, folder: Path) -> str:
    """Return the key that ids are made with.

    A key file that does not exist is made, with a random key that only its owner can read: whoever loses it can
    match no id again.

    Raises:
        UserError: The environment variable is not set, or the file cannot be read or made.
    """
    if secret.file:
        path = folder / secret.file
        if not path.exists():
            _make(path)
    return secret.reveal(folder)


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Under another name first: a key file that is there is whole, whenever the program ends.
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
        Path(name).unlink()
    except OSError as error:
        message = f"cannot make the brand's key file {path}: {error.strerror}; make it, or name another in [brand] key"
        raise UserError(message) from None
