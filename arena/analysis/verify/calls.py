"""Verifies api_calls.jsonl: every line in its exact bytes, every tool answer computed again.

A seeded answer must be reproduced byte for byte. So must one without a seed (a deployed calculator) where the op is
deterministic. Otherwise the relation in the op's example must hold (calculator/relations.py); without a relation
the answer is counted as unchecked.
"""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from arena.analysis.verify.ahead import CallsAhead, Numbered, together
from arena.analysis.verify.journal import Answers, Journal, Tally
from arena.analysis.verify.pieces import Piece, lines_of_piece, pieces_of
from arena.analysis.verify.planned import Planned
from arena.analysis.verify.problems import OTHER_BYTES, Problems
from arena.analysis.verify.records import Found
from arena.analysis.verify.tasks import carried_out
from arena.calculator.relations import parts, relation
from arena.errors import ServiceFault
from arena.messages import Calculator, CallKey
from arena.play.services import JUDGE_SEAT, tool_seed
from arena.play.toolbox import Toolbox, Tools
from arena.records import Json
from arena.store.calls import CallLine
from arena.store.journal import JOURNAL_FILE, Place, encode_line, parse_line, tool_digest
from arena.store.manifest import Identity

_WAITING = 16
"""Batches of calls that are sent to the calculator ahead of the next answers to check."""


@dataclass(slots=True)
class CallCounts:
    """The outcome of the tool calls. `executed`: computed again and equal; `related`: a relation was checked;
    `unchecked`: op -> how many answers could not be checked, `why`: op -> reason; by trial: `of_trial`."""

    tool: int = 0
    executed: int = 0
    related: int = 0
    differ: int = 0
    unchecked: Counter[str] = field(default_factory=Counter)
    why: dict[str, str] = field(default_factory=dict)
    of_trial: array[int] = field(default_factory=lambda: array("I"))
    """Number of the trial in the plan -> answers that were computed again or checked by a relation; as long as the last
    trial needs."""

    def add_checked(self, trial: int, count: int = 1) -> None:
        """Count answers of a trial of the plan that were computed again or checked by a relation."""
        if trial >= len(self.of_trial):
            self.of_trial.extend(bytes(trial + 1 - len(self.of_trial)))
        self.of_trial[trial] += count

    def checked(self, trial: int) -> int:
        """Return the answers of a trial of the plan that were computed again or checked by a relation."""
        return self.of_trial[trial] if trial < len(self.of_trial) else 0

    def absorb(self, other: CallCounts) -> None:
        """Add the results of the calls behind these."""
        self.tool += other.tool
        self.executed += other.executed
        self.related += other.related
        self.differ += other.differ
        self.unchecked.update(other.unchecked)
        self.why = {**other.why, **self.why}
        for trial, count in enumerate(other.of_trial):
            if count:
                self.add_checked(trial, count)


class Outcome(NamedTuple):
    """The outcome of one answer: `executed`, `related`, `unchecked`, `differs`; and why, or how it differs."""

    became: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Recalculation:
    """How answers are checked. `seeded`: the local calculator with seeds; `unseeded`: the same without, for runs whose
    calculator had none.  Both are None if calls stay unchecked; `why` gives the reason.  `anew` makes another one for a
    further process, because processes cannot share one."""

    seeded: Calculator | None
    unseeded: Calculator | None
    why: str = ""
    anew: Callable[[], AbstractContextManager[Recalculation]] | None = None

    def rows(self) -> dict[str, dict[str, Json]]:
        """Return the catalogue by op; empty where calls stay unchecked."""
        return {} if self.seeded is None else {row["name"]: row for row in self.seeded.catalogue()}


class CallPart(NamedTuple):
    """The content of a piece of the journal, and the results of its tool calls."""

    tally: Tally
    answers: Answers
    counts: CallCounts


def check_calls(found: Found, again: Recalculation, problems: Problems, jobs: int) -> tuple[Journal, CallCounts]:
    """Read every line of the journal once and check it, in `jobs` processes; return the calls, and the results of those
    of tools. A family's own tools answer in place of the calculator."""
    path = found.run.path / JOURNAL_FILE
    journal, counts = Journal(path, found.planned), CallCounts()
    own = None if found.family is None else found.family.toolbox(None)
    if not path.exists():
        if found.planned and own is None:
            problems.notes.append(f"there is no {JOURNAL_FILE}: no call was made")
        journal.sort()
        return journal, counts
    with problems.guard(JOURNAL_FILE, ""):
        pieces = pieces_of(path)
        parts: list[Callable[[Problems], CallPart]]
        if own is not None and pieces:
            # Each trial's calls are repeated from its first: they may be anywhere in the file.
            whole = Piece(0, pieces[-1].stop, 1)
            parts = [partial(_check_own, found, whole, again, own)]
        else:
            apart = jobs > 1 and len(pieces) > 1
            rows = again.rows()
            parts = [partial(_check_piece, found, piece, again, rows, apart) for piece in pieces]
        for part in carried_out(parts, jobs, problems):
            journal.tally.absorb(part.tally)
            journal.add(part.answers)
            counts.absorb(part.counts)
    journal.sort()
    return journal, counts


def _check_piece(
    found: Found, piece: Piece, again: Recalculation, rows: Mapping[str, Json], apart: bool, problems: Problems
) -> CallPart:
    """Check the calls of a piece. `apart`: this is a separate process."""
    if apart and again.anew is not None:
        with again.anew() as here:
            return _check_piece(found, piece, here, rows, False, problems)
    read = _Reader(found, piece, problems)
    checker = _Checker(found.run.manifest.identity, found.planned, again, rows, problems)
    with problems.guard(JOURNAL_FILE, ""), ThreadPoolExecutor(max_workers=4) as pool:
        waiting: deque[tuple[list[Numbered], Future[list[Outcome]]]] = deque()
        for some in together(checker.answers(read.lines())):
            waiting.append((some, pool.submit(checker.check_all, [line for _, line in some])))
            if len(waiting) >= _WAITING:
                checker.count(*waiting.popleft())
        while waiting:
            checker.count(*waiting.popleft())
    return CallPart(read.tally, read.answers, checker.counts)


def _check_own(found: Found, piece: Piece, again: Recalculation, own: Toolbox, problems: Problems) -> CallPart:
    """Check the calls of a family's own tools: each trial's calls again, in their order, from its first."""
    opened: dict[tuple[str, int], Tools] = {}
    read = _Reader(found, piece, problems)
    checker = _Checker(found.run.manifest.identity, found.planned, again, {}, problems)
    trials = {} if not own.repeatable or found.family is None else {t.key: t for t in found.family.trials()}
    with problems.guard(JOURNAL_FILE, ""):
        for number, line in read.lines():
            if line.answer is None or line.trial not in found.planned:
                checker.check_place(number, line)
                continue
            checker.counts.tool += 1
            if not own.repeatable:
                checker.tally(number, line, Outcome("unchecked", f"{own.name}: its calls cannot be computed again"))
                continue
            key = (line.trial, line.attempt)
            if key not in opened:
                opened[key] = own.open(trials[line.trial])
            tools = opened[key]
            now = tools.call(line.op, line.args, checker.seed(line) if tools.seeded else "").answer
            same = encode_line(now) == encode_line(line.answer)
            outcome = Outcome("executed") if same else Outcome("differs", _unlike(line.answer, now))
            checker.tally(number, line, outcome)
    return CallPart(read.tally, read.answers, checker.counts)


class _Reader:
    """Reads the lines of a piece, and keeps their sums."""

    def __init__(self, found: Found, piece: Piece, problems: Problems) -> None:
        self.planned, self.path, self.piece, self.problems = (
            found.planned,
            found.run.path / JOURNAL_FILE,
            piece,
            problems,
        )
        self.tally, self.answers = Tally(), Answers()

    def lines(self) -> Iterator[tuple[int, CallLine]]:
        """Yield number and call of each line that is one."""
        for at, raw in lines_of_piece(self.path, self.piece):
            place = f"line {at.number}"
            if not raw.endswith(b"\n"):
                self.problems.add(JOURNAL_FILE, place, "is cut off")
                return
            line = None
            with self.problems.guard(JOURNAL_FILE, ""):
                value = parse_line(self.path, at.number, raw)
                if encode_line(value) != raw:
                    self.problems.add(JOURNAL_FILE, place, OTHER_BYTES)
                line = CallLine.from_json(value, str(self.path), place)
            if line is not None:
                self._take(line, at)
                yield at.number, line

    def _take(self, line: CallLine, at: Place) -> None:
        self.tally.take(line)
        number = self.planned.number(line.trial)
        if line.settled and number is not None:
            self.answers.add(number, at)


class _Checker:
    """Checks tool answers; `check` runs in several threads at once and only reads."""

    def __init__(
        self, identity: Identity, planned: Planned, again: Recalculation, rows: Mapping[str, Json], problems: Problems
    ) -> None:
        """`rows`: the calculator's catalogue by op."""
        self.planned, self.again, self.problems = planned, again, problems
        self.counts = CallCounts()
        self.rows = rows
        self.models = identity.models
        self.promised = identity.calculator.get("seeded") is True

    def answers(self, lines: Iterator[Numbered]) -> Iterator[Numbered]:
        """Yield the tool answers that can be computed again; check the place of all other lines."""
        for number, line in lines:
            if line.answer is not None and self.plausible(number, line):
                yield number, line
            else:
                self.check_place(number, line)

    def plausible(self, number: int, line: CallLine) -> bool:
        """Whether a tool line belongs to the plan and carries the digest and the seed of its place; else a problem."""
        self.counts.tool += 1
        place = f"line {number}"
        if line.digest != tool_digest(line.op, line.args):
            self.problems.add(JOURNAL_FILE, place, f"{line.op}: the digest is not that of op and arguments")
            return False
        if line.trial not in self.planned:
            if self.planned:
                self.problems.add(JOURNAL_FILE, place, f"{line.trial} is not in the plan")
            return False
        if line.seed and line.seed != self.seed(line):
            self.problems.add(JOURNAL_FILE, place, f"{line.op}: the seed is not that of its place in the run")
            return False
        if self.promised and not line.seed and not self._replayed(line):
            self.problems.add(JOURNAL_FILE, place, f"{line.op}: the run's calculator is seeded, this call has no seed")
            return False
        return True

    def check_place(self, number: int, line: CallLine) -> None:
        """Report a line that belongs to no trial of the plan, or names another model than that of its seat."""
        if self.planned and line.trial not in self.planned:
            self.problems.add(JOURNAL_FILE, f"line {number}", f"{line.trial} is not in the plan")
        if line.provider and line.provider != (label := self._label(line)):
            message = f"/provider: the run has {label} for {line.seat}, not {line.provider}"
            self.problems.add(JOURNAL_FILE, f"line {number}", message)

    def _label(self, line: CallLine) -> str:
        """Return the model that the run has for a call; of a panel the judge of its question (the turn)."""
        if line.seat != JUDGE_SEAT:
            return str(self.planned.cast(line.trial).get(line.seat) or self.models.player(line.seat))
        judges = self.models.judges
        return judges[line.turn] if 0 <= line.turn < len(judges) else "no judge"

    def _replayed(self, line: CallLine) -> bool:
        return self._label(line).startswith("replay/")

    def seed(self, line: CallLine) -> str:
        """Return the seed of a call's place."""
        key = CallKey(line.trial, line.attempt, line.seat, line.turn, line.step)
        return tool_seed(str(self.planned.seed(line.trial)), key, line.index)

    def check_all(self, lines: Sequence[CallLine]) -> list[Outcome]:
        """Check answers; most of them are computed again by one process, one after the other."""
        seeded, ahead = self.again.seeded, [line for line in lines if self._is_repeatable(line)]
        now: list[Json | None] = [None] * len(lines)
        if isinstance(seeded, CallsAhead) and len(ahead) > 1:
            with suppress(ServiceFault):  # then each is made by itself
                answers = iter(seeded.call_all([(line.op, line.args, self.seed(line)) for line in ahead]))
                now = [next(answers).answer if self._is_repeatable(line) else None for line in lines]
        return [self.check(line, answer) for line, answer in zip(lines, now, strict=True)]

    def _is_repeatable(self, line: CallLine) -> bool:
        """Return whether the same answer must come again."""
        return bool(line.seed) or (line.answer or {}).get("deterministic") is True

    def check(self, line: CallLine, now: Json | None = None) -> Outcome:
        """Check one answer. `now`: the one that was computed again, if it was."""
        if self.again.seeded is None:
            return Outcome("unchecked", self.again.why)
        op, args, answer = line.op, line.args, line.answer or {}
        try:
            if self._is_repeatable(line):
                now = now or self.again.seeded.call(op, args, self.seed(line)).answer
                if encode_line(now) == encode_line(answer):
                    return Outcome("executed")
                if line.seed or not self._random(op):
                    return Outcome("differs", _unlike(answer, now))
                return self._by_relation(op, args, answer)  # recorded under the seed of another run
            return self._unseeded(op, args, answer)
        except ServiceFault as fault:
            return Outcome("unchecked", str(fault))

    def _random(self, op: str) -> bool:
        row = self.rows.get(op)
        return row is not None and bool(row["randomised"])

    def _unseeded(self, op: str, args: Json, answer: Mapping[str, Json]) -> Outcome:
        assert self.again.unseeded is not None
        now = self.again.unseeded.call(op, args, "").answer
        if encode_line(now) == encode_line(answer):
            return Outcome("executed")
        if not self._random(op):
            return Outcome("differs", _unlike(answer, now))
        if answer.get("ok") != now.get("ok"):
            return Outcome("differs", _unlike(answer, now))
        return self._by_relation(op, args, answer)

    def _by_relation(self, op: str, args: Json, answer: Mapping[str, Json]) -> Outcome:
        """Check a random answer; a batch is as good as the worst of its parts."""
        if op == "batch":
            inner = [self._unseeded(*part) for part in parts(op, args, answer) if part[0] != "batch"]
            worst = ("differs", "unchecked", "related", "executed")
            return min(inner, key=lambda outcome: worst.index(outcome.became), default=Outcome("unchecked", "empty"))
        if answer.get("ok") is not True:
            return Outcome("unchecked", "an error that depended on chance")
        row = self.rows[op]
        if "then" not in row["example"]:
            return Outcome("unchecked", "the answer is random, and nothing shows whether it is right")
        wanted = relation(row, self.rows[row["example"]["then"]["op"]], args, answer.get("result"))
        if isinstance(wanted, str):
            return Outcome("unchecked", wanted)
        assert self.again.unseeded is not None
        said = self.again.unseeded.call(wanted.op, wanted.args, "").answer
        if said.get("ok") is True and encode_line(said["result"]) == encode_line(wanted.result):
            return Outcome("related")
        return Outcome("differs", f"{wanted.op} says {_short(said)} of it, not {_short(wanted.result)}")

    def count(self, lines: list[Numbered], future: Future[list[Outcome]]) -> None:
        """Count the outcomes of calls, and report wrong answers."""
        for (number, line), outcome in zip(lines, future.result(), strict=True):
            self.tally(number, line, outcome)

    def tally(self, number: int, line: CallLine, outcome: Outcome) -> None:
        """Count one outcome, and report a wrong answer."""
        counts, op = self.counts, line.op
        if outcome.became == "differs":
            counts.differ += 1
            place = f"line {number}"
            key = f"{line.trial}, {line.seat}, turn {line.turn}"
            self.problems.add(JOURNAL_FILE, place, f"{op} ({key}): the answer is wrong: {outcome.why}")
        elif outcome.became == "unchecked":
            counts.unchecked[op] += 1
            counts.why.setdefault(op, outcome.why)
        else:
            counts.executed += outcome.became == "executed"
            counts.related += outcome.became == "related"
            if (trial := self.planned.number(line.trial)) is not None:
                counts.add_checked(trial)


def _unlike(then: Json, now: Json) -> str:
    return f"recorded {_short(then)}, computed again {_short(now)}"


def _short(value: Json) -> str:
    text = encode_line(value).decode("utf-8", "replace").rstrip("\n")
    return text if len(text) <= 120 else f"{text[:117]}..."
