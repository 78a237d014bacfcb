"""What is said about answers of a batch that are no reply: the question stays open, with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arena.errors import JudgePending
from arena.providers.batch_lines import Answers, BatchAnswers, custom_id
from arena.providers.batched import build
from arena.providers.chat import batch_api
from arena.settings.redaction import Redactor
from tests.support.http_rig import question


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"choices": []}, "the batch has no usable answer: `choices` is empty or missing"),
        (
            {"error": {"message": "the model is overloaded"}},
            "the batch has no answer: HTTP 200: the model is overloaded",
        ),
    ],
)
def test_an_answer_that_is_no_reply_leaves_the_question_open(body: dict[str, Any], said: str, tmp_path: Path) -> None:
    for name in ("api_calls.jsonl", "matches.jsonl"):
        (tmp_path / name).touch()
    line = {
        "id": "b",
        "custom_id": custom_id(question()),
        "response": {"status_code": 200, "body": body},
        "error": None,
    }
    (tmp_path / "answers.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    given = BatchAnswers(Answers.read([tmp_path / "answers.jsonl"]), tmp_path)
    with pytest.raises(JudgePending) as caught:
        build("openai-chat", batch_api("openai-chat"), Redactor.from_environ({}), given).complete(question())
    assert str(caught.value) == said
