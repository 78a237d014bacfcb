"""Runs whose judge is asked in batches, for tests: scripted players, a judge behind the OpenAI stand-in.

world = BatchWorld(tmp_path, services)
pending = world.play("--judge-batch", str(tmp_path / "judge.jsonl"))
answers = world.answers(tmp_path / "judge.jsonl")
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts import openai_batch_status, openai_download_file, submit_openai_batch
from tests.support.api_shapes import answer_text, shape_of
from tests.support.arena_rig import Ended, Table, challenge, script_file
from tests.support.plain_records import records_of
from tests.support.rejudge_rig import TURNS, rejudge
from tests.support.training_services import TrainingServices

JUDGE = "openai/gpt-judge"
IDS = ("c1", "c2", "c3")


def as_live(request: dict[str, Any]) -> str:
    """Return what the stand-in answers to the same question when it is asked over HTTP."""
    shape = shape_of(request["url"])
    assert shape is not None
    return answer_text(shape, request["body"])


def but_for(id_: str, said: str | None) -> Callable[[dict[str, Any]], str | None]:
    """Return `as_live`, except for the matches of one challenge, to which `said` is the answer (None: it fails)."""
    return lambda request: said if f"/{id_}/" in request["custom_id"] else as_live(request)


def requests_in(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def unchained(folder: Path) -> list[Any]:
    """Return the records of a run without the chain, which starts from its identity."""
    return [{name: value for name, value in record.items() if name != "prev"} for record in records_of(folder)]


@dataclass
class BatchWorld:
    """Three matches of two turns, and a service that judges."""

    folder: Path
    services: TrainingServices

    def play(self, *words: str, out: str = "run") -> Ended:
        """Play the matches; whoever judges is asked as `words` say."""
        table = Table(self.folder, [challenge(id_) for id_ in IDS])
        player = script_file(self.folder / "players.json", turns=TURNS)
        return table.play("--participant-model", player, "--judge-model", JUDGE, "--max-turns", "2", *words, out=out)

    def pending(self, name: str = "judge.jsonl", *words: str, out: str = "run") -> Path:
        """Play the matches with --judge-batch and return the file of requests."""
        file = self.folder / name
        ended = self.play("--judge-batch", str(file), *words, out=out)
        assert ended.code == 0, ended.text
        return file

    def answers(self, requests: Path, code: int = 0) -> Path:
        """Send a file of requests with the scripts, wait, and return the file of answers."""
        note, out = requests.with_suffix(".batch.json"), requests.with_suffix(".answers.jsonl")
        assert submit_openai_batch.main([str(requests)]) == 0
        assert openai_batch_status.main([str(note), "--wait"]) == code
        assert openai_download_file.main([str(note), "--out", str(out)]) == code
        return out

    def take(self, answers: Path, *words: str, run: str = "run", out: str = "judged") -> Ended:
        """Carry out `arena rejudge --from-batch`."""
        return rejudge(self.folder / run, "--from-batch", str(answers), "--out", str(self.folder / out), *words)
