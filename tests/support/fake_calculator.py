"""A calculator that misbehaves on request, for the tests of carriers.

Run as a script it speaks the calculator's protocol (`--jsonl`: one line per request; otherwise one request). Ops:

- `ping`, `ops`, `version`: answered like the calculator, in short.
- `echo`: answers its args, the seed and the process id.
- `misbehave` with `how` (see MISBEHAVIOURS) and `marker`, a path: the first time it leaves its process id in that file
  and misbehaves; where the file exists it answers `recovered`, unless `always` is true.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROW = {"name": "ping", "family": "meta", "summary": "answers pong", "params": [], "result": "text"}


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def answer(request: dict[str, Any], **fields: Any) -> str:
    shown = {"ok": True, **fields}
    if "id" in request:
        shown["id"] = request["id"]
    return json.dumps(shown) + "\n"


def die(request: dict[str, Any]) -> None:
    sys.stderr.write("out of luck\n")
    sys.stderr.flush()
    os._exit(3)


def stall(request: dict[str, Any]) -> None:
    time.sleep(3600)


def half_a_line(request: dict[str, Any]) -> None:
    write(answer(request, result=1)[:9])
    os._exit(0)


def flood(request: dict[str, Any]) -> None:
    """More text on stderr than fits into a pipe, then a proper answer: blocks forever unless someone reads it."""
    sys.stderr.write("x" * 300_000)
    sys.stderr.flush()
    write(answer(request, result="after the flood"))


def late_line(request: dict[str, Any]) -> None:
    """A proper answer, then a surplus line, then the file `written`."""
    write(answer(request, result="in time"))
    write(answer({"id": "9999"}, result="too late"))
    Path(request["args"]["written"]).touch()


def refuse(request: dict[str, Any]) -> None:
    error = {"code": request["args"]["code"], "message": "as told", "path": ""}
    write(answer(request, ok=False, error=error))


def batch(request: dict[str, Any]) -> None:
    error = {"code": request["args"]["code"], "message": "as told", "path": ""}
    write(answer(request, result={"answers": [{"ok": True, "result": 1}, {"ok": False, "error": error}]}))


MISBEHAVIOURS: dict[str, Callable[[dict[str, Any]], None]] = {
    "die": die,
    "stall": stall,
    "half a line": half_a_line,
    "garbage": lambda request: write("panicked at src/main.rs\n"),
    "no JSON object": lambda request: write("[1]\n"),
    "no result": lambda request: write(answer(request)),
    "ok is a word": lambda request: write(json.dumps({"ok": "yes", "result": 1}) + "\n"),
    "another id": lambda request: write(answer({"id": "9999"}, result=1)),
    "no id": lambda request: write(answer({}, result=1)),
    "two lines": lambda request: write(answer(request, result=1) + answer(request, result=2)),
    "empty line": lambda request: write("\n"),
    "flood": flood,
    "late line": late_line,
    "refuse": refuse,
    "batch": batch,
}


def handle(request: dict[str, Any]) -> None:
    op, args = request["op"], request["args"]
    if op == "misbehave":
        marker = Path(args["marker"])
        if marker.exists() and not args.get("always"):
            write(answer(request, result="recovered"))
            return
        marker.write_text(str(os.getpid()), encoding="utf-8")
        MISBEHAVIOURS[args["how"]](request)
    elif op == "echo":
        write(answer(request, result={"args": args, "seed": request.get("seed"), "pid": os.getpid()}))
    elif op == "environment":
        write(answer(request, result=sorted(os.environ)))
    elif op == "ops":
        write(answer(request, result={"ops": [ROW]}))
    elif op == "version":
        write(answer(request, result={"name": "fake", "version": "0.0.1", "catalogue": "00", "ops": 1}))
    elif op == "ping":
        write(answer(request, result="pong"))
    else:
        refuse({**request, "args": {"code": "unknown_op"}})


def main() -> None:
    if "--jsonl" in sys.argv:
        for line in sys.stdin:
            handle(json.loads(line))
    else:
        handle(json.loads(sys.stdin.read()))


if __name__ == "__main__":
    main()
