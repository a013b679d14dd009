"""Exclusive locks of files, which end with the process that holds them.

The operating system releases the lock of a process that is killed, so none is left over.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

LOCK = ".{}.lock"
# So often the lock file may be removed by its last holder between opening and locking it.
ATTEMPTS = 100


class Locked(Exception):
    """Another thread or process holds the lock."""


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        """Lock an open file; raise Locked if it is locked, OSError if it cannot be."""
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise Locked from error

    def _release(file: IO[bytes], path: Path) -> None:
        """Release the lock and remove the file, which Windows refuses while it is open."""
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        file.close()
        with suppress(OSError):  # another fit has opened it
            path.unlink()

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        """Lock an open file; raise Locked if it is locked, OSError if it cannot be."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Locked from error

    def _release(file: IO[bytes], path: Path) -> None:
        """Remove the file, while nobody else can lock it, and release the lock."""
        with suppress(OSError):  # the folder was removed, or is now read-only
            path.unlink()
        fcntl.flock(file, fcntl.LOCK_UN)
        file.close()


@contextmanager
def locked(path: str | os.PathLike) -> Iterator[None]:
    """Hold the lock of the file `path`, which need not exist, where locks can be had.

    The lock is that of an empty file beside `path`, which is removed in the end; `path`
    itself is replaced by another file at each write. On file systems without locks, and
    where the empty file cannot be made, nothing is locked.

    Raises
    ------
    Locked
        If another thread or process holds the lock.
    """
    target = Path(os.path.realpath(path))
    beside = target.with_name(LOCK.format(target.name))
    try:
        file = _open_locked(beside)
    except OSError:
        file = None
    if file is None:
        yield
        return
    _HELD.add(file)
    try:
        yield
    finally:
        if not file.closed:
            _release(file, beside)


def _open_locked(path: Path) -> IO[bytes] | None:
    """Return the file `path`, made if needed, with its lock; None if it keeps vanishing."""
    for _ in range(ATTEMPTS):
        with ExitStack() as closing:
            file = closing.enter_context(open(path, "ab", buffering=0))
            try:
                _lock(file)
            except OSError:
                path.unlink()
                raise
            if _is_at(path, file):
                closing.pop_all()
                return file
    return None


def _is_at(path: Path, file: IO[bytes]) -> bool:
    """Return whether an open file is still the one at `path`."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


# The locked files of this process. A forked process has them open as well, and would keep
# the locks if this one is killed.
_HELD: weakref.WeakSet[IO[bytes]] = weakref.WeakSet()


def _close_inherited() -> None:
    """In a forked process, close the files that the other process has locked."""
    for file in list(_HELD):
        file.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_inherited)
