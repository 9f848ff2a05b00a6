"""The brand's keys: found where the config says; the newest is made where it is not there."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from siyu.errors import UserError

if TYPE_CHECKING:
    from siyu.config.tables import Brand
    from siyu.config.units import Secret

__all__ = ["brand_keys"]


def brand_keys(brand: Brand, folder: Path) -> tuple[str, ...]:
    """Return all keys that ids were made with, the oldest first; new outside ids take the last one.

    A key file that does not exist is made, with a random key that only its owner can read: whoever loses it can
    match no id again.

    Raises:
        UserError: The environment variable is not set, the file cannot be read or made, or two keys are the same.
    """
    older = [one.reveal(folder) for one in brand.older_keys]
    keys = (*older, _newest(brand.key, folder))
    if len(set(keys)) < len(keys):
        raise UserError("[brand] key is among its older_keys: a new key is another one; delete the line, or make one")
    return keys


def _newest(secret: Secret, folder: Path) -> str:
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
