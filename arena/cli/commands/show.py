"""`arena show RUN UNIT`: one trial of a run as a readable conversation."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from arena.cli.console import Console
from arena.cli.conversation import conversation
from arena.cli.questions import sent_json, sent_text
from arena.cli.run_choice import add_last, newest
from arena.engine.finished import SentReader, open_run, report_parts
from arena.errors import EXIT_OK, UsageError
from arena.formats.suggest import suggest
from arena.formats.tables import printable
from arena.formats.terminal import terminal_width
from arena.play.sent import Sent
from arena.records import Record
from arena.settings.flags import Parser
from arena.store.finished_run import FinishedRun

MOST_NAMED = 12
"""Most other trials of a unit whose keys are listed."""


def parser() -> Parser:
    """Declare the flags."""
    declared = Parser(
        prog="arena show",
        usage="arena show RUN UNIT [flags]",
        description="Print one trial of a run as a conversation: turns, calls with their answers, scores, verdict."
        " Characters that could control the terminal are shown as escapes.",
        examples=(
            "python3 -m arena show state/runs/first workshop-approval",
            "python3 -m arena show --last workshop-approval --rep 2",
            "python3 -m arena show state/runs/first workshop-approval --sent Workshop",
            "python3 -m arena show state/runs/first crypto/workshop-approval/rep_0 --json",
        ),
    )
    declared.add_argument("words", nargs="*", metavar="RUN UNIT", help="run directory; unit (a challenge) or whole key")
    add_last(declared, "take the newest run under state/runs; then give only UNIT")
    declared.add_argument(
        "--rep",
        type=int,
        metavar="N",
        help="number of the repetition, or of the trial of the unit, from 0 [default 0]",
    )
    declared.add_argument(
        "--sent",
        metavar="SEAT",
        help="print each question to this seat exactly as it was sent; checked against the journal",
    )
    declared.add_argument("--json", action="store_true", help="print the record as one JSON object")
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Print the trial; return 0."""
    folder, unit = _named(options)
    finished = open_run(folder)
    record, others = find_trial(finished, unit, options.rep)
    if options.sent is not None:
        questions = questions_to(options.sent, SentReader(finished).calls(record), record)
        if options.json:
            console.result("\n".join(json.dumps(sent_json(one)) for one in questions))
        else:
            console.result(printable(sent_text(questions, terminal_width())))
        return EXIT_OK
    if options.json:
        console.result(json.dumps(record.to_json()))
        return EXIT_OK
    parts = report_parts(finished)
    found = [(name, parts.check_words(record, name)) for name in parts.checks]
    console.result(printable(conversation(record, terminal_width(), parts.answered(record), found)))
    if len(others) > 1:
        console.notify(f"{len(others)} trials of {unit}; --rep N shows another one:")
        for number, key in list(others.items())[:MOST_NAMED]:
            console.notify(f"  --rep {number}  {key}")
        if len(others) > MOST_NAMED:
            console.notify(f"  and {len(others) - MOST_NAMED} more, up to --rep {max(others)}")
    return EXIT_OK


def _named(options: argparse.Namespace) -> tuple[Path, str]:
    """Return run directory and unit. Errors: UsageError when one is missing."""
    words = list(options.words)
    if options.last and len(words) == 1:
        return newest(1)[0], words[0]
    if not options.last and len(words) == 2:
        return Path(words[0]), words[1]
    raise UsageError("name a run and one of its units: arena show RUN UNIT, or arena show --last UNIT")


def questions_to(seat: str, calls: Sequence[Sent], record: Record) -> list[Sent]:
    """Return the questions to one seat. Errors: UsageError if nothing was sent to it, naming the seats there are."""
    found = [call for call in calls if call.seat == seat]
    if not found:
        known = list(dict.fromkeys(call.seat for call in calls))
        there = f"; there are: {', '.join(known)}" if known else "; the run has no calls of this trial"
        raise UsageError(f"--sent {seat}: nothing was sent to that seat in {record.key}{suggest(seat, known)}{there}")
    return found


def find_trial(finished: FinishedRun, unit: str, rep: int | None) -> tuple[Record, dict[int, str]]:
    """Return the newest record of a trial, and number -> key of all trials of the unit.

    `unit` is a unit or a whole key; `rep` chooses one of its trials, None the first: the number of the
    repetition, or for trials under several conditions the position among them. Errors: UsageError when there is none,
    naming the unit with the most similar name.
    """
    newest_of: dict[str, Record] = {}
    units: dict[str, None] = {}
    for record in finished.records:
        units[record.trial.unit] = None
        if unit in (record.trial.unit, record.key):
            newest_of[record.key] = record
    if not newest_of:
        known = list(units)
        there = f" (there are {len(known)}: {_some(known)})" if known else "; the run has no finished trial yet"
        raise UsageError(f"{finished.path} has no trial of {unit!r}{suggest(unit, known)}{there}")
    reps = [record.trial.plan.get("rep") for record in newest_of.values()]
    whole = [one for one in reps if isinstance(one, int)]
    numbers = whole if len(set(whole)) == len(reps) else list(range(len(reps)))
    found = dict(sorted(zip(numbers, newest_of.values(), strict=True), key=lambda pair: pair[0]))
    chosen = next(iter(found.values())) if rep is None else found.get(rep)
    if chosen is None:
        raise UsageError(f"--rep {rep}: {unit} has no such repetition, but {_some([str(one) for one in found])}")
    return chosen, {number: record.key for number, record in found.items()}


def _some(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
