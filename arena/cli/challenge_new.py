"""`arena challenges new`: make a challenge, its plays and its obligations from a skeleton, in a set of its own."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Collection
from pathlib import Path
from typing import Any

from arena.cli.console import Console
from arena.errors import EXIT_ERRORS, EXIT_OK, UsageError
from arena.families.crypto.challenges.lint import lint
from arena.families.crypto.challenges.schema import load
from arena.families.crypto.cheats.variants import PLAYS_FOLDER
from arena.families.crypto.skeletons.make import Made, made, with_canary
from arena.families.crypto.skeletons.skeleton import EXAMPLES, read_skeleton
from arena.formats.bounded import parse_json
from arena.formats.strict_json import read_bytes
from arena.formats.tables import printable
from arena.store.rundir import pretty_json, write_output


def new_challenges(options: Namespace, ops: Collection[str] | None, console: Console) -> int:
    """Print an example of a skeleton, or add the challenges of a skeleton to a set; exit 1 if lint finds errors in
    them.

    `ops`: the calculator's, None without a calculator. Errors: UsageError for contradictory flags and for ids that the
    set already has; DataError for a skeleton or a set that cannot be read.
    """
    if options.example is not None:
        console.result(json.dumps(EXAMPLES[options.example], indent=2, ensure_ascii=False))
        return EXIT_OK
    if options.skeleton is None or options.out is None:
        raise UsageError("give --from SKELETON and --out FILE (or --example PATTERN to print a skeleton to start from)")
    made_now = made(read_skeleton(options.skeleton))
    content = _content(options.out, made_now)
    written = _write(options.out, content, made_now)
    found = [finding for finding in lint(load(options.out), ops) if finding.level == "error"]
    if options.json:
        console.result(json.dumps({"challenges": [one.challenge["id"] for one in made_now], "files": written,
                                   "errors": [finding._asdict() for finding in found]}))  # fmt: skip
    else:
        for path in written:
            console.result(f"wrote {path}")
        for finding in found:
            console.result(printable(str(finding)))
        console.result(f"{len(made_now)} challenges made, {len(found)} errors; next:"
                       f" python3 -m arena challenges baselines --challenges {options.out}")  # fmt: skip
    return EXIT_ERRORS if found else EXIT_OK


def _content(path: Path, made_now: list[Made]) -> dict[str, Any]:
    """Return the set with the new challenges at its end, or a new set if there is no file."""
    content: dict[str, Any] = {"format": 2, "benchmark_version": path.stem.replace(" ", "_"), "challenges": []}
    if path.exists():
        load(path)
        content = parse_json(read_bytes(path), str(path))
        if not isinstance(content, dict) or content.get("format") != 2:
            raise UsageError(f"--out {path}: is a set of format 1; new challenges need a set of format 2")
    known = {challenge["id"] for challenge in content["challenges"]}
    again = [one.challenge["id"] for one in made_now if one.challenge["id"] in known]
    if again:
        raise UsageError(f"--out {path}: already has {again[0]}; change `id` in the skeleton, or name another file")
    content["challenges"] = [*content["challenges"], *(one.challenge for one in made_now)]
    return content


def _write(path: Path, content: dict[str, Any], made_now: list[Made]) -> list[str]:
    """Write plays and set; return the paths."""
    written = []
    for one in with_canary(made_now, content.get("canary")):
        plays = [(path.parent / one.challenge["reference_play"], one.reference)]
        if one.cheating is not None:
            plays.append((path.parent / PLAYS_FOLDER / f"{one.challenge['id']}.json", one.cheating))
        for place, play in plays:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_output(place, pretty_json(play))
            written.append(str(place))
    write_output(path, pretty_json(content))
    return [*written, str(path)]
