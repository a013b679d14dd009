r"""File format of saved models: a JSON header and plain arrays in one ``.npz`` file.

Untrusted files are read safely. The header, ``header.json``, declares the dtype and shape
of every other member, so that the memory needed is known, and compared with the size of
the file, before anything is allocated. Members are not compressed, so no file expands to
more than its size. Arrays have no objects, so nothing is ever unpickled.
"""

from __future__ import annotations

import glob
import json
import math
import os
import re
import secrets
import shutil
import stat
import struct
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np

from skshallow.exceptions import UnreadableModel

FORMAT = 1
HEADER = "header.json"
LARGEST_HEADER = 1 << 22
LARGEST_NPY_HEADER = 512
DRAFT = ".{}.{}.tmp"
OLD_DRAFT = 600.0  # seconds after which no process can still be writing it

# bool, integers, floats, text, dates and durations; no objects, no records, no void
PLAIN_DTYPE = re.compile(
    r"[<>|](b1|[iu][1248]|f[248]|U[1-9][0-9]{0,8}|[mM]8(\[[0-9]{0,9}[a-zA-Z]{1,2}\])?)"
)
ARRAY_NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
# The literal that NumPy writes. It is not evaluated as NumPy does: Python's parser raises
# SystemError now and then if several threads use it at once.
NPY_HEADER = re.compile(
    rb"\{'descr': '([^']+)', 'fortran_order': (False|True), "
    rb"'shape': \(((?:\d+, )*\d*),?\), \} *\n"
)
BYTES_AT_ONCE = 1 << 20

# Exceptions that reading a damaged file may raise.
DAMAGE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    EOFError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    struct.error,
    zipfile.BadZipFile,
)


@contextmanager
def reading(path: str | os.PathLike, what: str = "a net") -> Iterator[None]:
    """Convert errors about a damaged file into one `UnreadableModel` with its name."""
    try:
        yield
    except DAMAGE as error:
        reason = str(error)
        if not isinstance(error, UnreadableModel):
            reason = f"it is damaged ({type(error).__name__}: {error})."
        raise UnreadableModel(f"Cannot load {what} from {str(path)!r}: {reason}") from error


# What may be found at a path in place of a file.
NO_FILES = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def check_path(path: Any) -> None:
    """Check that `path` is a path, and that no folder, pipe, socket or device is there.

    Opening a pipe can wait for ever, and writing a file anew would replace a device by it.
    Symbolic links are followed.

    Raises
    ------
    TypeError
        If `path` is not a str or a path-like.
    OSError
        If what is there is not a regular file, or if the path is empty.
    """
    if not (isinstance(path, str | os.PathLike) and isinstance(os.fspath(path), str)):
        advice = " Pass its name instead." if hasattr(path, "seek") else ""
        raise TypeError(f"path must be a str or a path-like, got {path!r}.{advice}")
    if not os.fspath(path):
        raise FileNotFoundError("path is an empty string. Pass the path of a file.")
    try:
        kind = stat.S_IFMT(os.stat(path).st_mode)
    except FileNotFoundError:
        return
    if kind in NO_FILES:
        error = IsADirectoryError if kind == stat.S_IFDIR else shutil.SpecialFileError
        raise error(
            f"{str(path)!r} is {NO_FILES[kind]}, not a file. Pass the path of a file."
        )


def check_folder_of(path: str | os.PathLike, what: str) -> None:
    """Raise FileNotFoundError if the folder in which `what` is to be does not exist."""
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(
            f"There is no folder {folder!r} for {what}. Create it first: "
            f"os.makedirs({folder!r})."
        )


def is_plain(dtype: np.dtype) -> bool:
    """Return whether arrays of this dtype may be stored."""
    return PLAIN_DTYPE.fullmatch(dtype.str) is not None


# Writing.


def write(
    path: str | os.PathLike, content: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> None:
    """Write `content`, plain JSON, and `arrays` to `path`, all or nothing."""
    declared = {
        name: {"dtype": array.dtype.str, "shape": array.shape}
        for name, array in arrays.items()
    }
    header = {"format": FORMAT, **content, "arrays": declared}
    text = json.dumps(header, allow_nan=False).encode()
    if len(text) > LARGEST_HEADER:
        raise ValueError(
            f"Everything but the arrays takes {len(text)} bytes as JSON; at most "
            f"{LARGEST_HEADER} bytes can be saved. Use arrays instead of long lists or "
            "texts as parameters."
        )
    with _replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(HEADER), text)
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")
            with archive.open(member, "w", force_zip64=True) as stream:
                np.lib.format.write_array(
                    stream, np.asarray(array, order="C"), (1, 0), allow_pickle=False
                )


@contextmanager
def _replacing(path: str | os.PathLike) -> Iterator[IO[bytes]]:
    """Yield a new file that replaces `path` once it is on the disk."""
    check_path(path)
    target = Path(os.path.realpath(path))  # keeps a symbolic link, and replaces its target
    draft = target.with_name(DRAFT.format(target.name, secrets.token_hex(8)))
    try:
        with open(draft, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, draft)
        os.replace(draft, target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def remove_old_drafts(path: str | os.PathLike) -> None:
    """Remove temporary files of processes that were killed while writing `path`."""
    target = Path(os.path.realpath(path))
    pattern = DRAFT.format(glob.escape(target.name), "*")
    for draft in target.parent.glob(pattern):
        with suppress(OSError):  # already removed, or another user's
            if time.time() - draft.stat().st_mtime > OLD_DRAFT:
                draft.unlink()


# Reading.


def read(path: str | os.PathLike) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the header, without its declarations, and the arrays of the file `path`."""
    with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
        members = _members(archive, os.fstat(file.fileno()).st_size)
        header = _header(archive, members.pop(HEADER))
        declared = header.pop("arrays")
        names = {f"{name}.npy" for name in declared if ARRAY_NAME.fullmatch(name)}
        if len(names) != len(declared) or names != members.keys():
            _refuse("its members are not those that its header declares")
        arrays = {
            name: _array(archive, members[f"{name}.npy"], **declaration)
            for name, declaration in declared.items()
        }
    return header, arrays


def _refuse(reason: str) -> NoReturn:
    raise UnreadableModel(f"{reason}.")


def _members(archive: zipfile.ZipFile, file_size: int) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name; check that together they fit into the file."""
    members = {member.filename: member for member in archive.infolist()}
    if len(members) != len(archive.infolist()):
        _refuse("two of its members have the same name")
    if HEADER not in members:
        _refuse(f"it is an archive without {HEADER}, so no net was saved in it")
    for member in members.values():
        if member.compress_type != zipfile.ZIP_STORED:
            _refuse(f"{member.filename!r} is compressed")
        if member.file_size != member.compress_size:
            _refuse(f"{member.filename!r} declares two sizes")
        if not 0 <= member.header_offset < file_size:
            _refuse(f"{member.filename!r} lies outside of the file")
    in_order = sorted(members.values(), key=lambda member: member.header_offset)
    for member, following in pairwise(in_order):
        if member.header_offset + member.compress_size >= following.header_offset:
            _refuse(f"{member.filename!r} and {following.filename!r} overlap")
    if sum(member.file_size for member in members.values()) > file_size:
        _refuse("its members together are larger than the file")
    return members


def _header(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> dict[str, Any]:
    """Return the JSON header; check that its format is known."""
    if member.file_size > LARGEST_HEADER:
        _refuse(f"its header takes {member.file_size} bytes, over {LARGEST_HEADER}")
    header = json.loads(
        archive.read(member).decode(),
        object_pairs_hook=_unique,
        parse_float=_finite,
        parse_constant=_finite,
    )
    if not isinstance(header, dict) or type(header.get("format")) is not int:
        _refuse("its header names no format")
    if header["format"] > FORMAT:
        _refuse(
            f"it is of format {header['format']}, written by skshallow "
            f"{header.get('skshallow')}, and this version reads formats up to {FORMAT}. "
            "Upgrade skshallow"
        )
    if header["format"] < 1:
        _refuse(f"there is no format {header['format']}")
    return header


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object as dict; refuse duplicate keys."""
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("its header has the same key twice")
    return found


def _finite(text: str) -> float:
    """Return a JSON number; refuse NaN and infinities, which are not JSON."""
    number = float(text)
    if not math.isfinite(number):
        _refuse(f"its header holds {text}, which is no number of JSON")
    return number


def _array(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, dtype: str, shape: list[int]
) -> np.ndarray:
    """Return a member as array of the declared dtype and shape, in native byte order."""
    name = member.filename
    if PLAIN_DTYPE.fullmatch(dtype) is None:
        _refuse(f"{name!r} is declared to hold {dtype!r}, which is no plain dtype")
    if not all(type(length) is int and length >= 0 for length in shape):
        _refuse(f"{name!r} is declared to have the shape {shape!r}")
    with archive.open(member) as stream:
        found_shape, found_dtype, header_size = _npy_header(stream, name)
        if found_dtype != np.dtype(dtype) or found_shape != tuple(shape):
            _refuse(f"{name!r} is not of the dtype and shape that the header declares")
        if math.prod(shape) * found_dtype.itemsize != member.file_size - header_size:
            _refuse(f"{name!r} holds more or less than its dtype and shape take")
        array = np.empty(found_shape, found_dtype)
        data = array.reshape(-1).view(np.uint8).data
        for start in range(0, len(data), BYTES_AT_ONCE):
            part = data[start : start + BYTES_AT_ONCE]
            part[:] = stream.read(len(part))  # as many bytes, else it raises ValueError
        if stream.read(1):  # only reading to the end compares the checksum
            _refuse(f"{name!r} goes on after its end")
    if array.dtype.kind == "b" and (array.view(np.uint8) > 1).any():
        _refuse(f"{name!r} holds truth values other than true and false")
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind == "U" and (array.ravel().view(np.uint32) > sys.maxunicode).any():
        _refuse(f"{name!r} holds numbers that are no characters")
    return array


def _npy_header(stream: IO[bytes], name: str) -> tuple[tuple[int, ...], np.dtype, int]:
    """Return shape, dtype and size of the header of a member."""
    if np.lib.format.read_magic(stream) != (1, 0):
        _refuse(f"{name!r} is no array of format 1.0")
    (length,) = struct.unpack("<H", stream.read(2))
    text = stream.read(min(length, LARGEST_NPY_HEADER))
    found = NPY_HEADER.fullmatch(text)
    if len(text) != length or found is None:
        _refuse(f"{name!r} has a header that NumPy does not write")
    dtype, fortran_order, shape = (group.decode("ascii") for group in found.groups())
    if PLAIN_DTYPE.fullmatch(dtype) is None:
        _refuse(f"{name!r} is of the dtype {dtype!r}, and the header declares a plain one")
    if fortran_order == "True":
        _refuse(f"{name!r} is in Fortran order")
    lengths = tuple(int(text) for text in shape.split(", ") if text)
    return lengths, np.dtype(dtype), stream.tell()
