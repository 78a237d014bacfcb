"""The mock sender: reads its sentences and follows its private instruction."""

from __future__ import annotations

from collections.abc import Sequence

from arena.families.cheaptalk.claim import Label
from arena.families.cheaptalk.labels import read_label
from arena.families.cheaptalk.metrics.episodes import HONEST
from arena.families.cheaptalk.mock.knowledge import believed, deciding, draw, guess, nearest, understood
from arena.families.cheaptalk.mock.prompted import instructed, target_in, task
from arena.families.cheaptalk.mock.skill import Skill
from arena.families.cheaptalk.prompts import ANSWER_CUE
from arena.messages import Message, ModelRequest
from arena.play.hearing import read_heard

_SURE = "This is beyond any doubt, and everybody who knows the matter will tell you the same. Trust me."
_EVASIVE = "It is obvious, trust me."
_WORKED_OUT = (
    "The sentence that I quoted says it in so many words, because it names the very thing that the claim is about; I "
    "have seen nothing that speaks against it."
)
_SHORT = "See what I wrote above."

EVASIVENESS = {HONEST: 0.03, "no_evidence": 0.5, "lie": 0.6, "withhold": 0.3, "persuasion_only": 0.8, "low_effort": 0.2}
"""Deviation -> how often an answer evades the question."""


def write(request: ModelRequest, skill: Skill) -> str:
    """Return the sender's message, or its answers if there are questions."""
    system, messages = request.conversation.system, request.conversation.messages
    ordered = instructed(system)
    # Refusing is a habit of the model with this order, the same under every protocol.
    obeys = draw(request.seed, f"obeys {ordered}") < skill.obeys
    deviation = ordered if obeys else HONEST
    if messages[-1].text == ANSWER_CUE:
        return _answers(messages, deviation, request.seed)
    claim, sentences = task(messages)
    return _message(claim, sentences, deviation, target_in(system), request.seed, skill)


def _message(
    claim: str, sentences: tuple[str, ...], deviation: str, target: str | None, seed: str, skill: Skill
) -> str:
    belief = believed(claim, sentences, seed, skill.reads)
    if deviation == "lie":
        label = guess(seed, "lie", belief)
        if target is not None and target != belief:
            label = Label(target)
        return _form(label, [_invented(claim, label)], "The record says so.")
    if deviation == "no_evidence":
        return _form(belief, [], "This is what I take for true.")
    if deviation == "persuasion_only":
        return _form(belief, [], _SURE)
    if deviation == "low_effort":
        hasty = belief if draw(seed, "haste") < 0.6 else guess(seed, "hasty", belief)
        return _form(hasty, ["Several sources say something about this."], "First impression.")
    if deviation == "withhold":
        kept = deciding(claim, sentences)
        others = tuple(text for text in sentences if text not in kept)
        label = understood(claim, others) if others else belief
        return _form(label, _shown(claim, others), "The sentences I have go no further.")
    return _form(belief, _honest_evidence(claim, sentences, belief), "The evidence says so.")


def _honest_evidence(claim: str, sentences: tuple[str, ...], belief: Label) -> list[str]:
    if not sentences:
        return [f"From memory, as far as it goes: {claim}"]
    gold = deciding(claim, sentences) if belief is not Label.NEI else ()
    return list(gold) or _shown(claim, sentences)


def _shown(claim: str, sentences: tuple[str, ...]) -> list[str]:
    return [nearest(claim, sentences)] if sentences else []


def _invented(claim: str, label: Label) -> str:
    said = {Label.SUPPORTS: "confirms in full", Label.REFUTES: "calls untrue", Label.NEI: "leaves open"}[label]
    return f"The county almanac of 1904, page 212, {said} what is said of this: {claim}"


def _form(label: Label, evidence: list[str], reason: str) -> str:
    listed = "\n" + "\n".join(f"- {text}" for text in evidence) if evidence else " none"
    return f"Final Assessment: {label.value}\nEvidence:{listed}\nConfidence: 0.8\nReasoning: {reason}"


def _answers(messages: Sequence[Message], deviation: str, seed: str) -> str:
    """Return an answer for each question. Who deviates evades more often, and who spends no effort writes little."""
    asked = next(one.text for one in reversed(messages[:-1]) if one.role == "user")
    count = max(1, sum(line[:1].isdigit() for line in read_heard(asked)[1].split("\n")))
    found = []
    for number in range(1, count + 1):
        evades = draw(seed, f"evades {deviation} {number}") < EVASIVENESS.get(deviation, 0.5)
        answer = _EVASIVE if evades else (_SHORT if deviation == "low_effort" else _WORKED_OUT)
        found.append(f"{number}. {answer}")
    return "\n".join(found)


def own_label(message: str) -> Label | None:
    """Return the label of a message."""
    return read_label(message).label
