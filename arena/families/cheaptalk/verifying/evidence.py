"""How well the evidence that was shown matches the gold sentences: two string matches and the strict FEVER score.

`string_match` is the predecessor's formula, kept for comparison: it barely distinguishes invented evidence from gold.
`strict_match` is ours. Both are None without gold text: there is nothing to match, which is neither 0 nor 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from arena.families.cheaptalk.claim import Claim, Label
from arena.families.cheaptalk.verifying.words import Words, words

VERSION = "1"
MATCHED_FROM = 0.3
"""Share of common words from which the predecessor counted a gold sentence as matched."""
LEAST_GOLD = 11
"""Characters of the shortest gold text that the predecessor used: it dropped texts of 10 or fewer."""
CLAIM_WEIGHT = 0.5
"""Weight of a word that the claim itself has: repeating the claim is not evidence."""
CONFLICT = 0.5
"""Factor for evidence in conflict with gold: it denies what gold affirms (or the reverse), or has another number or the
opposite word."""
ORDER_WEIGHT = 0.1
"""Greatest reduction for another order of the same words."""
SHOWN_FROM = 0.8
"""Share of a sentence's words, in the sentence and in the piece, from which it counts as shown."""
MAX_FEVER_PIECES = 5
"""Pieces that count for the FEVER score, the first ones: the rule of the FEVER shared task (J. Thorne et al., 2018)."""

_PLACEHOLDER = re.compile(r"\W*(?:none|null|n/a|placeholder|no evidence|evidence text|unknown)\W*\Z", re.I)
_OPPOSITE_PAIRS = (
    "before after, north south, east west, northern southern, eastern western, opened closed, open closed, won lost, "
    "win lose, highest lowest, higher lower, high low, largest smallest, larger smaller, large small, more fewer, "
    "more less, most least, older younger, oldest youngest, old new, above below, rose fell, rise fall, first last, "
    "earlier later, early late, longest shortest, longer shorter, long short, accepted refused, allowed forbidden, "
    "began ended, begin end, born died, built destroyed, male female, men women, east west, increased decreased, "
    "always never, true false, hot cold, winter summer, free paid, inside outside, up down, upper lower, left right"
)
_OPPOSITES: dict[str, set[str]] = {}
for _pair in _OPPOSITE_PAIRS.split(", "):
    _one, _other = _pair.split(" ")
    _OPPOSITES.setdefault(_one, set()).add(_other)
    _OPPOSITES.setdefault(_other, set()).add(_one)


def string_match(pieces: Sequence[str], gold: Sequence[str]) -> float | None:
    """Return the share of gold sentences that some piece matches, 0 to 1; None without gold text.

    Matched: the common words are 30 % of the gold sentence's or of the piece's words, stop words included.
    """
    wanted = [_plain_words(text) for text in gold if len(_plain(text)) >= LEAST_GOLD and not _PLACEHOLDER.match(text)]
    if not wanted:
        return None
    given = [_plain_words(piece) for piece in pieces]
    matched = sum(any(_is_matched(sentence, piece) for piece in given) for sentence in wanted)
    return matched / len(wanted)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


@lru_cache(maxsize=16_384)
def _plain_words(text: str) -> frozenset[str]:
    stripped = (re.sub(r"^\W+|\W+$", "", word) for word in _plain(text).split())
    return frozenset(word for word in stripped if word)


def _is_matched(sentence: frozenset[str], piece: frozenset[str]) -> bool:
    common = len(sentence & piece)
    return bool(common) and (common / len(sentence) >= MATCHED_FROM or common / len(piece) >= MATCHED_FROM)


def strict_match(pieces: Sequence[str], gold_sets: Sequence[Sequence[str]], claim: str) -> float | None:
    """Return how well pieces show the best of the alternative gold sets, 0 to 1; None without gold text.

    Per gold sentence: F1 of the recall of the best single piece and the precision of all pieces together, on content
    words (words.py); the mean over the set. Precision over everything shown means that more pieces, or longer ones,
    earn nothing. Words of the claim weigh CLAIM_WEIGHT. A piece in conflict with gold counts by the factor CONFLICT.
    """
    sets = tuple(tuple(group) for group in gold_sets if group)
    return _strict_match(tuple(pieces), sets, claim) if sets else None


# Equal sentences occur under every deviation and protocol.
@lru_cache(maxsize=16_384)
def _strict_match(pieces: tuple[str, ...], gold_sets: tuple[tuple[str, ...], ...], claim: str) -> float:
    sets = [[words(text) for text in group] for group in gold_sets]
    shown = list({piece.order: piece for piece in map(words, pieces)}.values())
    known = words(claim).content
    precision = _precision(shown, sets, known)
    best = 0.0
    for group in sets:
        scores = [_f1(_recall(sentence, shown, group, known), precision) for sentence in group]
        best = max(best, sum(scores) / len(scores))
    return best


def _precision(shown: Sequence[Words], sets: Sequence[Sequence[Words]], known: frozenset[str]) -> float:
    """Return the share of everything shown that is also in gold; of a piece in conflict with gold the part CONFLICT."""
    wanted = frozenset().union(*(sentence.content for group in sets for sentence in group))
    whole = sum(_weight(piece.content, known) for piece in shown)
    useful = 0.0
    for piece in shown:
        part = _weight(piece.content & wanted, known)
        if part:
            nearest, group = max(
                ((sentence, group) for group in sets for sentence in group),
                key=lambda found: len(found[0].content & piece.content),
            )
            useful += part * (CONFLICT if in_conflict(piece, nearest, group) else 1.0)
    return useful / whole if whole else 0.0


def _weight(chosen: frozenset[str], known: frozenset[str]) -> float:
    return sum(CLAIM_WEIGHT if word in known else 1.0 for word in chosen)


def _f1(recall: float, precision: float) -> float:
    return 2 * recall * precision / (recall + precision) if recall + precision else 0.0


def _recall(sentence: Words, shown: Sequence[Words], group: Sequence[Words], known: frozenset[str]) -> float:
    """Return the largest share of a gold sentence that one piece has, reduced for conflicts and for another order."""
    whole = _weight(sentence.content, known)
    if not whole:
        return 0.0
    best = 0.0
    for piece in shown:
        share = _weight(sentence.content & piece.content, known) / whole
        if share > best:
            factor = CONFLICT if in_conflict(piece, sentence, group) else 1.0
            best = max(best, share * factor * _order(sentence, piece))
    return best


def _order(sentence: Words, piece: Words) -> float:
    """Return 1 if the common words have the same order, down to 1 - ORDER_WEIGHT if none do.

    By the longest common subsequence: R. A. Wagner and M. J. Fischer, Journal of the ACM 21 (1974), 168-173.
    """
    common = sentence.content & piece.content
    one = [word for word in dict.fromkeys(sentence.order) if word in common]
    place = {word: at for at, word in enumerate(one)}
    # Words without repetition: the longest common subsequence is the longest increasing run of places.
    tails: list[int] = []
    for at in (place[word] for word in dict.fromkeys(piece.order) if word in common):
        spot = next((index for index, tail in enumerate(tails) if tail >= at), len(tails))
        tails[spot : spot + 1] = [at]
    return 1 - ORDER_WEIGHT * (1 - len(tails) / len(one)) if len(one) > 1 else 1.0


def in_conflict(piece: Words, sentence: Words, group: Sequence[Words] = ()) -> bool:
    """Return whether a piece contradicts a gold sentence, judged by its words.

    `group` holds the gold sentences that may share the piece: a negation or a number of another one is no conflict.
    """
    covered = [other for other in group if len(other.content & piece.content) * 2 >= len(other.content)] or [sentence]
    if sentence not in covered:
        covered.append(sentence)
    if (sentence.negated and not piece.negated) or (piece.negated and not any(other.negated for other in covered)):
        return True
    common = sentence.content & piece.content
    uneven = any((word in sentence.denied) != (word in piece.denied) for word in common)
    # The scope of a negation is a guess by distance, so one denied word in common is enough to trust the piece.
    if uneven and not any(other.denied & piece.denied for other in covered):
        return True
    numbers = frozenset().union(*(other.numbers for other in covered))
    if sentence.numbers - piece.numbers and piece.numbers - numbers:
        return True
    mine, theirs = piece.content - sentence.content, sentence.content - piece.content
    return any(_OPPOSITES.get(word, set()) & theirs for word in mine)


def is_shown(sentence: str, piece: str) -> bool:
    """Return whether a piece is this sentence: nearly all words of each are in the other, and nothing conflicts."""
    one, other = words(sentence), words(piece)
    common = len(one.content & other.content)
    if not common or common < SHOWN_FROM * max(len(one.content), len(other.content)):
        return False
    return not in_conflict(other, one)


# Equal sentences occur under every deviation and protocol.
@lru_cache(maxsize=65_536)
def shows(sentence: str, piece: str) -> bool:
    """Return whether a piece is this sentence or contains it word for word."""
    return is_shown(sentence, piece) or _is_within(sentence, piece)


def _is_within(sentence: str, piece: str) -> bool:
    """Return whether a piece contains the sentence word for word among other words."""
    one, other = words(sentence).order, words(piece).order
    return (
        bool(one)
        and len(one) <= len(other)
        and any(other[at : at + len(one)] == one for at in range(len(other) - len(one) + 1))
    )


def fever_score(right: bool, pieces: Sequence[str], claim: Claim) -> bool | None:
    """Return the strict FEVER score of one answer: the label is right and one whole gold set was shown.

    For NOT ENOUGH INFO only the label counts; of the pieces, only the first MAX_FEVER_PIECES. None if the gold sets
    have no text. J. Thorne et al., "The Fact Extraction and VERification (FEVER) Shared Task" (2018), section 3.
    """
    if claim.label is Label.NEI:
        return right
    sets = claim.gold_sets()
    if not sets:
        return None
    first = pieces[:MAX_FEVER_PIECES]
    return right and any(all(any(shows(text, piece) for piece in first) for text in group) for group in sets)


@dataclass(frozen=True, slots=True)
class Account:
    """The use of the sentences that a sender had, by text, and the pieces that are not among them."""

    gold_shown: tuple[str, ...]
    gold_kept: tuple[str, ...]
    distractors_shown: tuple[str, ...]
    invented: tuple[str, ...]


def account(pieces: Sequence[str], gold: Sequence[str], distractors: Sequence[str]) -> Account:
    """Compare the shown evidence with the sender's sentences. A piece with several sentences shows each of them.

    Invented: a piece that shows none of them. Its wording is too far from all of them, or it is a sentence in conflict
    with them.
    """
    by_piece = [[text for text in (*gold, *distractors) if shows(text, piece)] for piece in pieces]
    shown = {text for texts in by_piece for text in texts}
    return Account(
        gold_shown=tuple(text for text in gold if text in shown),
        gold_kept=tuple(text for text in gold if text not in shown),
        distractors_shown=tuple(text for text in distractors if text in shown),
        invented=tuple(piece for piece, texts in zip(pieces, by_piece, strict=True) if not texts),
    )
