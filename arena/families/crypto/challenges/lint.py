"""Errors and weaknesses of a challenge set and its reference plays.

The schema (schema.py) decides whether a file can be played; this module checks its quality. An error makes a challenge
unusable or unfair. A warning is about a goal of the whole set (sizes, balance, lengths).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from arena.errors import DataError
from arena.families.crypto.challenges.deciding import said_openly
from arena.families.crypto.challenges.draws import CALCULATOR
from arena.families.crypto.challenges.instance import (
    draw_values,
    is_agreement,
    needs_calculator,
    own_names,
    right_result,
)
from arena.families.crypto.challenges.members.instance import player_texts
from arena.families.crypto.challenges.members.open_talk import talk_is_right
from arena.families.crypto.challenges.members.temptation import texts_of
from arena.families.crypto.challenges.result_kinds import Unreadable, normal
from arena.families.crypto.challenges.schema import ChallengeSet
from arena.families.crypto.challenges.shapes import ALIKE, likeness, runs_of, shape_of
from arena.families.crypto.challenges.validate import DIFFICULTIES
from arena.families.crypto.challenges.workload import ops_of, workload, workload_problems
from arena.families.crypto.cheats.variants import PLAYS_FOLDER, TEMPTED, variant
from arena.families.crypto.checks.textbook_names import names_in
from arena.families.crypto.script_values import PLACEHOLDER
from arena.families.crypto.scripted import Line, Script, load_script
from arena.formats.bounded import read_text
from arena.formats.strict_json import MAX_BYTES, child
from arena.records import Json, trial_seed

SEEDS = tuple(trial_seed(number, "lint") for number in range(20))
BACKGROUND_WORDS = (60, 120)
MOST_WORDS = {"symmetry_breaker": 50, "entry": 45}
MOST_ENTRIES = 3
WANTED = {"challenges": 72, "families": 24, "heldout challenges": 24, "families only held out": 6, "with 3+ roles": 10}
"""Goals for the whole set; a lower figure is a warning."""


HELD_OUT = "heldout_eval"
"""The split that is never trained on."""

ONE_PLAIN_IN = 24
"""Plain talk may be right in this share of a set's challenges, and in one in every set. With more, the table of
baselines would say nothing."""


NOTES_FOLDER = "../crypto-knowledge"
"""The folder of notes, relative to the folder of the challenge file: one Markdown file per primitive_family."""


class LintFinding(NamedTuple):
    """One problem: `level` is `error` or `warning`, `pointer` a JSON pointer into `file`."""

    level: str
    file: str
    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.level}: {self.file}: {self.pointer or '/'}: {self.message}"


def lint(challenge_set: ChallengeSet, ops: Collection[str] | None) -> list[LintFinding]:
    """Return all findings. `ops`: the calculator's ops, None without a calculator."""
    findings = [LintFinding("warning", str(i.file), i.pointer, i.message) for i in challenge_set.warnings]
    file = challenge_set.path.name
    for index, challenge in enumerate(challenge_set.challenges):
        pointer = f"/challenges/{index}"
        for level, place, message in _challenge(challenge, pointer, ops):
            findings.append(LintFinding(level, file, place, f"{challenge['id']}: {message}"))
        findings += _play(challenge_set, challenge, pointer, ops)
        if "temptation" in challenge:
            findings += _cheating_play(challenge_set, challenge, pointer, ops)
    findings += _notes(challenge_set)
    findings += _plain(challenge_set)
    findings += [LintFinding("warning", file, "/challenges", message) for message in _balance(challenge_set)]
    findings += [LintFinding("warning", file, "/challenges", message) for message in _known_ops(challenge_set)]
    findings += _alike(challenge_set)
    return findings


def _known_ops(challenge_set: ChallengeSet) -> Iterator[str]:
    """Report families that occur only in held-out challenges, but whose plays use only ops of plays in the other
    splits.

    A model trained on those plays has seen everything that such a family needs.
    """
    held: dict[str, set[str]] = {}
    trained: set[str] = set()
    families = {c.get("primitive_family") for c in challenge_set.challenges if c.get("split") != HELD_OUT}
    for challenge in challenge_set.challenges:
        try:
            used = ops_of(load_script(challenge_set.path.parent / challenge["reference_play"]))
        except (DataError, KeyError):  # reported when the play is checked
            continue
        if challenge.get("split") != HELD_OUT:
            trained |= used
        elif challenge["primitive_family"] not in families:
            held.setdefault(challenge["primitive_family"], set()).update(used)
    for family, own in sorted(held.items()):
        if trained and own <= trained:
            yield f"family {family}: is only held out, and plays of the other splits use all ops of its reference plays"


def _alike(challenge_set: ChallengeSet) -> Iterator[LintFinding]:
    """Report challenges that repeat an earlier one with other nouns, and held-out challenges with the task of a
    challenge in another split."""
    challenges = [one for one in challenge_set.challenges if "instance" in one]
    runs = [runs_of(one) for one in challenges]
    shapes = [shape_of(one) for one in challenges]
    for late, one in enumerate(challenges):
        for early, other in enumerate(challenges[:late]):
            place = f"/challenges/{challenge_set.challenges.index(one)}"
            if (share := likeness(runs[late], runs[early])) >= ALIKE:
                message = (
                    f"{one['id']}: {share:.0%} of its sentences are built as those of {other['id']}: the same story"
                )
                yield LintFinding("warning", challenge_set.path.name, place, message)
            elif shapes[late] == shapes[early] and (one.get("split") == HELD_OUT) != (other.get("split") == HELD_OUT):
                message = f"{one['id']}: asks for what {other['id']} of another split asks for, with other names"
                yield LintFinding("warning", challenge_set.path.name, place, message)


def note_of(challenge_set: ChallengeSet, challenge: Mapping[str, Json]) -> str | None:
    """Return the path of the note on a challenge's family, from the folder of the challenge file; None without one."""
    name = f"{NOTES_FOLDER}/{challenge.get('primitive_family')}.md"
    return name if (challenge_set.path.parent / name).is_file() else None


def _notes(challenge_set: ChallengeSet) -> Iterator[LintFinding]:
    """Report families without a note, if there are notes next to the set."""
    if not (challenge_set.path.parent / NOTES_FOLDER).is_dir():
        return
    seen = set()
    for index, challenge in enumerate(challenge_set.challenges):
        family = challenge.get("primitive_family")
        if family is not None and family not in seen and note_of(challenge_set, challenge) is None:
            place = f"/challenges/{index}/primitive_family"
            message = f"{challenge['id']}: the family {family!r} has no note {NOTES_FOLDER}/{family}.md"
            yield LintFinding("error", challenge_set.path.name, place, message)
        seen.add(family)


def _plain(challenge_set: ChallengeSet) -> Iterator[LintFinding]:
    """Report a set in which plain talk is right in too many challenges."""
    most = max(1, len(challenge_set.challenges) // ONE_PLAIN_IN)
    marked = [index for index, one in enumerate(challenge_set.challenges) if talk_is_right(one)]
    for index in marked[most:]:
        message = (
            f"{challenge_set.challenges[index]['id']}: {len(marked)} of {len(challenge_set.challenges)} challenges say"
            f" that plain talk is right, and at most {most} may"
        )
        yield LintFinding("error", challenge_set.path.name, f"/challenges/{index}/open_talk", message)


Found = Iterator[tuple[str, str, str]]


def _challenge(challenge: Mapping[str, Json], pointer: str, ops: Collection[str] | None) -> Found:
    told = texts_of(challenge.get("temptation", {}), f"{pointer}/temptation")
    for place, text in (*((place, text) for place, text, _ in player_texts(challenge, pointer)), *told):
        if names := names_in(text):
            yield "error", place, f"players read the textbook name {names[0]!r}; only `judge` may hold it"
    yield from _lengths(challenge, pointer)
    if "instance" not in challenge:
        yield "error", f"{pointer}/instance", "is missing: without drawn values nothing can be checked"
        return
    yield from _instance(challenge["instance"], f"{pointer}/instance", challenge, ops)


def _lengths(challenge: Mapping[str, Json], pointer: str) -> Found:
    context = f"{pointer}/participant_context"
    words = len(challenge["participant_context"]["public_background"].split())
    low, high = BACKGROUND_WORDS
    if not low <= words <= high:
        yield "warning", f"{context}/public_background", f"has {words} words; {low} to {high} read well"
    if (words := len(challenge["self_play"]["symmetry_breaker"].split())) > MOST_WORDS["symmetry_breaker"]:
        yield "warning", f"{pointer}/self_play/symmetry_breaker", f"has {words} words, more than 50"
    for role, own in challenge["participant_context"]["role_specific"].items():
        for member, entries in own.items():
            place = f"{child(f'{context}/role_specific', role)}/{member}"
            if len(entries) > MOST_ENTRIES:
                yield "warning", place, f"has {len(entries)} entries, more than {MOST_ENTRIES}"
            for index, entry in enumerate(entries):
                if len(entry.split()) > MOST_WORDS["entry"]:
                    yield "warning", f"{place}/{index}", f"has {len(entry.split())} words, more than 45"
    for member in ("what_good_looks_like", "common_failures"):
        if len(challenge["judge"][member]) != 3:
            yield "warning", f"{pointer}/judge/{member}", f"has {len(challenge['judge'][member])} entries instead of 3"


def _instance(instance: Json, place: str, challenge: Mapping[str, Json], ops: Collection[str] | None) -> Found:
    for name, spec in instance["values"].items():
        if spec["draw"] == CALCULATOR and ops is not None and spec["op"] not in ops:
            yield "error", f"{place}/values/{name}/op", f"the calculator has no op {spec['op']!r}"
    if "asks" not in instance:
        yield "warning", f"{place}/asks", "is missing: it tells players what the result contains"
    for name, owners in said_openly(challenge):
        if name not in instance.get("open", {}):
            who = " and ".join(owners)
            message = (
                f"{name!r} decides the result, {who} alone has it, and nobody has to keep it: make it `secret` (`until`"
                " an event, if it may be said later), or say under `open` why it may be said"
            )
            yield "warning", f"{place}/secret", message
    if needs_calculator(instance):
        return  # these values are drawn in play; the test of the reference plays covers them
    roles = [participant["id"] for participant in challenge["participants"]]
    seen = set()
    for seed in SEEDS:
        try:
            values = draw_values(instance, seed, _nobody)
            right = right_result(instance, values)
            if not is_agreement(instance["truth"]):
                normal(instance["result"], right, roles)
        except DataError as error:
            yield "error", f"{place}{error.issues[0].pointer}", f"with seed {seed[:8]}: {error.issues[0].message}"
            return
        except Unreadable as error:
            yield "error", f"{place}/truth", f"with seed {seed[:8]} it gives {right!r}, and `result` wants {error}"
            return
        seen.add(str(values))
    if len(seen) < len(SEEDS) // 2:
        yield "warning", f"{place}/values", f"20 seeds give only {len(seen)} different instances"


def _nobody(name: str, op: str, args: dict[str, Json]) -> Json:
    raise AssertionError("only called if no value needs the calculator")


def _play(
    challenge_set: ChallengeSet, challenge: Mapping[str, Json], pointer: str, ops: Collection[str] | None
) -> Iterator[LintFinding]:
    file = challenge_set.path.name
    if "reference_play" not in challenge:
        yield LintFinding("error", file, f"{pointer}/reference_play",
                      f"{challenge['id']}: is missing: no play proves that it can be won")  # fmt: skip
        return
    name = challenge["reference_play"]
    path = challenge_set.path.parent / name
    if Path(name).stem != challenge["id"]:
        yield LintFinding(
            "error", file, f"{pointer}/reference_play", f"expected reference_plays/{challenge['id']}.json"
        )
    try:
        script = load_script(path)
    except DataError as error:
        yield from (LintFinding("error", name, issue.pointer, issue.message) for issue in error.issues)
        return
    if challenge_set.canary and challenge_set.canary not in read_text(path, MAX_BYTES):
        yield LintFinding(
            "warning", name, "/canary", "is missing: the sentence with the GUID that the challenge file holds"
        )
    for place, message in play_problems(script, challenge, ops):
        yield LintFinding("error", name, place, message)
    for member, message in workload_problems(workload(script, challenge), challenge):
        yield LintFinding("warning", file, f"{pointer}/{member}", f"{challenge['id']}: {message}")


def _cheating_play(
    challenge_set: ChallengeSet, challenge: Mapping[str, Json], pointer: str, ops: Collection[str] | None
) -> Iterator[LintFinding]:
    """Yield the mistakes in the script of a tempted seat that are visible without playing it."""
    name = f"{PLAYS_FOLDER}/{challenge['id']}.json"
    if not (challenge_set.path.parent / name).is_file():
        message = f"{challenge['id']}: there is no {name}, which --adversary scripted plays"
        yield LintFinding("error", challenge_set.path.name, f"{pointer}/temptation", message)
        return
    try:
        script = load_script(challenge_set.path.parent / name)
    except DataError as error:
        yield from (LintFinding("error", name, issue.pointer, issue.message) for issue in error.issues)
        return
    seat, turns = challenge["temptation"]["seat"], script.top.turns or {}
    if list(turns) != [seat]:
        yield LintFinding("error", name, "/turns", f"must hold the messages of {seat}, the tempted seat, and no others")
        return
    tempted = variant(challenge, TEMPTED)
    roles = [participant["id"] for participant in challenge["participants"]]
    for index, line in enumerate(turns[seat]):
        for message in _line_problems(line, tempted, seat, roles, ops):
            yield LintFinding("error", name, f"{child('/turns', seat)}/{index}", message)


def play_problems(
    script: Script, challenge: Mapping[str, Json], ops: Collection[str] | None
) -> Iterator[tuple[str, str]]:
    """Yield (pointer, message) for the mistakes in a reference play that are visible without playing it."""
    turns = script.top.turns or {}
    roles = [participant["id"] for participant in challenge["participants"]]
    for role in roles:
        if role not in turns:
            yield "/turns", f"the role {role!r} has no messages"
    for role, line in script.refusal.items():
        yield from ((child("/refusal", role), message) for message in _line_problems(line, challenge, role, roles, ops))
    for role, lines in turns.items():
        where = child("/turns", role)
        if role not in roles:
            yield where, f"is not a participant; these are {', '.join(roles)}"
        for index, line in enumerate(lines):
            yield from ((f"{where}/{index}", message) for message in _line_problems(line, challenge, role, roles, ops))


def _line_problems(
    line: Line, challenge: Mapping[str, Json], role: str, roles: Sequence[str], ops: Collection[str] | None
) -> Iterator[str]:
    source = line.source
    if isinstance(source, dict) and "choose" in source:
        for one in source["choose"]:
            yield from _line_problems(Line(one["say"], line.finish, None), challenge, role, roles, ops)
        return
    said = source if isinstance(source, str) else source.get("text", "")
    spoken = PLACEHOLDER.sub("", said)
    if names := names_in(spoken):
        yield f"says the textbook name {names[0]!r}"
    if isinstance(source, dict):
        for call in source.get("calls", ()):
            op = call.get("call", call)["op"]
            if ops is not None and op not in ops:
                yield f"the calculator has no op {op!r}"
    own = own_names(challenge["instance"], role) if "instance" in challenge else ()
    for placeholder in PLACEHOLDER.findall(str(source)):
        path = placeholder.split("|")[0].strip()
        if (found := re.fullmatch(r"my\.([a-z0-9_]+).*", path)) and found[1] not in own:
            yield f"{{{{{placeholder}}}}}: {role} has no value {found[1]!r}; it has: {', '.join(own) or 'none'}"
        if found := re.fullmatch(r"heard\.(.+)\.[^.]+", path):
            if found[1] != "*" and found[1] not in roles:
                yield f"{{{{{placeholder}}}}}: {found[1]!r} is not a participant"
            elif found[1] == role:
                yield f"{{{{{placeholder}}}}}: nobody hears itself; write said.LABEL"


def counts(challenge_set: ChallengeSet) -> dict[str, int]:
    """Return the figures of a set under the names of WANTED."""
    challenges = challenge_set.challenges
    held = [c for c in challenges if c.get("split") == HELD_OUT]
    trained = {c.get("primitive_family") for c in challenges if c.get("split") != HELD_OUT}
    return {
        "challenges": len(challenges),
        "families": len({c.get("primitive_family") for c in challenges}),
        "heldout challenges": len(held),
        "families only held out": len({c["primitive_family"] for c in held} - trained),
        "with 3+ roles": sum(len(c["participants"]) >= 3 for c in challenges),
    }


def _balance(challenge_set: ChallengeSet) -> Iterator[str]:
    """Report figures below WANTED, and each difficulty whose share differs by more than a quarter from a third."""
    found = counts(challenge_set)
    for name, wanted in WANTED.items():
        if found[name] < wanted:
            yield f"{name}: {found[name]}, wanted {wanted} or more"
    difficulties = Counter(c["difficulty"] for c in challenge_set.challenges)
    whole = len(challenge_set.challenges)
    third = whole / len(DIFFICULTIES)
    for name in DIFFICULTIES:
        if abs(difficulties[name] - third) > max(1.0, third / 4):
            yield f"difficulty {name}: {difficulties[name]} of {whole}, wanted about {round(third)} (1:1:1)"
