#!/usr/bin/env python3
"""Download FEVER files, with resume, a check by SHA-256 and a progress bar.

python3 scripts/fetch_fever.py --to data/fever paper_dev.jsonl
python3 scripts/fetch_fever.py --to data/fever --unzip wiki-pages.zip

A download goes to FILE.part and is renamed when it is complete and its checksum matches. The publisher gives no
checksums, so the first download writes FILE.sha256 and later ones must match it; --sha256 requires one from the start.
Exit code 0 if every file is there, 1 if one was not available, 2 for wrong use. This was tested against a local server
that resumes, drops and changes files; the real host was not tried.

FEVER: J. Thorne, A. Vlachos, C. Christodoulopoulos, A. Mittal (NAACL-HLT 2018), CC BY-SA 3.0 and the licences of the
Wikipedia articles; https://fever.ai/dataset/fever.html
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import shutil
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.errors import EXIT_ERRORS, EXIT_INTERRUPTED, EXIT_OK, ArenaError, UsageError  # noqa: E402

BASE_URL = "https://fever.ai/download/fever"
FILES = (
    "train.jsonl",
    "shared_task_dev.jsonl",
    "shared_task_test.jsonl",
    "paper_dev.jsonl",
    "paper_test.jsonl",
    "wiki-pages.zip",
)
BLOCK = 256 * 1024
ATTEMPTS, DELAY_S, TIMEOUT_S = 5, 1.0, 30.0
NOT_WORTH_TRYING_AGAIN = frozenset({400, 401, 403, 404, 405, 410, 451})


class FetchFault(ArenaError):
    """A file could not be downloaded; what arrived so far is kept."""


class _Stale(Exception):
    """What was downloaded so far belongs to another version of the file: start over."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """One download: source, target, and patience."""

    url: str
    target: Path
    sha256: str = ""
    attempts: int = ATTEMPTS
    timeout_s: float = TIMEOUT_S
    sleep: Callable[[float], None] = time.sleep

    @property
    def part(self) -> Path:
        """The bytes that arrived so far."""
        return self.target.with_name(f"{self.target.name}.part")

    @property
    def validator(self) -> Path:
        """The ETag or date of the version that the part belongs to."""
        return self.target.with_name(f"{self.target.name}.part.json")

    @property
    def recorded(self) -> Path:
        """The checksum of the first whole download, in the form of `sha256sum`."""
        return self.target.with_name(f"{self.target.name}.sha256")


class Progress:
    """Bytes so far: a bar that is redrawn on a terminal, a line each tenth elsewhere, nothing when quiet."""

    def __init__(self, out: TextIO, name: str, quiet: bool) -> None:
        self._out, self._name, self._quiet = out, name, quiet
        self._live = out.isatty()
        self._last = -1

    def show(self, done: int, total: int | None) -> None:
        """Show `done` of `total` bytes (None: unknown)."""
        step = int(done / total * (100 if self._live else 10)) if total else done // (64 * 2**20)
        if self._quiet or step == self._last:
            return
        self._last = step
        unit, sign = (2**20, "MiB") if (total or done) >= 2**20 else (2**10, "KiB")
        size = f"{done / unit:.1f}" + (f" of {total / unit:.1f}" if total else "") + f" {sign}"
        if self._live and total:
            filled = round(30 * done / total)
            self._out.write(f"\r{self._name} [{'#' * filled}{'.' * (30 - filled)}] {size}")
        else:
            self._out.write(f"{self._name}: {size}\n")
        self._out.flush()

    def end(self) -> None:
        """Leave the bar's line."""
        if self._live and not self._quiet and self._last >= 0:
            self._out.write("\n")


def fetch(job: Fetch, progress: Progress) -> str:
    """Download one file unless it is there and whole; return its SHA-256.

    Raises FetchFault after the last attempt, for an answer that will not change, and for a wrong checksum.
    """
    expected = job.sha256.lower() or _recorded(job)
    if job.target.exists():
        found = digest(job.target)
        if expected and found != expected:
            raise FetchFault(f"{job.target}: SHA-256 is {found}, not {expected}; delete the file and try again")
        return found
    job.target.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(job.attempts):
        try:
            _continue(job, progress)
            break
        except _Stale:
            job.part.unlink(missing_ok=True)
            job.validator.unlink(missing_ok=True)
            reason = "the file on the server changed meanwhile"
        except urllib.error.HTTPError as error:
            reason = f"HTTP {error.code} {error.reason}"
            if error.code in NOT_WORTH_TRYING_AGAIN:
                raise FetchFault(f"{job.url}: {reason}; check the name of the file and --base-url") from None
        except urllib.error.URLError as error:
            reason = f"{error.reason}"
        except (OSError, http.client.HTTPException) as error:
            reason = f"{type(error).__name__}: {error}"
        if attempt + 1 == job.attempts:
            raise FetchFault(f"{job.url}: {reason} ({job.attempts} attempts); run the same command to go on")
        job.sleep(DELAY_S * 2**attempt)
    return _finish(job, expected)


def _continue(job: Fetch, progress: Progress) -> None:
    """Ask for the missing bytes and append them. Raises _Stale if the part belongs to another version."""
    have = job.part.stat().st_size if job.part.exists() else 0
    validator = _validator(job) if have else ""
    headers = {"User-Agent": "protocol-arena", "Accept-Encoding": "identity"}
    if have and not validator:
        raise _Stale  # Without a validator nothing says that the rest belongs to the same version.
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    request = urllib.request.Request(job.url, headers=headers)
    try:
        response = urllib.request.urlopen(request, timeout=job.timeout_s)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:
            if _total_of(error.headers.get("Content-Range", "")) == have:
                return
            raise _Stale from None
        raise
    with response:
        total = _check_answer(response, have)
        if response.status != 206:
            have = 0  # The server sends the whole file: it does not resume, or the file has changed.
        job.validator.write_text(json.dumps(_validators(response.headers)), encoding="utf-8")
        with job.part.open("ab" if have else "wb") as stream:
            while block := response.read(BLOCK):
                stream.write(block)
                have += len(block)
                progress.show(have, total)
    if total is not None and have != total:
        raise http.client.IncompleteRead(b"", total - have)


def _check_answer(response: http.client.HTTPResponse, have: int) -> int | None:
    """Return the size of the whole file. Raises _Stale for a part that does not follow the existing one."""
    if response.status == 206:
        given = response.headers.get("Content-Range", "")
        if not given.startswith(f"bytes {have}-"):
            raise _Stale
        return _total_of(given)
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _total_of(content_range: str) -> int | None:
    total = content_range.rpartition("/")[2]
    return int(total) if total.isdecimal() else None


def _validators(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the identifier of a version. A weak ETag may belong to other bytes, so it does not count."""
    etag = headers.get("ETag") or ""
    return {"validator": etag if etag and not etag.startswith("W/") else headers.get("Last-Modified") or ""}


def _validator(job: Fetch) -> str:
    try:
        return str(json.loads(job.validator.read_text(encoding="utf-8"))["validator"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _finish(job: Fetch, expected: str) -> str:
    """Check the whole part and give it its name."""
    found = digest(job.part)
    if expected and found != expected:
        job.part.unlink()
        job.validator.unlink(missing_ok=True)
        raise FetchFault(f"{job.url}: SHA-256 is {found}, not {expected}; the download was deleted")
    job.part.replace(job.target)
    job.validator.unlink(missing_ok=True)
    job.recorded.write_text(f"{found}  {job.target.name}\n", encoding="utf-8")
    return found


def _recorded(job: Fetch) -> str:
    return job.recorded.read_text(encoding="utf-8").split()[0].lower() if job.recorded.exists() else ""


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, read block by block."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def unzip(archive: Path, folder: Path) -> int:
    """Unpack the members of an archive that are not there yet in full size; return how many were written.

    Raises FetchFault for a damaged archive and for a member that would land outside the folder.
    """
    written = 0
    try:
        with zipfile.ZipFile(archive) as packed:
            for member in packed.infolist():
                path = PurePosixPath(member.filename)
                if path.is_absolute() or ".." in path.parts or "\\" in member.filename:
                    raise FetchFault(f"{archive}: {member.filename!r} would be written outside {folder}")
                target = folder / path
                if member.is_dir() or (target.is_file() and target.stat().st_size == member.file_size):
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                unfinished = target.with_name(f"{target.name}.part")
                with packed.open(member) as source, unfinished.open("wb") as stream:
                    shutil.copyfileobj(source, stream, BLOCK)
                unfinished.replace(target)
                written += 1
    except zipfile.BadZipFile as error:
        raise FetchFault(f"{archive}: {error}; delete it and download it again") from None
    return written


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n\n")[0], epilog=f"files: {', '.join(FILES)}", allow_abbrev=False
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="what to download")
    parser.add_argument("--to", type=Path, default=Path("data/fever"), metavar="DIR", help="where to (%(default)s)")
    parser.add_argument("--base-url", default=BASE_URL, metavar="URL", help="where from (%(default)s)")
    parser.add_argument("--sha256", default="", metavar="HEX", help="checksum that the one FILE must have")
    parser.add_argument("--unzip", action="store_true", help="unpack archives into their own folder")
    parser.add_argument("--attempts", type=int, default=ATTEMPTS, metavar="N", help="tries per file (%(default)s)")
    parser.add_argument("--timeout", type=float, default=TIMEOUT_S, metavar="S", help="seconds without a byte")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    return parser


def _check(options: argparse.Namespace) -> None:
    unknown = [name for name in options.files if name not in FILES]
    if unknown:
        raise UsageError(f"unknown file {unknown[0]!r}: give one of {', '.join(FILES)}")
    if options.sha256 and (len(options.files) != 1 or len(options.sha256) != 64):
        raise UsageError("--sha256 takes 64 hexadecimal digits and belongs to exactly one FILE")
    if options.attempts < 1 or options.timeout <= 0:
        raise UsageError("--attempts and --timeout must be above 0")
    if not options.base_url.startswith(("https://", "http://")):
        raise UsageError(f"--base-url {options.base_url!r}: give an address that begins with https://")


def main(argv: Sequence[str] | None = None, sleep: Callable[[float], None] = time.sleep) -> int:
    """Download the files named on the command line."""
    options = _parser().parse_args(argv)
    try:
        _check(options)
        for name in options.files:
            url = f"{options.base_url.rstrip('/')}/{name}"
            job = Fetch(url, options.to / name, options.sha256, options.attempts, options.timeout, sleep)
            progress = Progress(sys.stderr, name, options.quiet)
            try:
                found = fetch(job, progress)
            finally:
                progress.end()
            print(f"{found}  {job.target}")
            if options.unzip and name.endswith(".zip"):
                print(f"{unzip(job.target, options.to)} files unpacked into {options.to}")
    except ArenaError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, UsageError) else EXIT_ERRORS
    except KeyboardInterrupt:
        print("interrupted: run the same command to go on", file=sys.stderr)
        return EXIT_INTERRUPTED
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
