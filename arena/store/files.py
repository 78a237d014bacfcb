"""The files of a run directory: opened so that a link in it can never lead a read or write out of it.

A run may come from a stranger. Every command calls `require_plain`: it walks the directory and refuses everything
except regular files and folders. Later, files are opened from the directory's own descriptor, folder by folder, without
following links, and checked again once they are open: a name that was replaced in between has no effect. A run
directory may be named through a link; below it no link is followed.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import IO

from arena.errors import DataError, Issue, UsageError
from arena.formats.bounded import kind_of, open_regular

MAX_FOLDERS = 32
"""Folders within folders; a run has five."""

MAX_LISTED = 20

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_OWN_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{16}\.tmp", re.DOTALL)
_HOLES_FROM, _HOLES_FACTOR = 64 * 1024 * 1024, 100
"""A file of at least this size counts as sparse if it takes less than a hundredth of it on the disk."""


def is_temporary(name: str) -> bool:
    """Return whether `temporary_name` made this file name: an incomplete file, which a kill may leave."""
    return _OWN_TEMPORARY.fullmatch(name) is not None


def temporary_name(name: str) -> str:
    """Return an unpredictable name for an incomplete file: 64 random bits."""
    return f".{name}.{secrets.token_hex(8)}.tmp"


def open_folder(path: Path | str | int, inner: str = "", make: bool = False) -> int:
    """Return a descriptor of the folder `inner` (parts with `/`) below `path`, which may be a descriptor itself.

    Below `path` no link is followed.
    `make` creates what is missing of `inner`. Errors: OSError; ValueError for an `inner` that leads out of `path`.
    """
    if not inner:
        return os.open(".", _FOLDER_FLAGS, dir_fd=path) if isinstance(path, int) else os.open(path, _FOLDER_FLAGS)
    folder = path if isinstance(path, int) else os.open(path, _FOLDER_FLAGS)
    for part in inner.split("/"):
        try:
            if part in ("", ".", ".."):
                raise ValueError(f"{inner!r} leads out of its folder")
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=folder)
            deeper = os.open(part, _FOLDER_FLAGS | os.O_NOFOLLOW, dir_fd=folder)
        except OSError as error:
            raise _described(error, Path("." if isinstance(path, int) else path, inner)) from None
        finally:
            if folder != path:  # a descriptor belongs to the caller
                os.close(folder)
        folder = deeper
    return folder


@contextmanager
def opened_folder(path: Path | str | int, inner: str = "", make: bool = False) -> Iterator[int]:
    """Yield a descriptor as of `open_folder`, and close it."""
    folder = open_folder(path, inner, make)
    try:
        yield folder
    finally:
        os.close(folder)


def below_parts(path: Path, below: Path | None) -> tuple[Path, str, str]:
    """Return the trusted folder, the parts between it and the file, and the file's name."""
    if below is None or below == path.parent:
        return path.parent, "", path.name
    return below, path.parent.relative_to(below).as_posix(), path.name


def reading(path: Path, below: Path | None = None) -> BufferedReader:
    """Return a regular file open for reading; below `below` (the file's folder without it) no link is followed.

    Errors: OSError.
    """
    top, inner, name = below_parts(path, below)
    with opened_folder(top, inner) as folder:
        return os.fdopen(_open(name, os.O_RDONLY, folder, path), "rb")


def appending(path: Path, mode: int = 0o666, flags: int = os.O_WRONLY | os.O_CREAT | os.O_APPEND) -> int:
    """Return a descriptor of a file to be written in place; its folder is trusted.

    Errors: OSError, also for a file that has another name (a hard link), which would change with it.
    """
    with opened_folder(path.parent) as folder:
        descriptor = _open(path.name, flags, folder, path, mode)
    if os.fstat(descriptor).st_nlink > 1:
        os.close(descriptor)
        raise OSError(
            errno.EMLINK, "it is hard-linked: another name of the same file would change with it; copy it", str(path)
        )
    return descriptor


def create(folder: int, name: str, mode: int = 0o666) -> int:
    """Return a descriptor of a new file in a folder; a file or link of that name is replaced, never written into."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(name, flags, mode, dir_fd=folder)
    except FileExistsError:
        os.unlink(name, dir_fd=folder)
        return os.open(name, flags, mode, dir_fd=folder)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`. Errors: OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_atomic(path: Path, data: bytes, below: Path | None = None) -> None:
    """Write a file whole or not at all: temporary file next to it, fsync, rename. A link there is replaced.

    Folders between `below` and the file are made; no link is followed there. Errors: OSError.
    """
    out = AtomicFile(path, below)
    try:
        out.write(data)
        out.close()
    except OSError:
        out.discard()
        raise


class AtomicFile:
    """A file that is written in pieces and appears under its name only when it is `close`d; `write` takes bytes."""

    def __init__(self, path: Path, below: Path | None = None, mode: int = 0o666) -> None:
        """`below`: as of `write_atomic`; `mode`: of the file, less what the umask takes. Errors: OSError."""
        top, inner, self._name = below_parts(path, below)
        self._temporary = temporary_name(self._name)
        self._folder: int | None = open_folder(top, inner, make=True)
        try:
            self._file: IO[bytes] = os.fdopen(create(self._folder, self._temporary, mode), "wb")
        except OSError as error:
            self._release()
            raise _described(error, path) from None
        self.write = self._file.write

    def discard(self) -> None:
        """Remove an unfinished file; after `close` this does nothing."""
        if self._folder is not None:
            with suppress(OSError):
                self._file.close()
            with suppress(FileNotFoundError):
                os.unlink(self._temporary, dir_fd=self._folder)
            self._release()

    def close(self) -> None:
        """Make the file appear under its name, durably. Errors: OSError."""
        assert self._folder is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._temporary, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        os.fsync(self._folder)
        self._release()

    def _release(self) -> None:
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None


def remove_temporaries(folder: int) -> None:
    """Remove the incomplete files that killed processes left in an open folder and below it."""
    with os.scandir(folder) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        if is_folder:
            with opened_folder(folder, name) as deeper:
                remove_temporaries(deeper)
        elif is_temporary(name):
            os.unlink(name, dir_fd=folder)


def is_hollow(status: os.stat_result) -> bool:
    """Return whether a file is sparse: it claims bytes that are not on the disk."""
    return status.st_size >= _HOLES_FROM and status.st_blocks * 512 * _HOLES_FACTOR < status.st_size


def strangers(root: Path) -> Iterator[Issue]:
    """Yield everything that a run directory must not contain: links, FIFOs, sockets, devices, sparse files, folders
    nested too deep.

    `Issue.file` is the path below `root`. Errors: OSError if a folder cannot be read.
    """
    with opened_folder(root) as folder:
        yield from _strangers(folder, "", 1)


def _strangers(folder: int, prefix: str, depth: int) -> Iterator[Issue]:
    with os.scandir(folder) as entries:
        found = sorted(entry.name for entry in entries)
    for name in found:
        shown = prefix + name
        try:
            status = os.lstat(name, dir_fd=folder)
        except FileNotFoundError:  # a running run renames its temporary files
            continue
        if stat.S_ISDIR(status.st_mode):
            if depth >= MAX_FOLDERS:
                yield Issue(shown, "", f"is more than {MAX_FOLDERS} folders deep: no run has such a file")
                continue
            deeper = os.open(name, _FOLDER_FLAGS | os.O_NOFOLLOW, dir_fd=folder)
            try:
                yield from _strangers(deeper, f"{shown}/", depth + 1)
            finally:
                os.close(deeper)
        elif not stat.S_ISREG(status.st_mode):
            yield Issue(shown, "", f"is {kind_of(status.st_mode)}, and a run holds only regular files and folders")
        elif is_hollow(status):
            yield Issue(shown, "", f"claims {status.st_size} bytes and is a sparse file")


def require_plain(root: Path) -> None:
    """Refuse a run directory that contains anything except regular files and folders.

    Errors: DataError with each of them (MAX_LISTED at most), or if a folder cannot be read.
    """
    try:
        found = [Issue(f"{root}/{issue.file}", "", issue.message) for issue, _ in zip(
            strangers(root), range(MAX_LISTED), strict=False)]  # fmt: skip
    except OSError as error:
        name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(root)
        raise DataError([Issue(name, "", f"cannot be read: {error.strerror}")]) from None
    if found:
        what = "remove it, or do not use this run: a command could change other files through it"
        raise DataError([*found, Issue(str(root), "", f"nothing was read or written; {what}")])


def require_folder(path: Path) -> None:
    """Check a folder to be written into. Errors: UsageError if it is a link or not a folder."""
    with suppress(FileNotFoundError):
        mode = os.lstat(path).st_mode
        if not stat.S_ISDIR(mode):
            raise UsageError(f"{path} is {kind_of(mode)}, not a folder; remove it first")


def _open(name: str, flags: int, folder: int, path: Path, mode: int = 0o666) -> int:
    try:
        return open_regular(name, flags | os.O_NOFOLLOW, folder, mode)
    except OSError as error:
        raise _described(error, path) from None


def _described(error: OSError, path: Path) -> OSError:
    """Return the same error with the whole path, and with an explanation for a link that was not followed."""
    reason = error.strerror
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        with suppress(OSError):
            if path.is_symlink():
                reason = "it is a symbolic link, which is not followed"
    return type(error)(error.errno, reason, str(path))
