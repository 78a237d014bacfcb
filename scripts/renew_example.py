"""Play the run that is kept in state/examples again, and keep the new one only if more than its times has changed.

    python3 scripts/renew_example.py [FOLDER]

Journal, manifest and timings hold times, and their digests change with them; so a run that says the same as the stored
one would still be another set of bytes.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.cli.entry import main as arena  # noqa: E402
from arena.records import Json  # noqa: E402
from arena.store.digests import DIGESTS_FILE  # noqa: E402
from arena.store.journal import JOURNAL_FILE, encode_line  # noqa: E402
from arena.store.rundir import MANIFEST_FILE, TIMINGS_FILE  # noqa: E402

EXAMPLE = ROOT / "state/examples/mock-three"
WORDS = ("run", "--limit", "3", "--quiet")
TIMED = {"ms", "unix"}
"""Fields of a line of the journal that hold times."""


def main(words: list[str]) -> int:
    """Renew the example; return 0, or the exit code of a run that failed."""
    stored = Path(words[0]) if words else EXAMPLE
    with tempfile.TemporaryDirectory() as folder:
        played = Path(folder) / "run"
        code = arena((*WORDS, "--out", str(played)))
        if code:
            return code
        if stored.is_dir() and content(stored) == content(played):
            print(f"{stored}: nothing has changed but times; kept as it was")
            return 0
        shutil.rmtree(stored, ignore_errors=True)
        shutil.copytree(played, stored)
    print(f"{stored}: renewed")
    return 0


def content(run: Path) -> dict[str, Json]:
    """Return what a run says, file by file, without times: the same for two plays of one plan."""
    files = {path.relative_to(run).as_posix(): path for path in run.rglob("*") if path.is_file()}
    found: dict[str, Json] = {
        name: path.read_bytes().decode("utf-8", "surrogateescape")
        for name, path in files.items()
        if name not in (JOURNAL_FILE, MANIFEST_FILE, TIMINGS_FILE, DIGESTS_FILE)
    }
    manifest = json.loads(files[MANIFEST_FILE].read_bytes())
    found[MANIFEST_FILE] = [manifest["arena_version"], manifest["identity"], manifest["operation"]]
    lines = map(json.loads, files[JOURNAL_FILE].read_bytes().splitlines())
    found[JOURNAL_FILE] = sorted(
        encode_line({name: value for name, value in row.items() if name not in TIMED}).decode() for row in lines
    )
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
