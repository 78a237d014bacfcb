"""What a seat was sent: rebuilt from recorded calls, each question checked against its digest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arena.cli import entry
from arena.engine import build
from arena.engine.finished import SentReader, opened
from arena.errors import DataError
from arena.messages import ModelReply, ModelRequest
from arena.play.sent import Sent
from arena.providers.mock import MockProvider
from tests.support.made_manifest import EXAMPLE
from tests.support.toy.run import REGISTRY_ROWS, toy


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, module in REGISTRY_ROWS.items():
        monkeypatch.setitem(build.FAMILIES, name, module)  # type: ignore[arg-type]
    yield


Question = tuple[str, int, str, int, int, str, tuple[tuple[str, str], ...]]


def question(request: ModelRequest) -> Question:
    key, said = request.key, request.conversation
    messages = tuple((message.role, message.text) for message in said.messages)
    return key.trial, key.attempt, key.seat, key.turn, key.step, said.system, messages


def rebuilt(key: str, attempt: int, sent: Sent) -> Question:
    messages = tuple((message.role, message.text) for message in sent.messages)
    return key, attempt, sent.seat, sent.turn, sent.step, sent.system, messages


def test_questions_are_rebuilt_as_the_models_got_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Question] = []
    complete = MockProvider.complete

    def listening(self: MockProvider, request: ModelRequest) -> ModelReply:
        asked.append(question(request))
        return complete(self, request)

    monkeypatch.setattr(MockProvider, "complete", listening)
    out = tmp_path / "run"
    assert toy("--workers", "1", "--out", str(out)).code == 0
    run = opened(out)
    reader = SentReader(run)
    found = [rebuilt(record.key, record.attempt, sent) for record in run.records for sent in reader.calls(record)]
    assert len(found) == 30 and sorted(found) == sorted(asked)


def test_series_is_rebuilt_in_any_order(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert toy("--out", str(out)).code == 0
    run = opened(out)
    forward, backward = SentReader(run), SentReader(run)
    records = [record for record in run.records if record.trial.series]
    assert len(records) == 3
    there = {record.key: forward.calls(record) for record in records}
    assert {record.key: backward.calls(record) for record in reversed(records)} == there
    assert len({there[key][0].messages[0].text for key in there}) == 3, "each trial begins from its own past"


def test_questions_of_a_trial_that_was_stopped_are_those_that_were_asked(tmp_path: Path) -> None:
    out = tmp_path / "run"
    toy("--workers", "1", "--max-calls", "12", "--out", str(out))
    run = opened(out)
    (stopped,) = [record for record in run.records if record.status == "limit"]
    lines = [json.loads(line) for line in (out / "api_calls.jsonl").read_text().splitlines()]
    asked = [line for line in lines if line["trial"] == stopped.key and line["kind"] == "model"]
    found = SentReader(run).calls(stopped)
    assert 0 < len(found) == len(asked)
    assert [(one.seat, one.turn, one.step, one.reply) for one in found] == [
        (line["seat"], line["turn"], line["step"], line["reply"]["text"]) for line in asked
    ]


def test_question_with_another_digest_is_refused_with_its_place(tmp_path: Path) -> None:
    run = Path(shutil.copytree(EXAMPLE, tmp_path / "run"))
    journal = run / "api_calls.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    place = next(n for n, line in enumerate(lines) if line["kind"] == "model" and line["turn"] == 1)
    lines[place]["digest"] = "0" * 32
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    finished = opened(run)
    record = next(record for record in finished.records if record.key == lines[place]["trial"])
    with pytest.raises(DataError, match=r"api_calls.jsonl: .* turn 1, step 0: this version asks something else"):
        SentReader(finished).calls(record)


def test_questions_to_the_judge_can_be_left_out() -> None:
    run = opened(EXAMPLE)
    record = next(iter(run.records))
    kinds = {judged: {one.kind for one in SentReader(run).calls(record, judged)} for judged in (True, False)}
    assert kinds == {True: {"model", "judge"}, False: {"model"}}


# On the screen


def show(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = entry.main(["show", str(EXAMPLE), *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_show_prints_each_question_once_with_what_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = show("workshop-approval", "--sent", "Workshop", capsys=capsys)
    assert code == 0
    assert out.count("  system:") == 1 and "[0.0] Workshop is sent 1 messages:" in out
    assert "as before:" in out and "  answer:" in out


def test_show_prints_whole_questions_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = show("workshop-approval", "--sent", "Workshop", "--json", capsys=capsys)
    questions: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and len(questions) > 2
    longest = [len(one["messages"]) for one in questions]
    assert longest == sorted(longest) and {one["seat"] for one in questions} == {"Workshop"}


def test_show_names_the_seats_where_one_was_sent_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = show("workshop-approval", "--sent", "Workshp", capsys=capsys)
    assert code == 2 and "did you mean Workshop?" in err and "(judge)" in err
