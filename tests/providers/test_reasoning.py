"""Reasoning in a model's text is kept apart in every form that servers leave there; talk about the marks is not."""

from __future__ import annotations

import pytest

from arena.providers.reasoning import split

SECRET = "the price is 4711"

# (text with SECRET in its reasoning, what is public of it)
FORMS = {
    "think": (f"<think>{SECRET}</think>\n\nHello Bob.", "Hello Bob."),
    "upper case": (f"<THINK>\n{SECRET}\n</Think> Hello Bob.", "Hello Bob."),
    "attributes": (f'<think effort="high">{SECRET}</think>Hello Bob.', "Hello Bob."),
    "thinking": (f"<thinking>{SECRET}</thinking>Hello Bob.", "Hello Bob."),
    "thought": (f"<thought>{SECRET}</thought>Hello Bob.", "Hello Bob."),
    "reasoning": (f"<reasoning>{SECRET}</reasoning>Hello Bob.", "Hello Bob."),
    "reflection": (f"Hello Bob. <reflection>{SECRET}</reflection>", "Hello Bob."),
    "square": (f"[THINK]{SECRET}[/THINK]Hello Bob.", "Hello Bob."),
    "word in front": (f"<mm:think>{SECRET}</mm:think>Hello Bob.", "Hello Bob."),
    "word in front, underscore": (f"<longcat_think>{SECRET}</longcat_think>Hello Bob.", "Hello Bob."),
    "spaces in the mark": (f"< think >{SECRET}</ think >Hello Bob.", "Hello Bob."),
    "escaped": (f"&lt;think&gt;{SECRET}&lt;/think&gt;Hello Bob.", "Hello Bob."),
    "thoughts": (f"<Thoughts>{SECRET}</Thoughts>Hello Bob.", "Hello Bob."),
    "thought process": (f"<thought_process>{SECRET}</thought_process>Hello Bob.", "Hello Bob."),
    "scratchpad": (f"<scratchpad>{SECRET}</scratchpad>Hello Bob.", "Hello Bob."),
    "reasoning scratchpad": (f"<REASONING_SCRATCHPAD>{SECRET}</REASONING_SCRATCHPAD>Hello Bob.", "Hello Bob."),
    "inner monologue": (f"<inner_monologue>{SECRET}</inner_monologue>Hello Bob.", "Hello Bob."),
    "triangle": (f"◁think▷{SECRET}◁/think▷Hello Bob.", "Hello Bob."),
    "seed": (f"<seed:think>{SECRET}</seed:think>Hello Bob.", "Hello Bob."),
    "thought tokens": (
        f"<|begin_of_thought|>{SECRET}<|end_of_thought|><|begin_of_solution|>Hello Bob.<|end_of_solution|>",
        "Hello Bob.",
    ),
    "thinking tokens": (
        f"<|START_THINKING|>{SECRET}<|END_THINKING|><|START_RESPONSE|>Hello Bob.<|END_RESPONSE|>",
        "Hello Bob.",
    ),
    "inner tokens": (f"<|inner_prefix|>{SECRET}<|inner_suffix|>Hello Bob.", "Hello Bob."),
    "channel": (f"<|channel>thought\n{SECRET}<channel|>Hello Bob.", "Hello Bob."),
    "channel without an end": (f"<|channel>thought\n{SECRET}", ""),
    "bar": (f"<|think|>{SECRET}<|end|><|begin|>assistant<|content|>Hello Bob.", "Hello Bob."),
    "bar without an end": (f"<|begin|>assistant<|think|>{SECRET}", ""),
    "box": (f"<think>{SECRET}</think><|begin_of_box|>Hello Bob.<|end_of_box|>", "Hello Bob."),
    "in words": (f"Here is my thought process: {SECRET}\n\nHere is my response: Hello Bob.", "Hello Bob."),
    "harmony": (
        f"<|channel|>analysis<|message|>{SECRET}<|end|>"
        "<|start|>assistant<|channel|>final<|message|>Hello Bob.<|return|>",
        "Hello Bob.",
    ),
    "harmony preamble": (
        f"<|channel|>commentary<|message|>{SECRET}<|end|><|start|>assistant<|channel|>final<|message|>Hello Bob.",
        "Hello Bob.",
    ),
    "harmony without marks": (f"analysisWe know: {SECRET}.assistantfinalHello Bob.", "Hello Bob."),
    "harmony without an end": (f"<|channel|>analysis<|message|>{SECRET}", ""),
    "harmony cut in its head": (f"<|channel|>analysis {SECRET}", ""),
    "in the middle": (f"Hello <think>{SECRET}</think> Bob.", "Hello Bob."),
    "in the middle with spaces": (f"Hello and <think> {SECRET} </think> good day.", "Hello and good day."),
    "at the end": (f"Hello Bob.\n<think>{SECRET}</think>", "Hello Bob."),
    "repeated": (f"<think>a</think>Hello <think>{SECRET}</think>Bob.", "Hello Bob."),
    "two forms": (f"<think>a</think>Hello\n[THINK]{SECRET}[/THINK]\nBob.", "Hello\nBob."),
    "unclosed": (f"<think>{SECRET}", ""),
    "unclosed after talk": (f"Hello Bob.\n<think>\nmore\n\n{SECRET}", "Hello Bob."),
    "unclosed after a sentence": (f"Hello Bob. <think> {SECRET}", "Hello Bob."),
    "unclosed without space": (f"Hello Bob <think>{SECRET}", "Hello Bob"),
    "opened by the template": (f"{SECRET}\n</think>\n\nHello Bob.", "Hello Bob."),
    "opened by the template, one line": (f"{SECRET}</think>Hello Bob.", "Hello Bob."),
    "opened by the template, mark mentioned": (f"I close <think> later, {SECRET}.\n</think>\nHello Bob.", "Hello Bob."),
    "closed by another name": (f"<think>{SECRET}</thinking>Hello Bob.", "Hello Bob."),
    "nested": (f"<think>a <think>b</think> {SECRET}</think>Hello Bob.", "Hello Bob."),
    "nested under another name": (f"<think>a <reasoning>b</reasoning> {SECRET} c </think> Hello.", "Hello."),
    "closed twice": (f"<think>a</think>\n{SECRET}\n</think>\nHello Bob.", "Hello Bob."),
    "opened twice": (f"<think>a <think>{SECRET}</think> Hello Bob.", "Hello Bob."),
}


@pytest.mark.parametrize("form", FORMS)
def test_reasoning_in_each_form_is_private(form: str) -> None:
    text, public = FORMS[form]
    found = split(text)
    assert found.public == public and found.found
    assert SECRET in found.private and SECRET not in found.public


MENTIONS = [
    "never write </think> here",
    "a <think> b",
    "Please put <think> and </think> around nothing.",
    "The tag `<think>` opens a block.",
    'They call it "<think>x</think>" in the manual.',
    "Do not use <thinking>, <reasoning> or [THINK] in this room.",
    'Send {"tool_call": {"op": "hash", "args": {"msg": "<think>"}}} to me.',
    "I think < 3 and thinking > 2.",
    "We want <|end|> at the end.",
    "Here is my thought process: I would sell.",
    "analysis of the plan: assistant first.",
    "",
]


@pytest.mark.parametrize("text", MENTIONS)
def test_text_that_mentions_a_mark_is_not_cut(text: str) -> None:
    assert split(text) == (text, "", False)


def test_a_harmony_call_stays_for_the_tool_protocol() -> None:
    call = '<|start|>assistant<|channel|>commentary to=functions.hash <|constrain|>json<|message|>{"msg": "a"}<|call|>'
    found = split("<|channel|>analysis<|message|>private<|end|>" + call)
    assert found.public == call and found.private == "private"


def test_an_empty_mark_takes_nothing_with_it() -> None:
    assert split("<think/>Hello Bob.").public == "Hello Bob."


def test_public_text_keeps_its_own_lines() -> None:
    assert split("One.\n\n<think>x</think>\n\nTwo.\n  Three.").public == "One.\n\nTwo.\n  Three."


def test_many_blocks_are_all_cut() -> None:
    assert split("<think>a</think>b " * 2000).public == "b " * 1999 + "b"
    mentions = "we say <think> often " * 5000
    assert split(mentions).public == mentions
