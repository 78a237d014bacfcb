#!/usr/bin/env python3
"""Fetch the answers of a batch, and list the requests that failed.

python3 scripts/openai_download_file.py NOTE --out RESULTS
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.entry import run_command  # noqa: E402
from arena.cli.service_script import read_note, settings  # noqa: E402
from arena.errors import EXIT_ERRORS, EXIT_OK, UsageError  # noqa: E402
from arena.formats.bounded import parse_json  # noqa: E402
from arena.formats.tables import printable  # noqa: E402
from arena.providers.jobs.access import openai_batches  # noqa: E402
from arena.settings.flags import Parser  # noqa: E402
from arena.store.rundir import write_output  # noqa: E402

NAME = "openai_download_file.py"
MAX_LISTED = 20


def _parser() -> argparse.ArgumentParser:
    parser = Parser(NAME, description="Fetch the answers of a batch.",
                    examples=(f"python3 scripts/{NAME} state/datasets/first/requests.batch.json"
                              " --out state/datasets/first/results.jsonl",))  # fmt: skip
    parser.add_argument("note", type=Path, metavar="NOTE", help="note of openai_batch_status.py")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="file of answers to write")
    return parser


def failures(data: bytes) -> Iterator[str]:
    """Yield a line per failed request of an error file."""
    for line in data.splitlines():
        found = parse_json(line, "the error file")
        if isinstance(found, dict):
            response = found.get("response") or {}
            error = found.get("error") or (response.get("body") or {}).get("error") or response.get("status_code")
            message = error.get("message") if isinstance(error, dict) else error
            yield f"{found.get('custom_id')}: {message}"


def _act(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    note = read_note(options.note)
    if not note.get("output_file") and not note.get("error_file"):
        raise UsageError(
            f"{options.note} names no file of answers: run scripts/openai_batch_status.py NOTE --wait first"
        )
    batches = openai_batches(settings())
    data = batches.content(note["output_file"]) if note.get("output_file") else b""
    write_output(options.out, data)
    print(f"wrote {options.out}: {data.count(bytes([10]))} answers")
    failed = list(failures(batches.content(note["error_file"]))) if note.get("error_file") else []
    for line in failed[:MAX_LISTED]:
        print(printable(f"failed: {line}"))
    if len(failed) > MAX_LISTED:
        print(f"and {len(failed) - MAX_LISTED} more")
    return EXIT_ERRORS if failed else EXIT_OK


def main(argv: Sequence[str] | None = None) -> int:
    """Fetch; return the exit code: 1 where requests failed."""
    words = sys.argv[1:] if argv is None else list(argv)
    return run_command(NAME, lambda: _act(words))


if __name__ == "__main__":
    sys.exit(main())
