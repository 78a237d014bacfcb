"""A model server that fails in 30 % of calls: every match ends with a reason, and what is counted is what was served.

64 workers against the strict test server, waits of milliseconds; as many matches as fit here, 2,000 in the long test.
"""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from arena.store.journal import read_calls
from tests.support.api_shapes import good_reply, shape_of
from tests.support.arena_rig import LOCAL, NO_TOOLS, Ended, challenge, challenge_file, local_environ, process
from tests.support.http_server import ModelServer, Scripted, Seen

WORKERS, RETRIES, SHARE = 64, 3, 0.3
SEED = 20261129

FAULTS = {
    "rate limit": Scripted(status=429, headers={"Retry-After": "0"}, body={"error": {"message": "slow down"}}),
    "timeout there": Scripted(status=408, body="late"),
    "broken there": Scripted(status=500, body={"error": {"message": "oops", "type": "server_error"}}),
    "bad gateway": Scripted(status=502, body="<html>Bad Gateway</html>"),
    "overloaded": Scripted(status=503, body=""),
    "gateway timeout": Scripted(status=504, body=b"\xff\xfe"),
    "closed": Scripted(close_first=True),
    "reset": Scripted(reset=True),
    "cut": Scripted(cut_at=40),
    "no HTTP": Scripted(raw=b"SSH-2.0-x\r\n\r\n"),
}
"""What a call may meet and what is worth another try (docs/providers.md)."""

THROTTLED = 429
UNKNOWN = ("closed", "reset", "cut", "no HTTP", "timeout there", "gateway timeout")
"""After these nobody knows what the server did, and billed."""


@dataclass
class FaultyServer(ModelServer):
    """Answers a share of its requests with faults, drawn by a seed; counts what it served."""

    served: Counter[str] = field(default_factory=Counter)

    def __init__(self, share: float = SHARE) -> None:
        super().__init__()
        self.share, self.served = share, Counter()
        self._source, self._draw = random.Random(SEED), threading.Lock()

    def receive(self, seen: Seen) -> Scripted | None:
        super().receive(seen)
        with self._draw:
            self.served["requests"] += 1
            if self._source.random() < self.share:
                name = self._source.choice(list(FAULTS))
                self.served[name] += 1
                return FAULTS[name]
            usage = self._usage(seen)
            self.served["answers"] += 1
            self.served["prompt_tokens"] += usage["prompt_tokens"]
            self.served["completion_tokens"] += usage["completion_tokens"]
            return None

    def _usage(self, seen: Seen) -> Any:
        shape = shape_of(seen.path)
        assert shape is not None
        return good_reply(shape, seen.payload)["usage"]


def play(folder: Path, server: ModelServer, matches: int, *words: str) -> Ended:
    return process(
        *LOCAL, *NO_TOOLS, "--challenges", challenge_file(folder / "challenges.json", challenge("a"), challenge("b")),
        "--repetitions", str(matches // 2), "--max-turns", "2", "--workers", str(WORKERS), "--continue-on-error",
        "--max-retries", str(RETRIES), "--backoff", "0.001", "--out", str(folder / "run"), "--quiet", *words,
        environ={**local_environ(server), "PATH": "/usr/bin:/bin", "ARENA_NO_DOTENV": "1"}, timeout=900,
    )  # fmt: skip


def check_counts(ended: Ended, server: FaultyServer, matches: int) -> Counter[str]:
    """Hold what a run says of itself against what the server served; return the statuses."""
    records = ended.records()
    assert len(records) == matches and all(record["stop"] for record in records)
    lines = [line for _, line in read_calls(ended.file("api_calls.jsonl"))]
    attempts = [len(line.http) for line in lines]
    # A kept connection that ends before one byte of the reply is no attempt: the request goes out once more.
    sent_again = server.served["requests"] - sum(attempts)
    assert 0 <= sent_again <= server.served["closed"] + server.served["reset"] and not server.refused
    # While a server limits the rate, a call waits for it and does not use up its retries.
    assert max(sum(one.status != THROTTLED for one in line.http) for line in lines) <= RETRIES + 1
    assert sum(line.reply is not None for line in lines) == server.served["answers"]
    summary = ended.json("summary.json")
    usage = summary["usage"]
    for name in ("prompt_tokens", "completion_tokens"):
        in_lines = sum(getattr(line.reply.usage, name) for line in lines if line.reply is not None)
        assert in_lines == server.served[name]
        assert usage["players"][name] + usage["judge"][name] == in_lines
    unknown = sum(line.unknown for line in lines)
    assert summary["cost_usd"]["unknown_attempts"] == unknown
    assert unknown == sum(server.served[name] for name in UNKNOWN) - sent_again
    return Counter(record["status"] for record in records)


def under_faults(folder: Path, matches: int) -> None:
    with FaultyServer() as server:
        ended = play(folder, server, matches)
        assert ended.code in (0, 1), ended.err
        statuses = check_counts(ended, server, matches)
        assert set(statuses) <= {"done", "error"} and statuses["done"] > 0.9 * matches
        for record in ended.records():
            assert (record["status"] == "error") == (record["stop"] in ("provider", "judge", "timeout")), record["stop"]
            assert record["status"] == "done" or record["detail"]
        before = server.served["answers"]
        server.share = 0.0
        resumed = play(folder, server, matches, "--resume")
        assert resumed.code == 0, resumed.err
        assert {record["status"] for record in resumed.records()} == {"done"}
        assert server.served["answers"] == 3 * matches, "every answer was asked for once"
        assert server.served["answers"] - before >= statuses["error"]


def test_faults_in_a_third_of_the_calls_lose_and_double_nothing(tmp_path: Path) -> None:
    under_faults(tmp_path, 100)


@pytest.mark.long
def test_faults_over_2000_matches_lose_and_double_nothing(tmp_path: Path) -> None:
    under_faults(tmp_path, 2000)


@pytest.mark.parametrize(("flag", "most"), [("--max-calls", 90), ("--max-total-tokens", 20_000)])
def test_limits_hold_under_faults(flag: str, most: int, tmp_path: Path) -> None:
    """A call of unknown cost counts at what was held back for it, so the server never serves more than the limit."""
    with FaultyServer() as server:
        ended = play(tmp_path, server, 100, flag, str(most))
        assert ended.code in (0, 1), ended.err
        served = server.served["prompt_tokens"] + server.served["completion_tokens"]
        assert (server.served["answers"] if flag == "--max-calls" else served) <= most
        stops = {record["stop"] for record in ended.records()}
        assert "budget" in stops and stops <= {"budget", "provider", "judge", "max_turns", "agreed_end"}
        assert json.loads(ended.file("manifest.json").read_bytes())["sessions"][0]["stopped_by"] == "budget"
