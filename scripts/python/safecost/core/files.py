"""Files that are whole or not there, and reading what anybody may have put in their place."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import BinaryIO

from safecost.core.errors import UsageError
from safecost.core.text import file_name


def replace(path: Path, data: bytes, *, durable: bool) -> None:
    """Write a file atomically: `path` holds the old content or the whole new one, whenever this process is killed.

    With `durable` that holds after a power cut too, at the price of waiting for the disk. Raises OSError.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    if durable:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the new name has to survive as well
        finally:
            os.close(folder)


def remove_temporaries(folder: Path) -> None:
    """Remove what processes that were killed in `replace` have left in a folder."""
    for file in folder.glob(".*.tmp"):
        file.unlink(missing_ok=True)


def read_plain(path: Path, most: int) -> bytes:
    """The bytes of a regular file of at most `most` bytes; follows no link and waits for no pipe.

    Raises OSError, with strerror saying what it is instead.
    """
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(file, "rb") as stream:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "it is no plain file")
        if status.st_size > most:
            raise OSError(0, f"it has {status.st_size} bytes, and {most} are the most")
        return stream.read(most + 1)


def opened(path: Path, wanted: str, name: str = "") -> BinaryIO:
    """A regular file that a user named, or a link to one: no pipe is waited for, and no device read without end.

    Raises UsageError in one sentence where it cannot be read; `wanted` says what it should have been, and `name` how a
    message calls it, where that is not its path.
    """
    name = name or file_name(path)
    try:
        stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except FileNotFoundError as error:
        raise UsageError(f"{name} does not exist: give {wanted}.") from error
    except IsADirectoryError as error:
        raise UsageError(f"{name} is not a file: give {wanted}.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UsageError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise UsageError(f"{name} is not a file: give {wanted}.")
    return stream


def read_given(path: Path, most: int, wanted: str, name: str = "") -> bytes:
    """The bytes of such a file; raises UsageError as `opened` does, and where there are more than `most`."""
    with opened(path, wanted, name) as stream:
        size = os.fstat(stream.fileno()).st_size
        data = stream.read(most + 1) if size <= most else b""
    refuse_oversized(max(size, len(data)), most, name or file_name(path), wanted)
    return data


def refuse_oversized(size: int, most: int, name: str, wanted: str) -> None:
    """Raises UsageError where something has more bytes than it may."""
    if size > most:
        raise UsageError(f"{name} has {size} bytes, and at most {most} are read: give {wanted}.")
