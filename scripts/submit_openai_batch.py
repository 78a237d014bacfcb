#!/usr/bin/env python3
"""Send a file of requests to OpenAI's Batch API and note the batch next to the file.

python3 scripts/submit_openai_batch.py REQUESTS [--note FILE] [--dry-run]

The note (REQUESTS with the ending .batch.json) contains the ids. An interrupted call is resumed: an upload continues
with the missing part, and a batch that was already created is found by the digest of its file.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.entry import run_command  # noqa: E402
from arena.cli.service_script import read_note, say, settings, write_note  # noqa: E402
from arena.errors import EXIT_OK, DataError, Issue, UsageError  # noqa: E402
from arena.formats.bounded import lines_of, open_file, parse_json  # noqa: E402
from arena.providers.batch_lines import MAX_BYTES, MAX_REQUESTS  # noqa: E402
from arena.providers.jobs.access import openai_batches  # noqa: E402
from arena.records import Json  # noqa: E402
from arena.settings.flags import Parser  # noqa: E402
from arena.store.rundir import file_digest  # noqa: E402

NAME = "submit_openai_batch.py"
DIGEST = "arena_sha256"


def note_path(requests: Path) -> Path:
    """Return the place of the note of a file of requests."""
    return requests.with_name(requests.name.removesuffix(".jsonl") + ".batch.json")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(NAME, description="Send requests to OpenAI's Batch API.",
                    examples=(f"python3 scripts/{NAME} state/datasets/first/requests.jsonl",))  # fmt: skip
    parser.add_argument(
        "requests", type=Path, metavar="REQUESTS", help="file of `arena dataset requests`, or of --judge-batch"
    )
    parser.add_argument("--note", type=Path, metavar="FILE", help="where to note the ids [default: next to the file]")
    parser.add_argument("--dry-run", action="store_true", help="check the file and say what would be sent")
    return parser


def checked(path: Path) -> tuple[int, str]:
    """Return the number of requests of a file and their endpoint. Errors: DataError with the line."""
    urls: dict[str, int] = {}
    seen: set[str] = set()
    with open_file(path) as file:
        for number, (_, line) in enumerate(lines_of(file, str(path)), 1):
            found = parse_json(line, str(path), f"line {number}")
            members = ("custom_id", "method", "url", "body")
            if not isinstance(found, dict) or set(found) != set(members):
                raise DataError([Issue(str(path), f"line {number}", f"must have the members {', '.join(members)}")])
            if found["custom_id"] in seen:
                raise DataError([Issue(str(path), f"line {number}/custom_id", "is here twice")])
            seen.add(found["custom_id"])
            urls[found["url"]] = number
    if len(urls) != 1 or len(seen) > MAX_REQUESTS or path.stat().st_size > MAX_BYTES:
        problem = f"must hold 1 to {MAX_REQUESTS} requests to one url, of at most {MAX_BYTES} bytes"
        raise DataError([Issue(str(path), "", problem)])
    return len(seen), next(iter(urls))


def _act(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    if not options.requests.is_file():
        raise UsageError(f"{options.requests} is not a file; write it with scripts/build_dataset.py")
    count, url = checked(options.requests)
    digest, path = file_digest(options.requests), options.note or note_path(options.requests)
    if options.dry_run:
        size = options.requests.stat().st_size
        print(f"POST /v1/files: {options.requests.name}, {size} bytes, purpose batch")
        print(f"POST /v1/batches: {count} requests to {url}, completion_window 24h")
        return EXIT_OK
    note = read_note(path)
    if note.get("sha256") not in (None, digest):
        raise UsageError(f"{path} belongs to another file of requests; give another --note")
    note["sha256"] = digest
    batches = openai_batches(settings())

    def keep(more: Mapping[str, Json]) -> None:
        note["upload"] = dict(more)
        write_note(path, note)

    if "batch" not in note:
        state = batches.find(DIGEST, digest)
        if state is None:
            file = batches.upload(options.requests, note.get("upload") or {}, keep)
            state = batches.create(file, url, {DIGEST: digest})
        else:
            say(f"the batch {state.id} of these requests is there already")
        note |= {"batch": state.id, "requests": count}
        write_note(path, note)
    print(f"batch {note['batch']}: {count} requests; ask with: python3 scripts/openai_batch_status.py {path} --wait")
    return EXIT_OK


def main(argv: Sequence[str] | None = None) -> int:
    """Send the file; return the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    return run_command(NAME, lambda: _act(words))


if __name__ == "__main__":
    sys.exit(main())
