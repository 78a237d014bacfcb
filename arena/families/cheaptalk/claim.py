"""The nouns of the family: a claim, its label, its gold sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """The relation of the evidence to a claim, in the spelling of FEVER (J. Thorne et al., NAACL-HLT 2018)."""

    SUPPORTS = "SUPPORTS"
    REFUTES = "REFUTES"
    NEI = "NOT ENOUGH INFO"


LABELS: tuple[Label, ...] = tuple(Label)
"""In the order of the integers that data sets write for them: 0, 1, 2."""

SPELLINGS: dict[str, Label] = {
    "supports": Label.SUPPORTS,
    "supported": Label.SUPPORTS,
    "refutes": Label.REFUTES,
    "refuted": Label.REFUTES,
    "not enough info": Label.NEI,
    "not_enough_info": Label.NEI,
    "nei": Label.NEI,
}
"""Declared spellings in lower case, of data files and of replies. Integers are declared for data files only."""


def label_of_data(value: object) -> Label | None:
    """Return the label named by a field of a data file; None for any undeclared value, including `true`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return LABELS[value] if 0 <= value < len(LABELS) else None
    if not isinstance(value, str):
        return None
    text = " ".join(value.split()).lower()
    return LABELS[int(text)] if text in ("0", "1", "2") else SPELLINGS.get(text)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of evidence: its text (None if the data names it without its text) and its place."""

    text: str | None
    source: str = ""
    """Page and number, `Title#3`; empty if the data does not say."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim with its truth: the unit of pairing.

    `key`: unique in its data set; a claim with the same text and another label has another key. `gold`: alternative
    sets of sentences, each of which decides the claim if all its sentences are given together; empty for NOT ENOUGH
    INFO.
    """

    key: str
    text: str
    label: Label
    gold: tuple[tuple[Sentence, ...], ...] = ()
    distractors: tuple[str, ...] = ()
    difficulty: str | None = None
    """`easy`, `medium` or `hard`, if the data says so."""

    def sentences(self) -> Iterator[Sentence]:
        """Yield every gold sentence once, in order."""
        seen = set()
        for group in self.gold:
            for sentence in group:
                if sentence not in seen:
                    seen.add(sentence)
                    yield sentence

    def gold_texts(self) -> tuple[str, ...]:
        """Return the texts of the gold sentences, each once; those without a text are left out."""
        return tuple(dict.fromkeys(sentence.text for sentence in self.sentences() if sentence.text is not None))

    def gold_sets(self) -> tuple[tuple[str, ...], ...]:
        """Return the sets whose sentences all have a text."""
        sets = []
        for group in self.gold:
            texts = tuple(sentence.text for sentence in group if sentence.text is not None)
            if len(texts) == len(group):
                sets.append(texts)
        return tuple(sets)
