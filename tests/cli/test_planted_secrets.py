"""Keys in environment, .env, base URLs, replies, error bodies and headers reach no file and no screen: all families.

The server repeats every key that it could know, in each reply and in each error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_shapes import good_reply, shape_of
from tests.support.arena_rig import LOCAL, Ended, command, everything
from tests.support.http_server import ModelServer, Scripted, Seen

KEY = "local-planted-2222222222"
IN_ENVIRON = {
    "ARENA_LOCAL_API_KEY": KEY,
    "OPENAI_API_KEY": "sk-openai-planted-1111111111",
    "ANTHROPIC_API_KEY": 'sk-ant-planted-"quoted"-99',
    "AWS_SECRET_ACCESS_KEY": "awsplanted33333333/4444+5555",
    "MY_OWN_API_KEY": "own-planted-0000000000",
}
IN_FILE = {"GROQ_API_KEY": "gsk-planted-in-a-file-44444"}
IN_ADDRESS = {"query": "query-planted-12345"}
SECRETS = {**IN_ENVIRON, **IN_FILE, **IN_ADDRESS}
TOLD = " ".join(SECRETS.values())

RISK = ("risk", "run", "--trials", "1", "--mode", "REAL", "--model", "local/player", "--max-total-tokens", "9999999")
FAMILIES = {
    "crypto": ("run", "--limit", "1", "--max-turns", "2", "--calculator-provider", "none", *LOCAL),
    "cheaptalk": ("cheaptalk", "run", "--num-tasks", "2", "--milestones", "milestone4", "--llm-eval", *LOCAL),
    "risk": (*RISK, "--defences", "none,gates"),
}
AFTERWARDS = (("report",), ("verify", "--calculator-provider", "none"), ("check",), ("compare", "{run}"))


class Telltale(ModelServer):
    """Repeats all keys: in every third request as an error, in the others as what the model says, and in headers."""

    def receive(self, seen: Seen) -> Scripted | None:
        super().receive(seen)
        headers = {"X-Echo": TOLD, "X-Request-Id": KEY}
        number = len(self.seen)
        if number % 3 == 0:
            status = (429, 500, 503)[number // 3 % 3]
            body: Any = {"error": {"message": f"no {TOLD}", "code": TOLD}} if number % 2 else f"<p>{TOLD}</p>"
            return Scripted(status=status, body=body, headers={**headers, "Retry-After": "0"})
        shape = shape_of(seen.path)
        assert shape is not None
        said = good_reply(shape, seen.payload)["choices"][0]["message"]["content"]

        def edit(reply: dict[str, Any]) -> None:
            message = reply["choices"][0]["message"]
            if not said.startswith("{"):
                message["content"] = f"{said} My keys: {TOLD}"
            message["reasoning_content"] = reply["id"] = reply["model"] = TOLD

        return Scripted(edit=edit, headers=headers)


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An environment and an env file that hold keys, and a server that knows them; the file's path."""
    file = tmp_path / "keys" / "env"
    file.parent.mkdir()
    ran = tmp_path / "ran"
    file.write_text(
        "".join(f"{name}={value}\n" for name, value in IN_FILE.items()) + f"X=$(touch {ran})`touch {ran}`\n"
    )
    file.chmod(0o600)
    with Telltale(key=KEY) as server:
        for name, value in IN_ENVIRON.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ARENA_LOCAL_BASE_URL", f"{server.url}?token={IN_ADDRESS['query']}")
        monkeypatch.setenv("ARENA_PRINT_HTTP_ERRORS", "1")
        monkeypatch.delenv("ARENA_NO_DOTENV")
        yield file
    assert not ran.exists(), "a file of keys is read and never carried out"


def leaks(folder: Path, *ended: Ended) -> list[str]:
    """Return the names of the secrets whose first 14 characters are in a file, a file's name or a stream."""
    found = everything(folder) + "".join(one.text for one in ended).encode("utf-8", "surrogateescape")
    spellings = {name: (value[:14], json.dumps(value[:14])[1:-1]) for name, value in SECRETS.items()}
    return sorted(name for name, texts in spellings.items() if any(text.encode() in found for text in texts))


@pytest.mark.parametrize("family", FAMILIES)
def test_planted_keys_reach_no_file_and_no_screen(family: str, planted: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "run"
    words = (*FAMILIES[family], "--env-file", planted, "--out", out, "--max-retries", "2", "--backoff", "0.001")
    ended = command(*words, "--workers", "1", "--continue-on-error", "--progress")
    assert ended.code in (0, 1) and "Traceback" not in ended.text and "internal error" not in ended.text, ended.err
    assert b"[redacted]" in (out / "api_calls.jsonl").read_bytes(), "the keys came back, and were taken out"
    resumed = command(*words, "--workers", "1", "--continue-on-error", "--resume")
    made = [ended, resumed]
    for name, *flags in AFTERWARDS:
        made.append(command(name, out, *(str(out) if flag == "{run}" else flag for flag in flags)))
        assert made[-1].code in (0, 1), made[-1].err
    assert leaks(out.parent, *made) == []


def test_planted_key_in_a_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(f"x {IN_FILE['GROQ_API_KEY'][:14]} y")
    assert leaks(tmp_path) == ["GROQ_API_KEY"]
