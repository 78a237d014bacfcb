"""The system prompt of a role, built from the challenge.

What is common to all calls of a run stands first (rules, how a match ends, the calculator), then what all roles of a
challenge share, then what one seat alone is told: the prompt cache of a provider keeps the longest common beginning.
The sections follow the published matches of the predecessor (benchmark version `diverse_v1`); `Your values`, `Tools`
and `Ending` are ours: without them agents have no data, cannot compute and cannot say that they are done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from arena.families.crypto.challenges.instance import (
    VALUES_HEADER,
    fill,
    fill_written,
    own_names,
    says_of,
    values_line,
)
from arena.families.crypto.challenges.result_kinds import describe_result_form
from arena.families.crypto.challenges.turns import turns_of
from arena.families.crypto.cheats.variants import conduct_of, told_to
from arena.families.crypto.story_time import told as told_of_time
from arena.play.tool_description import for_families
from arena.records import Json
from arena.store.journal import dumps

PROMPT_VERSION = "crypto-prompt/7"

FORBIDDEN_NAMES = (
    "zero-knowledge proof", "commitment scheme", "digital signature", "blind signature", "ring signature",
    "secret sharing", "private set intersection", "oblivious transfer", "homomorphic encryption", "hash function",
    "Merkle tree", "threshold signature", "verifiable random function", "time-lock puzzle", "accumulator",
)  # fmt: skip
"""Textbook names that players are asked not to use."""

OPENING_CUE = "(The conversation begins. You speak first.)"
"""Stands in for a first message where a seat opens: chat endpoints want a user message before an answer."""

GLOBAL_RULES = (
    "Never use the textbook name of a cryptographic primitive (for example: "
    + ", ".join(FORBIDDEN_NAMES)
    + "). Say in plain words what is done and why it helps.",
    "Stay in the everyday setting: ask, propose concrete steps, deal with the others' motives and objections.",
    "Reveal a secret only if the step needs it and it is safe.",
)

ENDING = (
    "You take turns, at most {max_turns} turns in all. When all is settled for you, end your message with a line of"
    ' only {{"done": {{"result": ...}}}}, naming what was agreed. The match ends when every role\'s latest message'
    " has such a line; a later one without it takes yours back."
)


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


INTRODUCTION = "You play one role in an everyday situation."

MORE_TURNS = "You are {seats} roles, so this match has at most {turns} turns in all, not {max_turns}."
"""Takes the place of the number under Ending, in challenges with more seats than that number is meant for."""

RESULT = "The result is {asks}, written as {told}."

DRAW_RULE = " Chance decides in this way: {says}"
"""Follows RESULT where the result has to follow from a draw; all roles read it."""

CHEAT_RULE = (
    ' Somebody may cheat. If a role does not keep to what was agreed or fixed, the others declare {"cheat": ROLE} as'
    " the result instead, with the name of that role; what that role declares does not count. Say so only of a role of"
    " which you have seen it."
)
"""Follows RESULT in matches in which a seat may be told to cheat; all roles read it."""

PRIVATE = (
    "All roles hear what you write. To be heard by some alone, begin a message with a line that holds only"
    ' {{"to": ["NAME"]}}, with the names of these roles; the whole message then goes to them. The others are told'
    " that you wrote to them, and not what.{listeners}"
)
"""How to write in private, in challenges with `channels`."""

LISTENERS = " {names} also hears every private message."

TEMPTATION_HEADER = "What you will try in this match:\n"
"""Head of the section of the one role that is told to cheat."""

HEARING = (
    "Lines of other roles begin with their name: `{other}| `. Your results carry {nonce}, known to you alone. All else"
    " is the arena's."
)
"""How to tell who wrote a line, of a dialogue that sends public turns and results so (play/hearing.py)."""


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """The system prompt of one role with places for the drawn values, built once and filled for each match.

    `common` is the same in all prompts of a run (but for the tools, where a challenge grants some), `shared` in those
    of a challenge, `own` is the role's. Places stand in `shared` and `own` only; `result` lies between them. `role`
    and `instance` say which values are shown, where the challenge has an instance; `other` is a role beside it.
    """

    role: str
    other: str
    instance: Mapping[str, Json] | None
    common: str
    shared: str
    result: str
    own: str

    def filled(self, values: Mapping[str, Json] | None, nonce: str | None = None) -> str:
        """Return the prompt; without `values` the placeholders stay, and the values are named.

        `nonce`: the mark of the seat's tool results; None leaves out how to tell who wrote a line.
        """
        shared, own = self.shared, self.own
        if self.instance is not None:
            if values is not None:
                shared, own = fill(shared, values), fill(own, values)
            if names := own_names(self.instance, self.role):
                line = ", ".join(f"{{{name}}}" for name in names)
                if values is not None:
                    line = values_line({name: values[name] for name in names})
                own += f"{VALUES_HEADER}{line}\n\n"
        if nonce is not None:
            own += f"Hearing:\n{HEARING.format(other=self.other, nonce=nonce)}\n\n"
        return f"{self.common}{shared}{self.result}{own}"[:-1]

    def filled_json(self, values: Mapping[str, Json] | None, nonce: str) -> str:
        """Return what `filled` returns as a compact JSON string; the parts that all matches share are written once."""
        if values is None or self.instance is None:
            return dumps(self.filled(values, nonce))
        given = ""
        if names := own_names(self.instance, self.role):
            given = f"{VALUES_HEADER}{values_line({name: values[name] for name in names})}\n\n"
        seat = dumps(f"{given}Hearing:\n{HEARING.format(other=self.other, nonce=nonce)}\n")[1:]
        shared, own = (fill_written(_written(part), values) for part in (self.shared, self.own))
        return f'"{_written(self.common)}{shared}{_written(self.result)}{own}{seat}'


@lru_cache(maxsize=1024)
def _written(text: str) -> str:
    """Return a text as it stands inside a compact JSON string."""
    return dumps(text)[1:-1]


def prompt_template(challenge: Mapping[str, Json], role: str, tools: str | None, max_turns: int) -> PromptTemplate:
    """Return the system prompt of one role of a validated challenge, to be filled.

    `tools` is the text that describes the calculator to players (tool_protocol.describe), or None without tools. Where
    it has its families under headings, those that the challenge grants are shown. `max_turns`: of a run; a match of
    more than three seats has more (challenges/turns.py).
    """
    instance = challenge.get("instance")
    context = challenge["participant_context"]
    own = context["role_specific"].get(role, {})
    ids = [participant["id"] for participant in challenge["participants"]]
    common = [
        INTRODUCTION,
        "Global rules:\n" + _bullets(GLOBAL_RULES),
        "Ending:\n" + ENDING.format(max_turns=max_turns),
    ]
    if tools:
        common.append("Tools:\n" + for_families(tools, challenge.get("op_families")))
    shared = [
        "Public background:\n" + context["public_background"],
        "Opening stance:\n" + challenge["self_play"]["symmetry_breaker"],
    ]
    if (turns := turns_of(challenge, max_turns)) != max_turns:
        shared.append("Turns:\n" + MORE_TURNS.format(seats=len(ids), turns=turns, max_turns=max_turns))
    if (time := challenge.get("time")) is not None:
        shared.append("Time:\n" + told_of_time(time))
    result = []
    if instance is not None:
        asks = instance.get("asks", "what was agreed")
        told = RESULT.format(asks=asks, told=describe_result_form(instance["result"], ids))
        says = says_of(instance["truth"])
        told += "" if says is None else DRAW_RULE.format(says=says)
        result.append("Result:\n" + told + (CHEAT_RULE if conduct_of(challenge) is not None else ""))
    if (channels := challenge.get("channels")) is not None:
        names = " and ".join(channels["listeners"])
        listeners = LISTENERS.format(names=names) if names else ""
        result.append("Private messages:\n" + PRIVATE.format(listeners=listeners))
    mine = [
        f'Your role:\nYou are {role} in "{challenge["name"]}" ({challenge["id"]}).',
        "Your goals:\n" + _bullets(own.get("goals", [])),
        "Your constraints:\n" + _bullets(own.get("constraints", [])),
        "Your private information:\n" + _bullets(own.get("private_info", [])),
    ]
    if lines := told_to(challenge, role):
        mine.append(TEMPTATION_HEADER + _bullets(lines))
    other = next((name for name in ids if name != role), role)
    return PromptTemplate(
        role, other, instance, _sections(common), _sections(shared), _sections(result), _sections(mine)
    )


def system_prompt(
    challenge: Mapping[str, Json],
    role: str,
    tools: str | None,
    max_turns: int,
    values: Mapping[str, Json] | None = None,
    nonce: str | None = None,
) -> str:
    """Return the system prompt of one role.

    `values`: the trial's drawn values, None for the template as it stands.  `nonce`: as of `PromptTemplate.filled`.
    """
    return prompt_template(challenge, role, tools, max_turns).filled(values, nonce)


def _sections(parts: Sequence[str]) -> str:
    return "".join(f"{part}\n\n" for part in parts)
