"""`arena challenges abort-analysis`: reference matches cut after every turn, under the challenge's rule for silence."""

from __future__ import annotations

import json
from argparse import Namespace

from arena.cli.challenge_baselines import played_references
from arena.cli.console import Console
from arena.errors import EXIT_OK, UsageError
from arena.families.crypto.challenges.schema import load, select
from arena.families.crypto.silence.table import Silence, places_text, table_text
from arena.formats.tables import printable


def abort_analysis(options: Namespace, console: Console) -> int:
    """Print what leaving costs the others, for each challenge with a rule for silence; for a single challenge, by
    place.

    Errors: UsageError if no chosen challenge has such a rule; as of played_references.
    """
    chosen = select(load(options.challenges), ids=options.ids, asked="ID")
    ruled = [challenge for challenge in chosen if "fairness" in challenge]
    if not ruled:
        raise UsageError(
            "none of the chosen challenges has a rule for silence (`fairness`); see docs/challenges.md, Silence"
        )
    found: dict[str, Silence] = {}
    for challenge in ruled:
        silence = found[challenge["id"]] = Silence()
        for record in played_references(challenge, options.challenges, options.seeds, options.seed, console):
            silence.add(record, challenge)
    if options.json:
        console.result(json.dumps({"challenges": {name: one.to_json() for name, one in found.items()}}))
        return EXIT_OK
    if len(ruled) == 1:
        ((name, silence),) = found.items()
        console.result(printable(f"{name}: {ruled[0]['fairness']['says']}\n\n{places_text(silence)}\n"))
    console.result(printable(table_text(found)))
    return EXIT_OK
