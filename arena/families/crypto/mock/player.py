"""The careful and the careless mock player: a conversation in, the next message out.

A message is computed from the conversation alone. The number of the seat's turns so far gives the phase of its routine;
the calculator's answers and the values in public texts give the content.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache

from arena.families.crypto.mock.claims import guess
from arena.families.crypto.mock.routines import Routine, choose, plan_in_words
from arena.families.crypto.mock.scene import Scene, draw, read_scene
from arena.families.crypto.mock.steps import Call, Lacking, Results, Rounds, Work
from arena.messages import Message
from arena.records import Json

CARELESS_RATES = {
    "invents": 0.15,
    "skips_check": 0.25,
    "textbook_name": 0.08,
    "leaks": 0.06,
    "malformed": 0.15,
    "never_done": 0.08,
    "guesses": 0.3,
}
"""How often `careless` makes each mistake, if it can be made (docs/mock-models.md): `guesses` once per match,
`never_done` once per match and seat, the others per public turn. The rates are chosen, not measured: high enough to
occur in some dozens of matches."""

NO_MISTAKES: dict[str, float] = {}

FAIR = "see this end fairly for all"
GREETINGS = ('Hello. About "{title}":', 'Good to talk about "{title}".', 'So, "{title}". Let me begin.')
AGREEING = ("that suits me.", "I can go along with that.", "good, let us do it that way.")
NEXT_STEP = ("Everybody has shown their part, so the next step.", "Then I go on with my part.", "As agreed.")
UNKNOWN = "What the result has to name I cannot work out from this, so I leave it open instead of guessing."
THANKS = ("Thank you all; for me that settles it.", "With that I am content.", "That is all I needed, thank you.")


def next_message(system: str, messages: Sequence[Message], seed: str, rates: dict[str, float]) -> str:
    """Return the next message of the seat with this system prompt and these messages. `rates`: mistake -> its
    probability."""
    scene = read_scene(system, messages, seed)
    routine = choose(scene.brief)
    if routine is None:
        return _words_only(scene)
    return _Turn(scene, routine, rates).message()


@lru_cache(maxsize=64)
def _phases(max_turns: int, seats: int, slack: int) -> tuple[str, ...]:
    """Return the phases of a seat's turns, so that `seats` seats end within `max_turns`.

    If there is room, two or three seats have a turn to discuss, and in half of the matches of two seats a second one.
    In a larger group it would only repeat what others said, in prompts that grow with every turn.
    """
    turns = max_turns // seats
    if turns <= 1:
        return ("publish",)
    if turns == 2:
        return ("publish", "reveal")
    if turns == 3 or seats > 3:
        return ("publish", "reveal", "settle")
    discuss = ("discuss",) * (2 if turns >= 5 and seats == 2 and slack else 1)
    return ("publish", *discuss, "reveal", "settle")


_YOU = re.compile(r"\b(of you|yourself|yours|your|you are|you)\b(?=( \w+)?)", re.IGNORECASE)
_AFTER_I = re.compile(
    r" (?!\w+ly\b|and\b|or\b|in\b|to\b|for\b|with\b|at\b|on\b|by\b|from\b|the\b|a\b|what\b|as\b|if\b)\w+"
)
_MINE = {"of you": "of us", "yourself": "myself", "yours": "mine", "your": "my", "you are": "I am"}


@lru_cache(maxsize=2048)
def own_words(line: str) -> str:
    """Return a line of the prompt, which addresses the player, in the first person.

    `you` becomes `I` before a word that can be a verb, else `me`: right for most short lines.
    """

    def turned(match: re.Match[str]) -> str:
        word = match[1].lower()
        if word == "you":
            return "I" if _AFTER_I.match(match[2] or "") else "me"
        return _MINE[word]

    return _YOU.sub(turned, line.rstrip(". "))


def _aim(line: str) -> str:
    """Return a goal (it begins with a verb) as the middle of a sentence."""
    line = own_words(line)
    return line[:1].lower() + line[1:] if line[1:2].islower() else line


def _pick(lines: Sequence[str], number: int) -> str:
    return lines[number % len(lines)]


def _done(text: str, result: Json) -> str:
    return f"{text}\n" + json.dumps({"done": {"result": result}}, ensure_ascii=False)


class _Turn:
    """One turn of one seat that can compute."""

    def __init__(self, scene: Scene, routine: Routine, rates: dict[str, float]) -> None:
        self.scene = scene
        self.routine = routine
        self.rates = rates
        seats = len(scene.said) if scene.round else 1
        plan = _phases(scene.brief.max_turns, max(seats, 2), int(draw(scene.seed, "slack")[0], 16) % 2)
        self.plan = plan
        self.phase = plan[scene.round] if scene.round < len(plan) else "settle"

    def slips(self, mistake: str, round: int | None = None) -> bool:
        rate = self.rates.get(mistake)
        if rate is None:
            return False
        when = self.scene.round if round is None else round
        return self.scene.chance(mistake, when) < rate * 2**32

    def message(self) -> str:
        scene = self.scene
        mine = scene.said[scene.me]
        if scene.round > 0 and '{"done": ' in mine[-1] and self.phase == "settle":
            return "As I said, this is settled for me.\n" + mine[-1][mine[-1].rindex('{"done": ') :]
        try:
            if self.phase == "discuss":
                return self.with_slips(self.discussion())
            rounds: Rounds = getattr(self.routine, self.phase)
            results = self.own(scene.round)
            if len(results) < len(rounds):
                calls = rounds[len(results)](self.work(), results)[: scene.brief.max_calls - sum(map(len, results))]
                if calls:
                    return self.call_text(calls)
                results = [*results, *([] for _ in range(len(rounds) - len(results)))]
            return self.with_slips(self.public(results))
        except Lacking as lacking:
            return f"I cannot go on with this step: {lacking}. Could we put that right first?"

    def own(self, round: int) -> Results:
        """Return the results of this seat's tool calls in one of its turns; invented ones for a deliberate mistake."""
        if not 0 <= round < len(self.scene.worked):
            return []
        phase = self.plan[round] if round < len(self.plan) else "settle"
        if phase != "discuss" and self.slips("skips_check" if phase == "settle" else "invents", round):
            return self.made_up(phase, round)
        return self.scene.worked[round]

    def made_up(self, phase: str, round: int) -> Results:
        """Return invented answers of the right form."""
        results: Results = []
        for calls in getattr(self.routine, phase):
            answers = [
                _invented(op, draw(self.scene.seed, self.scene.me, "invented", round, len(results), i))
                for i, (op, _) in enumerate(calls(self.work_before(phase), results))
            ]
            results.append(answers)
        return results

    def work_before(self, phase: str) -> Work:
        """Return the results that a phase may use: only those of earlier phases, so that the recursion ends."""
        publish = self.own(0) if phase != "publish" else []
        reveal = self.own(self.plan.index("reveal")) if phase == "settle" and "reveal" in self.plan else []
        return Work(self.scene, publish, reveal)

    def work(self) -> Work:
        return self.work_before(self.phase)

    def call_text(self, calls: list[Call]) -> str:
        text = "\n".join(json.dumps({"tool_call": {"op": op, "args": args}}) for op, args in calls)
        if self.slips("malformed") and not self.scene.broken:
            return text[: text.rindex("}}")].rstrip("}")
        return text

    def public(self, results: Results) -> str:
        scene, routine = self.scene, self.routine
        if self.phase == "publish":
            return f"{self.opening()} {routine.show(self.work(), results)}"
        if self.phase == "reveal":
            text = f"{_pick(NEXT_STEP, scene.chance('next'))} {routine.tell(self.work(), results)}"
            if self.plan[-1] == "reveal":
                agreed = None if scene.brief.kinds else routine.idea
                return _done(f"{text} There is no time for more: whoever speaks last checks.", agreed)
            return text
        text, result = routine.close(self.work(), results)
        if result is None and self.rates.get("guesses", 0.0) * 2**32 > int(draw(scene.seed, "guesses")[:8], 16):
            result = guess(scene)
        elif result is None:
            text = f"{text} {UNKNOWN}"
        text = f"{text} {_pick(THANKS, scene.chance('thanks'))}"
        if self.rates.get("never_done") and scene.chance("never_done") < self.rates["never_done"] * 2**32:
            return f"{text} Though perhaps we should talk about it a little more."
        return _done(text, result)

    def opening(self) -> str:
        scene, routine = self.scene, self.routine
        goals = scene.brief.goals
        goal = _aim(_pick(goals, scene.chance("goal") if scene.others else 0)) if goals else FAIR
        if scene.others:
            agree = _pick(AGREEING, scene.chance("agree"))
            return f"{scene.others[0]}, {agree} What I need is to {goal}, and this leaves room for it."
        greet = _pick(GREETINGS, scene.chance("greet")).format(title=scene.brief.title)
        return f"{greet} I would like to {goal}. My proposal: {routine.idea}."

    def discussion(self) -> str:
        scene, routine = self.scene, self.routine
        limits = scene.brief.constraints
        care = f"One thing I have to keep to: {own_words(_pick(limits, scene.round - 1))}. " if limits else ""
        last = {name: texts[-1] for name, texts in scene.said.items() if name != scene.me and texts}
        asked = [name for name, text in last.items() if text.endswith("?")]
        if asked and routine.worry in last[asked[-1]]:
            return f"{asked[-1]}, good question: {routine.answer}. {care}Shall we go on, then?"
        if scene.round > 1:
            return f"{care}I have my part ready and nothing against the plan; from my side we can go on."
        return f"{care}Before we go on, {routine.worry}"

    def with_slips(self, text: str) -> str:
        """Return the text with the mistakes of a careless player; a `done` line stays last."""
        scene = self.scene
        slip = ""
        if self.slips("textbook_name") and scene.brief.forbidden:
            slip = f" This is a {_pick(scene.brief.forbidden, scene.chance('name'))}, by the way."
        if self.slips("leaks"):
            slip += f" Between us, {self.routine.secret(Work(scene, self.own(0), []))}."
        head, done, tail = text.partition('\n{"done": ')
        return f"{head}{slip}{done}{tail}"


def _invented(op: str, digits: str) -> Json:
    """Return an invented answer to `op` of the right form, from 64 hex digits."""
    double = digits + digits[::-1]
    return {
        "commit_hash": {"commitment": digits, "nonce": digits[::-1]},
        "open_hash": {"valid": True},
        "ed25519_sign": {"sig": double, "pk": digits},
        "ed25519_verify": {"valid": True},
        "modpow": str(int(digits, 16)),
        "is_prime": True,
        "ct_equal": True,
    }.get(op, digits)


def _words_only(scene: Scene) -> str:
    """Return the message of a seat without a calculator, or without the ops of a routine."""
    brief = scene.brief
    routine = plan_in_words(brief.shared)
    if scene.round == 0:
        goal = _aim(_pick(brief.goals, 0)) if brief.goals else FAIR
        start = f"{scene.others[0]}, that sounds right" if scene.others else f'Hello. About "{brief.title}"'
        return (
            f"{start}: I would like to {goal}. The way to do it: {routine.idea}. "
            "I have nothing here to compute with, though, so I cannot give real values, only the plan."
        )
    if scene.round == 1 and brief.max_turns // max(2, len(scene.said)) > 2:
        care = f"I have to keep to this: {own_words(_pick(brief.constraints, 0))}. " if brief.constraints else ""
        return (
            f"{care}I asked myself, {routine.worry} I think {routine.answer}. Without a calculator we can only plan it."
        )
    text = "Then we know what to do once we have the means to compute; until then nothing is proven. Thank you all."
    return _done(text, None if brief.kinds else f"a plan without computed values: {routine.idea}")
