"""Check whether a built calculator matches the sources next to it. Runs before every run, so it must be fast.

A binary newer than every source file counts as built from them. A copied clone has new file times, so next to the binary
is a stamp, the digest of its sources: while it matches, nothing is rebuilt.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path


def is_fresh(binary: Path, crate: Path) -> bool:
    """Return whether `binary` exists and was built from the sources in `crate`; renew an old stamp."""
    if not binary.is_file():
        return False
    built_at, stamp = binary.stat().st_mtime_ns, _stamp(binary)
    if built_at >= max(path.stat().st_mtime_ns for path in _sources(crate)):
        if not stamp.is_file() or stamp.stat().st_mtime_ns < built_at:
            mark(binary, crate)
        return True
    if not stamp.is_file() or stamp.read_text("ascii", "replace").strip() != digest(crate):
        return False
    _touch(binary)  # the next check is fast
    _touch(stamp)
    return True


def mark(binary: Path, crate: Path) -> None:
    """Write the stamp: `binary` belongs to the present sources. A read-only folder is left alone."""
    _touch(binary)  # cargo does not touch a binary if a changed file does not affect it
    with contextlib.suppress(OSError):
        _stamp(binary).write_text(digest(crate) + "\n", encoding="ascii")


def digest(crate: Path) -> str:
    """Return the SHA-256 over name and content of every source file of the binary."""
    whole = hashlib.sha256(b"calculator-sources/1\0")
    for path in _sources(crate):
        content = path.read_bytes()
        whole.update(f"{path.relative_to(crate).as_posix()}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def _sources(crate: Path) -> list[Path]:
    found = [crate / "Cargo.toml", crate / "Cargo.lock", *(crate / "src").rglob("*")]
    return sorted(path for path in found if path.is_file())


def _stamp(binary: Path) -> Path:
    return binary.with_name(f"{binary.name}.sources")


def _touch(path: Path) -> None:
    with contextlib.suppress(OSError):
        os.utime(path)
