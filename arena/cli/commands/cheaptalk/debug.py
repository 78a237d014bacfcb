"""`arena cheaptalk debug`: play one episode, print its messages and the findings of the verifier."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from arena.cli.commands.cheaptalk.play import cheaptalk_settings
from arena.cli.console import Console
from arena.cli.execute import execute
from arena.cli.process import process_context
from arena.engine.build import RunRequest, build_gate
from arena.engine.finished import opened
from arena.errors import EXIT_ERRORS, EXIT_OK
from arena.families.cheaptalk.detail import EpisodeDetail
from arena.families.cheaptalk.episode_of_record import detail_of
from arena.families.cheaptalk.experiments.presets import PRESETS
from arena.families.cheaptalk.outputs.lines import episode_line
from arena.families.cheaptalk.spec import SPEC
from arena.formats.decode import encode
from arena.formats.json_types import Json
from arena.formats.tables import printable
from arena.records import Record
from arena.settings.config import Config


def run(options: argparse.Namespace, console: Console) -> int:
    """Play the first episode of the settings; print it; return 0, or 1 where it has no score."""
    config = cheaptalk_settings(options, console, PRESETS["debug"])
    with tempfile.TemporaryDirectory() as folder:
        record = first_record(config, console, Path(folder) / "run")
    detail = detail_of(record)
    if config["json"]:
        found = None if detail is None else encode(detail)
        transcript = [{"role": entry.seat, "content": entry.text} for entry in record.transcript.entries]
        console.result(json.dumps({"key": record.key, "transcript": transcript, "detail": found}))
    else:
        console.result(printable("\n".join(_lines(record, detail))))
    return EXIT_ERRORS if detail is None else EXIT_OK


def first_record(config: Config, console: Console, path: Path) -> Record:
    """Play in a run directory, silent except for warnings, and return the record of the first episode."""
    config = replace(config, settings={**config.settings, "quiet": True, "json": False, "out": path, "resume": False})
    console.quiet = True
    execute(RunRequest(SPEC, config, process_context(config, console), gate=build_gate(config)), console)
    return next(iter(opened(path).records))


def _lines(record: Record, detail: EpisodeDetail | None) -> Iterator[str]:
    yield record.key
    for entry in record.transcript.entries:
        yield f"\n[{entry.seat}]"
        yield entry.text or f"({entry.kind}: {entry.problem})"
    if detail is None:
        yield f"\nno score: {record.transcript.detail or record.stop}"
        return
    yield "\n[verifier]"
    for name, part in (
        ("task", encode(detail.task)),
        ("read", encode(detail.read)),
        ("evidence", encode(detail.evidence)),
        ("verifier_result", episode_line(record, detail)["verifier_result"]),
        ("payoff", encode(detail.payoff)),
    ):
        yield f"{name}:"
        yield from _members(part, "  ")
    yield f"followed its instruction: {'not checked' if detail.behaved is None else 'yes' if detail.behaved else 'no'}"


def _members(part: Mapping[str, Json], indent: str) -> Iterator[str]:
    """Yield a line for each member; those of an object below its name, one level deeper."""
    for member, value in part.items():
        if isinstance(value, Mapping):
            yield f"{indent}{member}:"
            yield from _members(value, f"{indent}  ")
        else:
            shown = f"{value:.6g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
            yield f"{indent}{member}: {shown}"
