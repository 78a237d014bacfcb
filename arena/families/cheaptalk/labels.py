"""The one label parser. It reads only the declared field, and counts an unreadable label instead of guessing it.

Protocols and baselines use the same parser. A value is read if it has exactly one label in a declared spelling
(claim.SPELLINGS). The label is first or after a plain lead-in ("the claim is"), and is not negated, questioned or
withdrawn. A remark may follow it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from arena.families.cheaptalk.claim import SPELLINGS, Label
from arena.families.cheaptalk.declared import declared

VERSION = "1"
FIELDS = ("Final Assessment", "Assessment")
"""The fields of a decision; an earlier one outranks a later one."""


class Unread(StrEnum):
    """Why a reply has no label."""

    NO_FIELD = "no_field"
    EMPTY = "empty_value"
    TEMPLATE = "template"
    UNDECLARED = "undeclared_value"
    TWO_LABELS = "two_labels"
    NOT_AFFIRMED = "not_affirmed"
    CONTRADICTORY = "contradictory_fields"


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading: a label, or why there is none. `field` is the field that was used."""

    label: Label | None
    unread: Unread | None = None
    field: str = ""


_SPELLED = "|".join(
    re.escape(text).replace(r"\ ", r"\s+") for text in sorted(SPELLINGS, key=lambda text: (-len(text), text))
)
_LABEL = re.compile(rf"(?<![^\W_])(?<!-)(?:{_SPELLED})(?![^\W_]|-\w)", re.I)
_DECORATION = " \t*_`\"'()[]{}<>\u201c\u201d\u2018\u2019\u00ab\u00bb\u2705\u2714\u2611\u2022:="
_PLACEHOLDER = re.compile(r"\s*[*_`]*(?:\[[^\]]*\]|<[^>]*>|\{[^}]*\}|_{2,}|\.{2,})[*_`]*\s*\Z")
_JOINTS = re.compile(r"(?:[\s/|,;\[\](){}<>*_`\"'.:]|\bor\b|\band\b|\bone\b|\bof\b|\beither\b)*\Z", re.I)
_BRACKETED = re.compile(r"\s*[*_`]*[\[<{].*[\]>}][*_`]*\s*\Z")

_LEAD_IN = frozenset(
    (
        *(
            "the",
            "this",
            "claim",
            "statement",
            "evidence",
            "that",
            "is",
            "it",
            "as",
            "so",
            "thus",
            "hence",
            "therefore",
        ),
        *("i", "we", "say", "conclude", "find", "judge", "choose", "am", "my", "our", "label", "verdict", "answer"),
        *("final", "assessment", "clearly", "now", "still", "shown", "fully", "given", "provided"),
        *("strongly", "definitely", "certainly", "completely", "entirely", "directly", "plainly", "explicitly"),
    )
)
"""Words that may precede the label without changing its meaning. Any other word makes the value unread."""
_FOLLOWS = frozenset(
    (
        *("the", "this", "that", "it", "its", "claim", "statement", "by", "because", "since", "as", "with", "given"),
        *(
            "based",
            "on",
            "due",
            "to",
            "for",
            "in",
            "at",
            "from",
            "of",
            "about",
            "regarding",
            "but",
            "though",
            "although",
        ),
        *("while", "despite", "beyond", "according", "and"),
    )
)
"""Words that may directly follow the label. In "SUPPORTS is wrong" another word follows: the label is only
mentioned."""
_CLAUSE = re.compile(r"\b(?:that|because|since|as|for|given|although|though|while)\b", re.I)
_NEGATION = re.compile(r"\b(?:not|never|no|nor|neither|cannot|\w+n't)\b", re.I)
_ONLY_NEGATION = re.compile(r"\W*(?:not|no|nope|never|false|wrong|incorrect|rejected|denied)\W*\Z", re.I)
_TAKEN_BACK = re.compile(r"\W*(?:wait|scratch that|strike that|never mind|on second thou?ght|correction)\b", re.I)
_CLAIM_ITSELF = re.compile(r"\W*(?:(?:the|this|that|its|sender's)\s+)*(?:claim|statement|assertion|it)\b|\W*\Z", re.I)
_SOMETHING_ELSE = re.compile(r"\b(?:opposite|contrary|reverse|negation|different|another|other|wrong)\b", re.I)
_STRONG = re.compile(r"[,;.:!()\[\]|/\u2013\u2014]|\s-+\s|-+\s|\n")
_ORDINARY = re.compile(
    r"\s+(?:an?|the|this|that|these|those|it|its|him|her|them|by|any|no|some|each|every|one|only|another|other|all"
    r"|different|both|what|which|neither|in|at|with|\d)\b",
    re.I,
)
"""Words after "supports" if it is a verb with an object, not a label."""


# Mock models and repeated samples write equal replies, and a reply is read more than once.
@lru_cache(maxsize=16_384)
def read_label(reply: str, fields: tuple[str, ...] = FIELDS) -> Reading:
    """Return the label that a reply declares. `fields`: the declared fields, the most binding first.

    Of the fields, the first that the reply declares counts, even if its value cannot be read; values of a repeated
    field must agree. Templates ("[SUPPORTS | REFUTES | ...]") count as not written.
    """
    found = declared(reply, fields)
    template = ""
    for field in fields:
        readings = [(item, read_value(item.value)) for item in found if item.field == field]
        meant = [reading for _, reading in readings if reading.unread is not Unread.TEMPLATE]
        if len(meant) < len(readings):
            template = template or field
        if not meant:
            continue
        labels = {reading.label for reading in meant}
        if len(labels) > 1:
            return Reading(None, Unread.CONTRADICTORY, field)
        return Reading(meant[0].label, meant[0].unread, field)
    return Reading(None, Unread.TEMPLATE, template) if template else Reading(None, Unread.NO_FIELD)


def read_value(value: str) -> Reading:
    """Return the label in the value of a declared field."""
    value = value.strip()
    if value.lower() in SPELLINGS:
        return Reading(SPELLINGS[value.lower()])
    if not value.strip(_DECORATION):
        return Reading(None, Unread.EMPTY)
    mentions = list(_LABEL.finditer(value))
    if not mentions:
        return Reading(None, Unread.TEMPLATE if _PLACEHOLDER.match(value) else Unread.UNDECLARED)
    if _is_template(value, mentions):
        return Reading(None, Unread.TEMPLATE)
    first = mentions[0]
    label, lead, rest = _label(first), value[: first.start()], value[first.end() :]
    if not _is_lead_in(lead):
        return Reading(None, Unread.NOT_AFFIRMED)
    direct = _direct(rest)
    if _is_about_another(first[0], direct):
        return Reading(None, Unread.NOT_AFFIRMED)
    clause_end = first.end() + (len(direct) if label is Label.NEI and re.match(r"\s+to\b", direct, re.I) else 0)
    others = [match for match in mentions[1:] if match.start() >= clause_end and not _is_ordinary(value, match)]
    if any(_label(match) is not label for match in others):
        return Reading(None, Unread.TWO_LABELS)
    if any(_NEGATION.search(value[max(first.end(), match.start() - 20) : match.start()]) for match in others):
        return Reading(None, Unread.NOT_AFFIRMED)
    return Reading(label) if _is_affirmed(direct, rest[len(direct) :]) else Reading(None, Unread.NOT_AFFIRMED)


def _label(match: re.Match[str]) -> Label:
    return SPELLINGS[" ".join(match[0].lower().split())]


def _is_lead_in(text: str) -> bool:
    """Return whether the text before a label is decoration and plain words, such as "the claim is"."""
    words = re.findall(r"[^\W_]+", text)
    rest = re.sub(r"[^\W_]+", "", text)
    return all(word.lower() in _LEAD_IN for word in words) and not rest.strip(_DECORATION + "-,.")


def _is_template(value: str, mentions: list[re.Match[str]]) -> bool:
    """Return whether a value is the choice that was offered: all labels, or several in brackets, and nothing else."""
    labels = {_label(match) for match in mentions}
    if not _JOINTS.match(_LABEL.sub(" ", value)):
        return False
    return len(labels) == len(Label) or (len(labels) > 1 and bool(_BRACKETED.match(value)))


def _direct(rest: str) -> str:
    """Return the text after a label up to the first separator."""
    inner = rest.lstrip("*_`\"'\u201d\u2019\u00bb])}>")
    match = _STRONG.search(inner)
    return rest[: len(rest) - len(inner) + match.start()] if match else rest


def _is_about_another(word: str, direct: str) -> bool:
    """Return whether the label word is a verb whose object is not the claim: "supports the other date"."""
    if _CLAIM_ITSELF.match(direct) or word.lower() not in ("supports", "refutes"):
        return False
    clause = _CLAUSE.search(direct)
    target = direct[: clause.start()] if clause else direct
    return bool(_SOMETHING_ELSE.search(target)) or (not word.isupper() and bool(_ORDINARY.match(direct)))


def _is_ordinary(value: str, match: re.Match[str]) -> bool:
    """Return whether a later label word is a verb with its object, as in "the evidence supports a different date"."""
    return not match[0].isupper() and _label(match) is not Label.NEI and bool(_ORDINARY.match(value, match.end()))


def _is_affirmed(direct: str, remark: str) -> bool:
    """Return whether neither the text right after the label nor the remark after that denies it."""
    if "?" in direct or remark.lstrip(" ([").startswith("?"):
        return False
    words = re.findall(r"[^\W_][\w']*", direct)
    if words and words[0].lower() not in _FOLLOWS and not words[0][0].isdigit():
        return False
    negation, clause = _NEGATION.search(direct), _CLAUSE.search(direct)
    if negation and (clause is None or negation.start() < clause.start()):
        return False
    return not (_ONLY_NEGATION.match(remark) or _TAKEN_BACK.match(remark))
