"""The sections of a judge's prompt (arena/judging/prompt.py), as the mock judge reads them. Pure."""

from __future__ import annotations

import json
import re

NONCE = re.compile(r"<<<([0-9a-f]{8,64}) NAME")
_NAME = re.compile(r"\b[A-Z][A-Za-z]{2,}")
_decoder = json.JSONDecoder()


class UnreadablePrompt(ValueError):
    """Raised for a prompt of another form than arena/judging/prompt.py writes."""


def without_nonce(system: str) -> str:
    """Return a judge's system prompt without its nonce, which is all that differs between the matches of a run."""
    nonce = NONCE.search(system)
    return system if nonce is None else system.replace(nonce[1], "")


def section(text: str, nonce: str, name: str) -> tuple[int, int]:
    start = text.find(f"<<<{nonce} {name}\n")
    end = text.find(f"\n{nonce}>>>", start)
    if start < 0 or end < 0:
        raise UnreadablePrompt(f"the section {name!r} is missing")
    return start, end


def block(text: str, nonce: str, name: str) -> list[str]:
    start, end = section(text, nonce, name)
    return [line for line in text[start:end].split("\n")[1:] if line]


def names_of(text: str, nonce: str) -> dict[str, frozenset[str]]:
    """Return role id -> the words of role id and title that begin with a capital letter."""
    start, end = section(text, nonce, "challenge")
    head = '\n"participants": '
    place = text.find(head, start, end)
    if place < 0:
        return {}
    listed = _decoder.raw_decode(text, place + len(head))[0]
    return {
        one["id"]: frozenset(word.lower() for word in _NAME.findall(f"{one['id']} {one['display_name']}"))
        for one in listed
    }


def questions_of(system: str, text: str) -> dict[str, str]:
    """Return the questions of a prompt by their ids; none if it asks none."""
    nonce = NONCE.search(system)
    if nonce is None or f"<<<{nonce[1]} questions\n" not in text:
        return {}
    found: dict[str, str] = json.loads("\n".join(block(text, nonce[1], "questions")))
    return found
