#!/usr/bin/env python3
"""Compare the costs of the forms of --tool-text: python3 scripts/bench_tool_text.py CALCULATOR RUN [RUN ...]

CALCULATOR is the calculator's binary, a RUN a finished run directory. Only prompts and replies of players count, not
the judge. Tokens are as the run recorded them: for mock players a quarter of the characters.

With a cache: the prompt of a seat's earlier call is the beginning of its next prompt, and is read from the cache; the
first call of a seat reads the beginning that all prompts of the run share (except for the very first call). A provider
that caches in blocks, or forgets between calls, saves less.

With help: a row for players who ask `help` once for each op before they first use it. Each message with new ops then
takes one more call, of the same prompt, and the answers stay in all later prompts of the seat.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from arena.families.crypto.challenges.schema import load  # noqa: E402
from arena.families.crypto.prompts import prompt_template  # noqa: E402
from arena.formats.tables import text_table  # noqa: E402
from arena.play.tool_description import for_families  # noqa: E402
from arena.records import Json  # noqa: E402

HEADERS = ("run", "tool text, bytes", "prompt tokens a match", "of them cached", "dollars a match", "with a cache")


def help_tokens(calculator: Path, ops: Sequence[str]) -> dict[str, int]:
    """Return the length of the calculator's answer to `help` on each op, in tokens of four characters."""
    asked = "".join(json.dumps({"op": "help", "args": {"op": op}}) + "\n" for op in ops)
    answers = subprocess.run([calculator, "--jsonl"], input=asked, capture_output=True, text=True, check=True).stdout
    return {op: -(-len(answer) // 4) for op, answer in zip(ops, answers.splitlines(), strict=True)}


def shared_tokens(run: Path, tools: str) -> int:
    """Return the length of the beginning that the system prompts of all seats share."""
    challenges = load(run / "inputs" / "challenges.json").challenges
    first, *rest = (prompt_template(c, p["id"], tools, 15).filled(None) for c in challenges for p in c["participants"])
    length = len(first)
    for prompt in rest:
        length = next((i for i, (a, b) in enumerate(zip(first[:length], prompt, strict=False)) if a != b), length)
    return length // 4


def seat_calls(run: Path) -> Iterator[tuple[list[tuple[int, int]], list[list[str]]]]:
    """Yield for each seat of each match its calls (prompt and completion tokens) and the ops that each asked for."""
    calls: dict[tuple[str, str], list[tuple[int, int]]] = {}
    ops: dict[tuple[str, str], list[list[str]]] = {}
    for text in (run / "api_calls.jsonl").read_text(encoding="utf-8").splitlines():
        line: Mapping[str, Json] = json.loads(text)
        seat = (line["trial"], line["seat"])
        if line["kind"] == "model":
            usage = line["reply"]["usage"]
            calls.setdefault(seat, []).append((usage["prompt_tokens"], usage["completion_tokens"]))
            ops.setdefault(seat, []).append([])
        elif line["kind"] == "tool" and seat in ops:
            ops[seat][-1].append(line["op"])
    for seat, made in calls.items():
        yield made, ops[seat]


def with_help(
    made: Sequence[tuple[int, int]], ops: Sequence[Sequence[str]], help_of: Mapping[str, int]
) -> list[tuple[int, int]]:
    """Return the calls of a seat that looks up every op once, before it first uses it."""
    known: set[str] = set()
    more = 0
    out: list[tuple[int, int]] = []
    for (prompt, completion), used in zip(made, ops, strict=True):
        new = [op for op in dict.fromkeys(used) if op not in known]
        if new:
            out.append((prompt + more, 20 * len(new)))
            more += sum(help_of[op] + 20 for op in new)
            known.update(new)
        out.append((prompt + more, completion))
    return out


def row(name: str, tool_bytes: int, seats: Sequence[Sequence[tuple[int, int]]], shared: int, matches: int,
        prices: Sequence[float]) -> list[str]:  # fmt: skip
    prompt = sum(call[0] for made in seats for call in made)
    completion = sum(call[1] for made in seats for call in made)
    cached = sum(sum(call[0] for call in made[:-1]) + shared for made in seats) - shared
    full = (prompt * prices[0] + completion * prices[2]) / 1e6
    saved = cached * (prices[0] - prices[1]) / 1e6
    return [name, f"{tool_bytes:,}", f"{prompt / matches:,.0f}", f"{cached / prompt:.0%}", f"{full / matches:.4f}",
            f"{(full - saved) / matches:.4f}"]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("calculator", type=Path)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--prices", type=float, nargs=3, default=(1.25, 0.125, 10.0),
                        metavar=("PROMPT", "CACHED", "COMPLETION"), help="dollars per million tokens")  # fmt: skip
    options = parser.parse_args()
    rows = []
    for run in options.runs:
        tools = (run / "inputs" / "tools.txt").read_text(encoding="utf-8")
        challenges = load(run / "inputs" / "challenges.json").challenges
        shown = [len(for_families(tools, c.get("op_families")).encode()) for c in challenges]
        found = list(seat_calls(run))
        help_of = help_tokens(options.calculator, sorted({op for _, ops in found for used in ops for op in used}))
        seats = [made for made, _ in found]
        asking = [with_help(made, ops, help_of) for made, ops in found]
        matches = len((run / "matches.jsonl").read_text(encoding="utf-8").splitlines())
        common = (sum(shown) // len(shown), seats, shared_tokens(run, tools), matches, options.prices)
        rows.append(row(run.name, *common))
        rows.append(row(f"{run.name}, every op looked up", common[0], asking, *common[2:]))
    print(text_table(HEADERS, rows))


if __name__ == "__main__":
    main()
