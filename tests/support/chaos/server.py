"""The model server in its own process, so that the process that forks the runs has no other thread.

It answers like tests/support/http_server.py, and learns through a pipe which process to kill at which request.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from typing import Any

from tests.support.http_server import ModelServer, Scripted, Seen


class _Killing(ModelServer):
    kill_at = 0
    victim = 0

    def receive(self, seen: Seen) -> Scripted | None:
        scripted = super().receive(seen)
        if self.kill_at and len(self.seen) == self.kill_at:
            os.kill(self.victim, signal.SIGKILL)
        return scripted


class ServerProcess:
    """A context manager. `url`: where it answers."""

    def __enter__(self) -> ServerProcess:
        asks, self._ask = os.pipe()
        self._answer, answers = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self._ask)
                os.close(self._answer)
                _serve(asks, answers)
            finally:
                os._exit(0)
        os.close(asks)
        os.close(answers)
        self._answers = os.fdopen(self._answer, "r")
        self.url = str(json.loads(self._answers.readline()))
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._ask)
        self._answers.close()
        os.waitpid(self.pid, 0)

    def expect(self, kill_at: int = 0, victim: int = 0) -> None:
        """Forget all requests; kill a process at the k-th from now on (0: none)."""
        self._say({"kill_at": kill_at, "victim": victim})

    def seen(self) -> Counter[str]:
        """Return how often each question came in since `expect`."""
        return Counter(self._say({}))

    def _say(self, words: dict[str, int]) -> Any:
        os.write(self._ask, json.dumps(words).encode() + b"\n")
        return json.loads(self._answers.readline())


def _serve(asks: int, answers: int) -> None:
    killing = _Killing()
    with killing as server, os.fdopen(asks, "r") as heard, os.fdopen(answers, "w") as out:
        print(json.dumps(server.url), file=out, flush=True)
        for line in heard:
            words = json.loads(line)
            if words:
                server.seen.clear()
                killing.kill_at, killing.victim = words["kill_at"], words["victim"]
            print(json.dumps([seen.digest for seen in server.seen]), file=out, flush=True)
