"""What a role is told: the system prompt, built from the challenge. Floor F3.

The sections and their order follow the published matches of the predecessor (benchmark version `diverse_v1`); the
sections `Your values`, `Tools` and `Ending` are ours: without them agents have no data, cannot compute and cannot say
that they are done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.instance import VALUES_HEADER, fill_all, own_names, own_values, values_line
from arena.records import Json
from arena.results import told

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


def system_prompt(
    challenge: Mapping[str, Json],
    role: str,
    tools: str | None,
    max_turns: int,
    values: Mapping[str, Json] | None = None,
) -> str:
    """Return the system prompt of one role of a validated challenge.

    `tools` is the text that describes the calculator to players (tool_protocol.describe), or None without tools.
    `values`: the trial's drawn values; without them the prompt of a challenge with an instance is a template, which
    holds the placeholders and, for the values, their names.
    """
    instance = challenge.get("instance")
    context = challenge["participant_context"]
    own = context["role_specific"].get(role, {})
    background, stance = context["public_background"], challenge["self_play"]["symmetry_breaker"]
    if instance is not None and values is not None:
        own, background, stance = fill_all([own, background, stance], values)
    sections = [
        f'You are {role} in "{challenge["name"]}" ({challenge["id"]}).',
        "Global rules:\n" + _bullets(GLOBAL_RULES),
        "Public background:\n" + background,
        "Your goals:\n" + _bullets(own.get("goals", [])),
        "Your constraints:\n" + _bullets(own.get("constraints", [])),
        "Your private information (do not reveal it needlessly):\n" + _bullets(own.get("private_info", [])),
        "Opening stance:\n" + stance,
    ]
    ending = ENDING.format(max_turns=max_turns)
    if instance is not None:
        if own_names(instance, role):
            sections.insert(-1, VALUES_HEADER + _values(instance, role, values))
        ids = [participant["id"] for participant in challenge["participants"]]
        ending += RESULT.format(asks=instance.get("asks", "what was agreed"), told=told(instance["result"], ids))
    if tools:
        sections.append("Tools:\n" + tools)
    sections.append("Ending:\n" + ending)
    return "\n\n".join(sections) + "\n"


def _values(instance: Mapping[str, Json], role: str, values: Mapping[str, Json] | None) -> str:
    if values is None:
        return ", ".join(f"{{{name}}}" for name in own_names(instance, role))
    return values_line(own_values(instance, role, values))
