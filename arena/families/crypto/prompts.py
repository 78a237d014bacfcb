"""What a role is told: the system prompt, built from the challenge.

The sections and their order follow the published matches of the predecessor (benchmark version `diverse_v1`); the
sections `Your values`, `Tools` and `Ending` are ours: without them agents have no data, cannot compute and cannot say
that they are done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.families.crypto.challenges.instance import VALUES_HEADER, fill, own_names, values_line
from arena.families.crypto.challenges.result_kinds import told
from arena.records import Json

PROMPT_VERSION = "crypto-prompt/2"

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
    + "). Describe in plain words what is done and why it helps.",
    "Stay in the everyday setting: ask, propose concrete steps, and deal with the other side's motives and objections.",
    "Do not reveal secrets unless the step needs it and it is safe to do so.",
)

ENDING = (
    "You take turns; a match has at most {max_turns} turns in all. When everything is settled for you, close your"
    ' message with a line that holds only {{"done": {{"result": ...}}}} and names what was agreed (text, a number, a'
    " list). The match ends once every role's latest message carries such a line; a later message without one takes"
    " it back."
)


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


RESULT = " The result is {asks}, written as {told}."


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """The system prompt of one role with places for the drawn values, built once and filled for each match.

    Places stand in `body` and `stance` only; `role` and `instance` say which values are shown between them, where the
    challenge has an instance.
    """

    role: str
    instance: Mapping[str, Json] | None
    head: str
    body: str
    stance: str
    tail: str

    def filled(self, values: Mapping[str, Json] | None) -> str:
        """Return the prompt; without `values` the placeholders stay, and the values are named."""
        body, stance = self.body, self.stance
        if self.instance is None:
            return f"{self.head}{body}{stance}{self.tail}"
        line = ""
        if names := own_names(self.instance, self.role):
            line = ", ".join(f"{{{name}}}" for name in names)
            if values is not None:
                line = values_line({name: values[name] for name in names})
            line = f"{VALUES_HEADER}{line}\n\n"
        if values is not None:
            body, stance = fill(body, values), fill(stance, values)
        return f"{self.head}{body}{line}{stance}{self.tail}"


def prompt_template(challenge: Mapping[str, Json], role: str, tools: str | None, max_turns: int) -> PromptTemplate:
    """Return the system prompt of one role of a validated challenge, to be filled.

    `tools` is the text that describes the calculator to players (tool_protocol.describe), or None without tools.
    """
    instance = challenge.get("instance")
    own = challenge["participant_context"]["role_specific"].get(role, {})
    ending = ENDING.format(max_turns=max_turns)
    if instance is not None:
        ids = [participant["id"] for participant in challenge["participants"]]
        ending += RESULT.format(asks=instance.get("asks", "what was agreed"), told=told(instance["result"], ids))
    head = [
        f'You are {role} in "{challenge["name"]}" ({challenge["id"]}).',
        "Global rules:\n" + _bullets(GLOBAL_RULES),
    ]
    body = [
        "Public background:\n" + challenge["participant_context"]["public_background"],
        "Your goals:\n" + _bullets(own.get("goals", [])),
        "Your constraints:\n" + _bullets(own.get("constraints", [])),
        "Your private information (do not reveal it needlessly):\n" + _bullets(own.get("private_info", [])),
    ]
    stance = ["Opening stance:\n" + challenge["self_play"]["symmetry_breaker"]]
    tail = ["Tools:\n" + tools] if tools else []
    return PromptTemplate(
        role,
        instance,
        _sections(head),
        _sections(body),
        _sections(stance),
        _sections([*tail, "Ending:\n" + ending])[:-1],
    )


def system_prompt(
    challenge: Mapping[str, Json],
    role: str,
    tools: str | None,
    max_turns: int,
    values: Mapping[str, Json] | None = None,
) -> str:
    """Return the system prompt of one role; `values`: the trial's drawn values, None for the template as it stands."""
    return prompt_template(challenge, role, tools, max_turns).filled(values)


def _sections(parts: Sequence[str]) -> str:
    return "".join(f"{part}\n\n" for part in parts)
