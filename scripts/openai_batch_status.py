#!/usr/bin/env python3
"""Show the state of a batch, or wait until it has ended.

python3 scripts/openai_batch_status.py NOTE [--wait] [--every SECONDS] [--cancel]

Exit codes: 0 completed without a failed request, or still in progress (without --wait); 1 failed, expired or cancelled,
or requests failed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.entry import run_command  # noqa: E402
from arena.cli.service_script import patience, read_note, settings, write_note  # noqa: E402
from arena.errors import EXIT_ERRORS, EXIT_OK, UsageError  # noqa: E402
from arena.providers.jobs.access import openai_batches  # noqa: E402
from arena.providers.jobs.openai_batches import BatchState  # noqa: E402
from arena.settings.flags import Parser  # noqa: E402

NAME = "openai_batch_status.py"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(NAME, description="Say how far a batch is.",
                    examples=(f"python3 scripts/{NAME} state/datasets/first/requests.batch.json --wait",))  # fmt: skip
    parser.add_argument("note", type=Path, metavar="NOTE", help="note of scripts/submit_openai_batch.py")
    parser.add_argument("--wait", action="store_true", help="ask until the batch has ended")
    parser.add_argument("--every", type=float, default=30.0, metavar="SECONDS", help="between two questions [30]")
    parser.add_argument("--cancel", action="store_true", help="cancel the batch")
    return parser


def shown(state: BatchState) -> str:
    """Return a batch as one line."""
    done = state.completed + state.failed
    bar = f"[{'#' * (20 * done // state.total):<20}] " if state.total else ""
    return f"batch {state.id}: {state.status} {bar}{done} of {state.total} answered, {state.failed} failed"


def _act(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    note = read_note(options.note)
    if not isinstance(note.get("batch"), str):
        raise UsageError(f"{options.note} names no batch; make one with scripts/submit_openai_batch.py")
    batches, batch = openai_batches(settings()), note["batch"]
    if options.cancel:
        state = batches.cancel(batch)
    elif options.wait:
        state = patience(options.every, 25 * 3600).until(lambda: batches.retrieve(batch), lambda one: one.ended, shown)
    else:
        state = batches.retrieve(batch)
    note |= {"status": state.status, "output_file": state.output_file, "error_file": state.error_file}
    write_note(options.note, note)
    print(shown(state))
    for problem in state.problems:
        print(f"  {problem}")
    if state.ended and (state.status != "completed" or state.failed):
        return EXIT_ERRORS
    return EXIT_OK


def main(argv: Sequence[str] | None = None) -> int:
    """Ask; return the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    return run_command(NAME, lambda: _act(words))


if __name__ == "__main__":
    sys.exit(main())
