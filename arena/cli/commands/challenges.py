"""`arena challenges COMMAND`: read, check and extend the challenge set (the table _COMMANDS lists the subcommands)."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from arena.calculator.carrier import NoCalculator
from arena.cli.challenge_baselines import drawn, play_baselines, played_references
from arena.cli.challenge_new import new_challenges
from arena.cli.challenge_silence import abort_analysis
from arena.cli.console import Console
from arena.cli.execute import execute
from arena.cli.process import process_context
from arena.engine.build import RunRequest, build_calculator
from arena.engine.finished import opened
from arena.errors import EXIT_ERRORS, EXIT_OK, DataError, UsageError
from arena.families.crypto.baselines.report import payoffs_text, table_text
from arena.families.crypto.challenges.lint import LintFinding, lint, note_of
from arena.families.crypto.challenges.render import for_people, listing, markdown, seen_by, stats, stats_text
from arena.families.crypto.challenges.schema import load, select
from arena.families.crypto.cheats.variants import TEMPTED, variant
from arena.families.crypto.check_words import secret_line
from arena.families.crypto.checks.obligations import obligation_line
from arena.families.crypto.checks.play_checks import unexpected
from arena.families.crypto.checks.results import detail_of
from arena.families.crypto.data import match_path
from arena.families.crypto.proposed_obligations import proposed
from arena.families.crypto.skeletons.skeleton import EXAMPLES
from arena.families.crypto.spec import SPEC
from arena.families.crypto.views import spoken
from arena.formats.decode import encode
from arena.formats.tables import printable
from arena.messages import Calculator
from arena.play.tool_protocol import describe
from arena.records import Record, Stop, trial_seed
from arena.settings.config import build_parser, read_config
from arena.settings.flags import Parser
from arena.settings.places import DATA_ROOT
from arena.settings.values import from_text
from arena.store.rundir import pretty_json, write_output

DEFAULT_SET = DATA_ROOT / "src/crypto-challenges/benchmark_challenges_diverse_v2.json"
PAGE = "CHALLENGES.md"
"""The rendered set, next to the challenge file."""
DEFAULT_SEEDS = 5
"""Matches of each baseline and challenge: some minutes for the whole set."""


def parser() -> Parser:
    """Declare the flags of each subcommand."""
    shared = Parser(add_help=False)
    shared.add_argument("--challenges", type=Path, default=DEFAULT_SET, metavar="FILE", help="challenge file")
    shared.add_argument("--json", action="store_true", help="print JSON")
    seeded = Parser(add_help=False)
    seeded.add_argument("id", metavar="ID", help="id of a challenge")
    seeded.add_argument("--seed", type=_seed, default=0, metavar="N", help="run seed (default 0), as of `arena run`")
    declared = Parser(
        prog="arena challenges",
        description="Look at the challenge set and check it. `arena challenges COMMAND --help` lists the flags.",
        examples=(
            "python3 -m arena challenges lint",
            "python3 -m arena challenges show workshop-approval --seed 3 --tools",
            "python3 -m arena challenges play workshop-approval --json",
        ),
    )
    commands = declared.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    def leaf(name: str, text: str, words: str, *parents: Parser) -> Parser:
        example = f"python3 -m arena challenges {name} {words}".rstrip()
        made: Parser = commands.add_parser(
            name,
            parents=[shared, *parents],
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            examples=(example,),
        )
        return made

    linted = leaf("lint", "report all mistakes in the set; exit 1 for errors", "--challenges mine.json")
    linted.add_argument("--seeds", type=_matches, metavar="N",
                        help="also play the baselines, N matches each; one that succeeds is an error")  # fmt: skip
    leaf("list", "one line per challenge", "")
    show = leaf("show", "the instructions of each role, for a seed", "workshop-approval --seed 3 --tools", seeded)
    show.add_argument("--tools", action="store_true", help="with the description of the calculator")
    show.add_argument("--tempted", action="store_true", help="show a match in which a seat is told to cheat")
    render = leaf("render", f"write the set as Markdown ({PAGE} next to the file)", "--out CHALLENGES.md")
    render.add_argument("--out", type=Path, metavar="FILE", help="write there instead")
    leaf("stats", "counts per family, difficulty, split, domain, roles", "--json")
    leaf("play", "play the reference play, print turns, calls and checks", "workshop-approval", seeded)
    _declare_plays(leaf, seeded)
    return declared


def _declare_plays(leaf: Callable[..., Parser], seeded: Parser) -> None:
    """Declare the flags of the subcommands that play, and of the one that makes challenges."""
    played = leaf("baselines", "play generated plays that should fail; exit 1 if one succeeds",
                  "workshop-approval --seeds 5")  # fmt: skip
    played.add_argument("ids", nargs="*", metavar="ID", help="ids of challenges (default: all)")
    played.add_argument("--seeds", type=_matches, default=DEFAULT_SEEDS, metavar="N",
                        help=f"matches of each baseline and challenge (default {DEFAULT_SEEDS})")  # fmt: skip
    played.add_argument("--seed", type=_seed, default=0, metavar="N", help="run seed (default 0), as of `arena run`")
    played.add_argument("--out", type=Path, metavar="FILE", help="write the table that a leaderboard shows, as JSON")
    new = leaf("new", "make a challenge with plays and obligations from a skeleton",
               "--from skeleton.json --out mine/set.json")  # fmt: skip
    new.add_argument("--from", dest="skeleton", type=Path, metavar="SKELETON", help="file that you filled in")
    new.add_argument("--out", type=Path, metavar="FILE", help="challenge file to write; an existing one is added to")
    new.add_argument("--example", choices=tuple(EXAMPLES), metavar="PATTERN",
                     help=f"print a skeleton to start from: {', '.join(EXAMPLES)}")  # fmt: skip
    cut = leaf("abort-analysis", "cut the reference play after every turn and apply the rule for silence",
               "the-hall-clock --seeds 20")  # fmt: skip
    cut.add_argument("ids", nargs="*", metavar="ID", help="ids of challenges (default: all that have such a rule)")
    cut.add_argument("--seeds", type=_matches, default=DEFAULT_SEEDS, metavar="N",
                     help=f"matches of each reference play (default {DEFAULT_SEEDS})")  # fmt: skip
    cut.add_argument("--seed", type=_seed, default=0, metavar="N", help="run seed (default 0), as of `arena run`")
    read_off = leaf("obligations", "print obligations that the reference play meets with every seed, as JSON",
                    "workshop-approval --seeds 10", seeded)  # fmt: skip
    read_off.add_argument("--seeds", type=_matches, default=DEFAULT_SEEDS, metavar="N",
                          help=f"matches of the reference play (default {DEFAULT_SEEDS})")  # fmt: skip


def _seed(word: str) -> int:
    """Return a run seed, within the bounds of `arena run --seed`."""
    return _number("seed", word)


def _matches(word: str) -> int:
    """Return a number of matches, within the bounds of `arena run --repetitions`."""
    return _number("repetitions", word)


def _number(setting: str, word: str) -> int:
    (row,) = (row for row in SPEC.settings if row.name == setting)
    try:
        return int(from_text(row, word))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the subcommand and return its exit code."""
    return _COMMANDS[options.command](options, console)


def _request(console: Console, words: Sequence[str] = ()) -> RunRequest:
    """Return the request of a subcommand, which itself is silent except for its result."""
    declared = build_parser("arena challenges", SPEC.settings, "")
    config = read_config([*words, "--quiet"], os.environ, SPEC.settings, declared, mocks=SPEC.mocks)
    console.set_up(True, False, config.environ)
    return RunRequest(SPEC, config, process_context(config, console))


@contextmanager
def _calculator(request: RunRequest) -> Iterator[Calculator | None]:
    """Yield the calculator; None if it is not built and cargo is missing, since most of this does without."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(build_calculator(request))
        except NoCalculator:
            found = None
        yield found


def _lint(options: argparse.Namespace, console: Console) -> int:
    request = _request(console)
    try:
        challenge_set = load(options.challenges)
    except DataError as error:
        if not os.access(options.challenges, os.R_OK) or options.challenges.is_dir():
            raise
        broken = [LintFinding("error", issue.file, issue.pointer, issue.message) for issue in error.issues]
        return _tell_findings(broken, "no sound challenge set", options.json, console)
    with _calculator(request) as calculator:
        ops = None if calculator is None else {row["name"] for row in calculator.catalogue()}
    findings = lint(challenge_set, ops)
    if options.seeds:
        tally = play_baselines(challenge_set.challenges, options.challenges, options.seeds, 0, console)
        places = {challenge["id"]: place for place, challenge in enumerate(challenge_set.challenges)}
        findings += [
            LintFinding("error", challenge_set.path.name, f"/challenges/{places[name]}", f"{name}: {message}")
            for name, message in tally.problems()
        ]
    if ops is None:
        console.warn("there is no calculator, so the names of ops were not checked")
    return _tell_findings(findings, f"{len(challenge_set.challenges)} challenges", options.json, console)


def _tell_findings(findings: Sequence[LintFinding], what: str, as_json: bool, console: Console) -> int:
    """Print the mistakes in a set; return 1 if one of them is an error."""
    errors = sum(finding.level == "error" for finding in findings)
    if as_json:
        console.result(json.dumps([finding._asdict() for finding in findings]))
    else:
        for finding in findings:
            console.result(printable(str(finding)))
        console.result(f"{what}, {errors} errors, {len(findings) - errors} warnings")
    return EXIT_ERRORS if errors else EXIT_OK


def _list(options: argparse.Namespace, console: Console) -> int:
    challenge_set = load(options.challenges)
    if options.json:
        console.result(json.dumps([challenge["id"] for challenge in challenge_set.challenges]))
    else:
        console.result(printable(listing(challenge_set, console.width())))
    return EXIT_OK


def _show(options: argparse.Namespace, console: Console) -> int:
    challenge_set = load(options.challenges)
    (challenge,) = select(challenge_set, ids=[options.id], asked="ID")
    request = _request(console)
    key = f"{SPEC.name}/{match_path(challenge['id'], 0)}"
    seed = trial_seed(options.seed, key)
    with _calculator(request) as calculator:
        values = drawn(challenge, seed, key, calculator)
        tools = None
        if options.tools and calculator is not None:
            tools = describe(calculator.catalogue(), request.config["max_tool_calls_per_turn"])
    if options.tempted and "temptation" not in challenge:
        raise UsageError(f"--tempted: no seat may cheat in {options.id}; `arena challenges list` shows where")
    found = note_of(challenge_set, challenge)
    note = None if found is None else os.path.normpath(options.challenges.parent / found)
    if options.json:
        console.result(json.dumps({"id": challenge["id"], "seed": seed, "instance": values, "note": note}))
    else:
        played = variant(challenge, TEMPTED if options.tempted else None)
        shown = f"{seen_by(played, values, tools, request.config['max_turns'])}\n{for_people(challenge, note)}"
        console.result(printable(shown))
    return EXIT_OK


def _render(options: argparse.Namespace, console: Console) -> int:
    challenge_set = load(options.challenges)
    path = options.out or options.challenges.parent / PAGE
    write_output(path, markdown(challenge_set).encode())
    console.result(f"wrote {path}: {len(challenge_set.challenges)} challenges")
    return EXIT_OK


def _stats(options: argparse.Namespace, console: Console) -> int:
    found = stats(load(options.challenges))
    console.result(json.dumps(found) if options.json else printable(stats_text(found)))
    return EXIT_OK


def _play(options: argparse.Namespace, console: Console) -> int:
    (challenge,) = select(load(options.challenges), ids=[options.id], asked="ID")
    if "reference_play" not in challenge:
        raise UsageError(f"{options.id} names no reference play; docs/reference-plays.md says how to write one")
    with tempfile.TemporaryDirectory() as folder:
        words = ["--challenges", str(options.challenges), "--challenge-ids", options.id, "--seed", str(options.seed)]
        words += ["--participant-provider", "scripted", "--judge-provider", "mock", "--out", f"{folder}/run"]
        words += ["--participant-model", str(options.challenges.parent / challenge["reference_play"])]
        execute(_request(console, words), console)
        (record,) = opened(Path(folder) / "run").records
    detail = detail_of(record)
    negative = detail is not None and detail.checks.case is not None and detail.checks.case.negative
    false = list(unexpected(record.transcript.entries, negative))
    green = record.stop is Stop.AGREED_END and detail is not None and detail.checks.all_green and not false
    console.result(json.dumps(record.to_json()) if options.json else printable("\n".join(_played_lines(record, false))))
    return EXIT_OK if green else EXIT_ERRORS


def _played_lines(record: Record, false: Sequence[str]) -> list[str]:
    """Return a record as lines for the writer of a play. `false`: checks with an unexpected result."""
    transcript, detail = record.transcript, detail_of(record)
    lines = [f"values: {json.dumps(transcript.instance, ensure_ascii=False)}", ""]
    for entry in transcript.entries:
        if entry.kind == "say":
            lines.append(f"[{entry.turn}] {entry.seat}: {spoken(entry)}")
        elif entry.kind == "call":
            answer = entry.answered.get("result", entry.answered.get("error"))
            call = f"{entry.op} {json.dumps(entry.args)}"
            lines.append(f"    {entry.seat} calls {entry.id}: {call[:200]} -> {json.dumps(answer)[:200]}")
        else:
            lines.append(f"    {entry.seat} {entry.kind}: {entry.problem or entry.text}")
    lines += ["", f"ended: {record.stop} {transcript.detail}".rstrip()]
    if detail is not None:
        found = encode(detail.checks)
        if detail.checks.case is not None:
            lines.append(f"case: {detail.checks.case.label}{' (negative)' if detail.checks.case.negative else ''}")
        for name, ok in detail.checks.passed().items():
            if name == "secrecy" and detail.checks.secrecy is not None:
                lines += [secret_line(one) for one in detail.checks.secrecy.found if one.steps]
            if name == "obligations" and detail.checks.obligations is not None:
                lines += [obligation_line(one, "").replace("  ", " ") for one in detail.checks.obligations.found]
            state = "not checked" if ok is None else "ok" if ok else "NOT OK"
            lines.append(f"{name}: {state} {json.dumps(found[name], ensure_ascii=False)[:400]}")
    lines += [f"NOT OK: {problem} (docs/reference-plays.md)" for problem in false]
    return lines


def _baselines(options: argparse.Namespace, console: Console) -> int:
    challenge_set = load(options.challenges)
    challenges = select(challenge_set, ids=options.ids, asked="ID")
    console.set_up(True, False, os.environ)
    tally = play_baselines(challenges, options.challenges, options.seeds, options.seed, console)
    found, problems = tally.to_json(), list(tally.problems())
    if options.out is not None:
        table = tally.published(challenge_set.version, options.seeds, options.seed)
        write_output(options.out, pretty_json(table.to_json()))
    if options.json:
        listed = [{"challenge": name, "message": message} for name, message in problems]
        console.result(json.dumps({**found, "problems": listed}))
    else:
        console.result(printable(table_text(found["baselines"])))
        if payoffs := payoffs_text(found["challenges"]):
            console.result(f"\nmean payoff of each seat:\n{printable(payoffs)}")
        for name, message in problems:
            console.result(printable(f"{name}: {message}"))
    return EXIT_ERRORS if problems else EXIT_OK


def _obligations(options: argparse.Namespace, console: Console) -> int:
    (challenge,) = select(load(options.challenges), ids=[options.id], asked="ID")
    console.set_up(True, False, os.environ)
    records = played_references(challenge, options.challenges, options.seeds, options.seed, console)
    console.result(json.dumps(proposed(challenge, records), indent=2, ensure_ascii=False))
    return EXIT_OK


def _abort_analysis(options: argparse.Namespace, console: Console) -> int:
    console.set_up(True, False, os.environ)
    return abort_analysis(options, console)


def _new(options: argparse.Namespace, console: Console) -> int:
    with _calculator(_request(console)) as calculator:
        ops = None if calculator is None else {row["name"] for row in calculator.catalogue()}
    return new_challenges(options, ops, console)


_COMMANDS = {
    "lint": _lint, "list": _list, "show": _show, "render": _render, "stats": _stats, "play": _play,
    "baselines": _baselines, "obligations": _obligations, "abort-analysis": _abort_analysis,
    "new": _new,
}  # fmt: skip
