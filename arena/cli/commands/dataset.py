"""`arena dataset`: make training data from challenges and runs, and audit it."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from arena.analysis.dataset.contamination import audit_file
from arena.analysis.dataset.finalize import Finish, finish, read_rows, write
from arena.analysis.dataset.preferences import (
    VERIFIED,
    Rewarded,
    preference_rows,
    reward_rows,
    values_of,
    why_no_pair,
)
from arena.analysis.dataset.rows import Reward, rewarded, rows_of
from arena.cli.console import Console
from arena.cli.dataset_steps import (
    calculator_of,
    chosen,
    fitness,
    play_generated,
    reasons_text,
    request,
    run_folders,
    say,
)
from arena.cli.execute import execute
from arena.cli.run_choice import share
from arena.engine.finished import open_run
from arena.errors import EXIT_ERRORS, EXIT_OK, UsageError
from arena.families.crypto.challenges.schema import ChallengeSet, load
from arena.families.crypto.data import played_challenges
from arena.families.crypto.dataset.answers import read_answers
from arena.families.crypto.dataset.build import TRAIN, Selection, requests
from arena.families.crypto.dataset.fit import fitness_of, read_generated
from arena.families.crypto.dataset.generated import Generated
from arena.families.crypto.dataset.held_out import held_out
from arena.families.crypto.dataset.requests import Writing, lines
from arena.families.crypto.dataset.surface import varied_match
from arena.families.crypto.dataset.written import invented_answers
from arena.families.crypto.spec import SPEC
from arena.formats.suggest import suggest
from arena.formats.tables import printable
from arena.play.tool_protocol import describe
from arena.providers.batch_lines import MAX_BYTES, MAX_REQUESTS
from arena.settings.flags import Parser
from arena.settings.places import DATA_ROOT
from arena.store.rundir import pretty_json, write_output

REPORT, VARIATION = "grounding.json", "variation.json"

CHALLENGES = "src/crypto-challenges/benchmark_challenges_diverse_v2.json"


def parser() -> Parser:
    """Declare the subcommands."""
    declared = Parser(
        prog="arena dataset",
        description="Make training data from challenges and finished runs: state/v3_dataset_pipeline.md.",
        examples=(
            "python3 -m arena dataset requests --model gpt-5 --out state/datasets/first/requests.jsonl",
            "python3 -m arena dataset rows state/runs/gold --out state/datasets/first/rows.jsonl",
            "python3 -m arena dataset audit state/datasets/first/train.jsonl",
        ),
    )
    leaves = declared.add_subparsers(dest="step", required=True, metavar="STEP", parser_class=Parser)

    _declare_generation(leaves)
    _declare_variation(leaves)
    _declare_rows(leaves)
    return declared


def _leaf(leaves: argparse._SubParsersAction[Parser], name: str, text: str, words: str) -> Parser:
    found: Parser = leaves.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.",
                                      examples=(f"python3 -m arena dataset {name} {words}",))  # fmt: skip
    found.add_argument("--quiet", action="store_true", help="print only warnings and errors")
    return found


def _declare_generation(leaves: argparse._SubParsersAction[Parser]) -> None:
    """Declare the steps from challenges to matches with true results."""
    made = _leaf(leaves, "requests", "write a batch of requests to a model that writes matches",
                "--model gpt-5 --out state/datasets/first/requests.jsonl")  # fmt: skip
    made.add_argument("--model", required=True, metavar="ID", help="the model that writes")
    made.add_argument("--seeds", type=_seeds, default=(0,), metavar="N,N", help="seeds of the drawn values [0]")
    made.add_argument("--repetitions", type=int, default=1, metavar="N", help="matches per challenge and seed [1]")
    made.add_argument("--split", default=TRAIN, metavar="SPLIT", help="only challenges of this split [train]")
    made.add_argument("--challenge-ids", default="", metavar="IDS", help="only these challenges: ids with commas")
    made.add_argument("--limit", type=int, metavar="N", help="only the first N challenges after the other filters")
    made.add_argument("--force-held-out", action="store_true",
                      help="write requests for held-out challenges too; they are marked")  # fmt: skip
    made.add_argument("--max-turns", type=int, default=15, metavar="N", help="public turns of a match [15]")
    made.add_argument("--max-tokens", type=int, metavar="N", help="limit on the tokens of a reply")
    made.add_argument("--temperature", type=float, metavar="X", help="sampling temperature")
    _out(made, "file of requests to write")
    mock = _leaf(leaves, "mock-answers", "answer a batch without a model: plays with invented results",
                "state/datasets/first/requests.jsonl --out state/datasets/first/results.jsonl")  # fmt: skip
    mock.add_argument("requests", type=Path, metavar="REQUESTS", help="file of requests")
    _out(mock, "file of answers to write")
    ground = _leaf(leaves, "ground", "play generated matches with the real calculator",
                  "state/datasets/first/results.jsonl --out state/datasets/first")  # fmt: skip
    ground.add_argument("results", type=Path, metavar="RESULTS", help="file of answers of the service")
    ground.add_argument("--workers", type=int, default=1, metavar="N", help="matches at once [1]")
    _out(ground, "folder for the transcripts, the runs and the report")
    valid = _leaf(leaves, "validate", "report why matches are unfit for training", "state/datasets/first")
    valid.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="runs, or folders of `dataset ground`")
    valid.add_argument("--min-fit", type=share, default=1.0, metavar="SHARE",
                       help="exit with 1 below this share of fit matches [1.0]")  # fmt: skip
    valid.add_argument("--json", action="store_true", help="print the report as JSON")


def _declare_variation(leaves: argparse._SubParsersAction[Parser]) -> None:
    vary = _leaf(leaves, "vary", "paraphrase matches: same calls, same values, other words",
                 "state/runs/gold --seed 1 --out state/datasets/first/varied")  # fmt: skip
    vary.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="runs, or folders of `dataset ground`")
    vary.add_argument("--seed", type=int, default=0, metavar="N", help="decides which words [0]")
    vary.add_argument("--workers", type=int, default=1, metavar="N", help="matches at once [1]")
    _out(vary, "folder for the transcripts, the runs and the report")


def _declare_rows(leaves: argparse._SubParsersAction[Parser]) -> None:
    """Declare the steps from matches to training files."""
    rows = _leaf(leaves, "rows", "write chat rows of all fit trials, one per role",
                "state/runs/gold --out state/datasets/first/rows.jsonl")  # fmt: skip
    rows.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="runs, or folders of `dataset ground`")
    rows.add_argument("--tool-calls", choices=("text", "native"), default="text",
                      help="calls as text in a message, or in the form of chat APIs [text]")  # fmt: skip
    _out(rows, "file of rows to write")
    for name, text in (("rewards", "write rows of prompt, completion and reward"),
                       ("preferences", "write pairs: the same prompt, a better and a worse reply")):  # fmt: skip
        scored = _leaf(leaves, name, text, f"state/runs/one state/runs/two --out state/datasets/first/{name}.jsonl")
        scored.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="finished runs of any family")
        text = "a value of the score, or verified: the mean of verified grades [verified; of other families: its own]"
        scored.add_argument("--reward", metavar="NAME", help=text)
        scored.add_argument("--tool-calls", choices=("text", "native"), default="text", help="as of `rows` [text]")
        if name == "preferences":
            scored.add_argument("--least", type=float, default=0.5, metavar="X",
                                help="rewards that differ by less make no pair [0.5]")  # fmt: skip
        _out(scored, "file of rows to write")
    final = _leaf(leaves, "finalize", "split rows into train and val, with a data card",
                 "state/datasets/first/rows.jsonl --out state/datasets/first/final")  # fmt: skip
    final.add_argument("rows", type=Path, nargs="+", metavar="ROWS", help="files of `dataset rows`")
    final.add_argument("--seed", type=int, default=0, metavar="N", help="decides which challenges are in val [0]")
    final.add_argument("--val-share", type=float, default=0.1, metavar="SHARE", help="share of the challenges [0.1]")
    final.add_argument("--duplicates-from", type=float, default=0.9, metavar="X",
                       help="similarity from which a row counts as a repetition of another [0.9]")  # fmt: skip
    final.add_argument("--max-chars", type=int, metavar="N", help="omit longer rows")
    final.add_argument("--license", default="mit", metavar="ID", help="licence of the data [mit]")
    _out(final, "folder to write")
    audit = _leaf(
        leaves, "audit", "look for held-out challenges in a training file", "state/datasets/first/final/train.jsonl"
    )
    audit.add_argument("file", type=Path, metavar="FILE", help="file of JSON lines")
    audit.add_argument("--challenges", type=Path, default=DATA_ROOT / CHALLENGES, metavar="FILE",
                       help="challenge file [the project's]")  # fmt: skip
    audit.add_argument("--runs", type=Path, nargs="*", default=(), metavar="RUN",
                       help="runs whose drawn values are searched for as well")  # fmt: skip
    audit.add_argument("--json", action="store_true", help="print the findings as JSON")


def _out(parser: Parser, text: str) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="PATH", help=text)


def _seeds(word: str) -> tuple[int, ...]:
    try:
        seeds = tuple(dict.fromkeys(int(part) for part in word.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be whole numbers separated by commas, not {word!r}") from None
    if any(seed < 0 for seed in seeds):
        raise argparse.ArgumentTypeError("a seed is not negative")
    return seeds


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the step and return its exit code."""
    return _STEPS[options.step](options, console)


def _challenges() -> ChallengeSet:
    return load(DATA_ROOT / CHALLENGES)


def _requests(options: argparse.Namespace, console: Console) -> int:
    ids = tuple(one.strip() for one in options.challenge_ids.split(",") if one.strip())
    selection = Selection(
        options.seeds, options.repetitions, options.split, ids, options.limit, options.force_held_out
    )  # fmt: skip
    with calculator_of(console) as calculator:
        tools = describe(calculator.catalogue(), 10)
        writing = Writing(options.model, tools, options.max_turns, options.max_tokens, options.temperature)
        data = list(lines(requests(_challenges(), selection, writing, calculator)))
    size = sum(map(len, data))
    if len(data) > MAX_REQUESTS or size > MAX_BYTES:
        raise UsageError(
            f"{len(data)} requests of {size / 1e6:.0f} MB: a batch takes {MAX_REQUESTS} requests and"
            f" {MAX_BYTES // 1_000_000} MB; choose fewer seeds or --challenge-ids"
        )
    write_output(options.out, b"".join(data))
    say(console, f"wrote {options.out}: {len(data)} requests, about {size // 4:,} prompt tokens")
    return EXIT_OK


def _mock_answers(options: argparse.Namespace, console: Console) -> int:
    challenges = {challenge["id"]: challenge for challenge in _challenges().challenges}

    def play(seed: int, ids: list[str], repetitions: int, out: Path) -> None:
        words = ["--challenge-ids", ",".join(ids), "--repetitions", str(repetitions), "--seed", str(seed)]
        words += ["--participant-provider", "scripted", "--judge-provider", "mock", "--out", str(out)]
        words += ["--participant-model", str(DATA_ROOT / "src/crypto-challenges/reference_plays")]
        execute(request(console, words), console)

    data = list(invented_answers(options.requests, challenges, play, open_run))
    write_output(options.out, b"".join(data))
    say(console, f"wrote {options.out}: {len(data)} answers with invented results, by no model")
    return EXIT_OK


def _ground(options: argparse.Namespace, console: Console) -> int:
    challenges = {challenge["id"]: challenge for challenge in _challenges().challenges}
    dropped: Counter[str] = Counter()
    by_seed: dict[int, list[Generated]] = {}
    for one, made in read_answers(options.results, challenges, dropped):
        if one.held_out:
            dropped["held_out"] += 1
        else:
            by_seed.setdefault(made.seed, []).append(made)
    if not by_seed:
        why = ", ".join(f"{count} {reason}" for reason, count in sorted(dropped.items())) or "it is empty"
        raise UsageError(
            f"{options.results} holds no usable answer ({why}); give the answers to a file of `arena dataset requests`"
        )
    play_generated(by_seed, options.out, options.workers, console)
    found = fitness([options.out])
    report = {"answers": sum(map(len, by_seed.values())) + sum(dropped.values()), "dropped": dict(dropped)}
    report |= {"generated": sum(map(len, by_seed.values())), **found.to_json()}
    write_output(options.out / REPORT, pretty_json(report))
    say(console, f"{report['answers']} answers, {report['generated']} playable, {found.fit} fit for training")
    say(console, reasons_text(Counter(dropped) + found.reasons))
    return EXIT_OK


def _validate(options: argparse.Namespace, console: Console) -> int:
    found = fitness(options.runs)
    if options.json:
        console.result(json.dumps(found.to_json()))
    else:
        console.result(printable(f"{found.fit} of {found.matches} matches are fit for training"))
        console.result(printable(reasons_text(found.reasons)))
    enough = found.matches > 0 and found.fit >= options.min_fit * found.matches
    return EXIT_OK if enough else EXIT_ERRORS


def _vary(options: argparse.Namespace, console: Console) -> int:
    by_seed: dict[int, list[Generated]] = {}
    for folder in run_folders(options.runs):
        run = open_run(folder)
        seed = int(run.manifest.identity.settings["seed"])
        if seed in by_seed:
            raise UsageError(f"{folder}: another of these runs also has the seed {seed}; vary it separately")
        fit = set(fitness_of(run, read_generated(run)).keys)
        by_seed[seed] = [varied_match(one, options.seed, seed) for one in run.records if one.key in fit]
    made = [one for matches in by_seed.values() for one in matches]
    if not made:
        raise UsageError("no match of these runs is fit for training; `arena dataset validate` says why")
    play_generated(by_seed, options.out, options.workers, console)
    found = fitness([options.out])
    turns = Counter[str]()
    for one in made:
        turns.update(one.variation)
    report = {"seed": options.seed, "varied_turns": dict(turns), **found.to_json()}
    write_output(options.out / VARIATION, pretty_json(report))
    told = ", ".join(f"{count} by {kind}" for kind, count in turns.items()) or "none"
    say(console, f"{len(made)} matches in other words, {found.fit} fit for training; turns that changed: {told}")
    say(console, reasons_text(found.reasons))
    return EXIT_OK


def _rows(options: argparse.Namespace, console: Console) -> int:
    data: list[bytes] = []
    matches = 0
    for folder in run_folders(options.runs):
        run = open_run(folder)
        matches += 1
        taken = chosen(run)
        for row in rows_of(run, taken.fitness.keys, options.tool_calls):
            row["about"] |= taken.about.get(row["about"]["trial"], {})
            data.append(json.dumps(row, ensure_ascii=True, separators=(",", ":")).encode() + b"\n")
    if not data:
        raise UsageError("no match of these runs is fit for training; `arena dataset validate` says why")
    write_output(options.out, b"".join(data))
    say(console, f"wrote {options.out}: {len(data)} rows of {matches} runs")
    return EXIT_OK


def _rewarded(options: argparse.Namespace) -> list[Rewarded]:
    found: list[Rewarded] = []
    named: set[str] = set()
    for path in options.runs:
        run = open_run(path)
        if run.manifest.family == SPEC.name:
            splits = {challenge["id"]: challenge.get("split", TRAIN) for challenge in played_challenges(run).challenges}
            held = sorted({record.trial.unit for record in run.records if splits[record.trial.unit] != TRAIN})
            if held:
                raise UsageError(f"{path} played {held[0]}, which is held out: play --challenge-split train")
        taken = None if run.manifest.family == SPEC.name else chosen(run)
        given = None if taken is None or options.reward else taken.rewards
        earned = {} if taken is None else taken.earned
        found += rewarded(run, Reward(options.reward or VERIFIED, given, earned), options.tool_calls)
        if not found:
            named.update(name for record in run.records for name in values_of(record))
    if not found:
        wanted, known = options.reward or VERIFIED, sorted(named)
        there = f"there are: {', '.join(known)}" if known else "they have no score"
        raise UsageError(f"no match of these runs has the reward {wanted!r}{suggest(wanted, known)}; {there}")
    return found


def _scored_rows(options: argparse.Namespace, console: Console) -> int:
    found = _rewarded(options)
    made = reward_rows(found) if options.step == "rewards" else preference_rows(found, options.least)
    data = [json.dumps(row, ensure_ascii=True, separators=(",", ":")).encode() + b"\n" for row in made]
    write_output(options.out, b"".join(data))
    say(console, f"wrote {options.out}: {len(data)} {options.step} of {len(found)} conversations")
    if not data and options.step == "preferences":
        console.warn(f"no pair: {why_no_pair(found, options.least)}")
    return EXIT_OK


def _finalize(options: argparse.Namespace, console: Console) -> int:
    how = Finish(options.seed, options.val_share, options.duplicates_from, options.max_chars, options.license)
    rows = [row for path in options.rows for row in read_rows(path)]
    made = finish(rows, how)
    card = write(made, options.out, how, _challenges().canary or "")
    shown = ", ".join(f"{name} {about['rows']} rows" for name, about in card["files"].items() if "origins" not in name)
    say(console, f"wrote {options.out}: {shown}; left out: {dict(made.dropped) or 'none'}")
    return EXIT_OK


def _audit(options: argparse.Namespace, console: Console) -> int:
    found = audit_file(options.file, held_out(load(options.challenges), [open_run(path) for path in options.runs]))
    if options.json:
        console.result(json.dumps(found.to_json()))
    else:
        console.result(printable(found.text()))
    return EXIT_ERRORS if found.found else EXIT_OK


_STEPS: dict[str, Callable[[argparse.Namespace, Console], int]] = {
    "requests": _requests,
    "mock-answers": _mock_answers,
    "ground": _ground,
    "vary": _vary,
    "validate": _validate,
    "rows": _rows,
    "rewards": _scored_rows,
    "preferences": _scored_rows,
    "finalize": _finalize,
    "audit": _audit,
}
