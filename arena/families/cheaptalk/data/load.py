"""Load claims from one file: all pieces of a claim together, every unusable row an error or a stated skip."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from arena.errors import DataError, Issue
from arena.families.cheaptalk.claim import Claim, Label, Sentence
from arena.families.cheaptalk.data.rows import Digest, Piece, Row, RowFault, read_rows
from arena.families.cheaptalk.data.table import DATASETS, DataSet
from arena.families.cheaptalk.data.wiki_pages import WikiPages

MAX_LISTED = 20
"""Issues that are kept; the rest are counted."""
MAX_ALIKE = 3
"""Most issues that are kept of a file without a usable row. Such a file has another form, and all its issues
are alike."""


@dataclass(frozen=True, slots=True)
class Source:
    """The source of claims, for the manifest. `digest`: of the file; `claims_digest`: of all claims and texts."""

    dataset: str
    path: str
    size: int
    digest: str
    claims_digest: str
    rows: int
    claims: int
    skipped: int
    sentences: int
    without_text: int
    wiki_pages: str | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """Claims in the order of their first row. `skipped`: the first issues of rows that were left out, by choice."""

    claims: tuple[Claim, ...]
    source: Source
    skipped: tuple[Issue, ...]
    missing_labels: tuple[Label, ...]

    def lines(self) -> list[str]:
        """Return notes for the user about the data, as sentences."""
        source = self.source
        counts = Counter(claim.label for claim in self.claims)
        by_label = ", ".join(f"{counts[label]} {label}" for label in Label if counts[label])
        found = [f"{source.path}: {source.claims} claims ({by_label}) of {source.rows} rows, {source.dataset}"]
        if source.skipped:
            found.append(f"{source.skipped} rows were left out (--skip-unusable); the first: {self.skipped[0]}")
        if self.missing_labels:
            found.append(f"no claim is {' or '.join(self.missing_labels)}: rates that average over labels lack it")
        if source.without_text:
            lacking = source.dataset == "fever" and source.wiki_pages is None
            hint = "; --wiki-pages DIR names the folder of their pages" if lacking else ""
            found.append(f"{source.without_text} of {source.sentences} gold sentences have no text{hint}")
        return found


@dataclass(slots=True)
class _Merged:
    """The pieces of one claim that were read so far."""

    line: int
    text: str
    label: Label
    gold: dict[str, dict[Sentence, None]] = field(default_factory=dict)
    distractors: dict[str, None] = field(default_factory=dict)
    difficulty: str | None = None

    def add(self, piece: Piece) -> None:
        for name, sentences in piece.gold.items():
            self.gold.setdefault(name, {}).update(dict.fromkeys(sentences))
        self.distractors.update(dict.fromkeys(piece.distractors))
        self.difficulty = self.difficulty or piece.difficulty

    def claim(self, key: str) -> Claim:
        sets = dict.fromkeys(tuple(group) for group in self.gold.values())
        gold_texts = {sentence.text for group in sets for sentence in group}
        distractors = tuple(text for text in self.distractors if text not in gold_texts)
        return Claim(key, self.text, self.label, tuple(sets), distractors, self.difficulty)


@dataclass(slots=True)
class _Issues:
    """Unusable rows in order, the first MAX_LISTED of them kept."""

    listed: list[Issue] = field(default_factory=list)
    count: int = 0

    def add(self, issue: Issue) -> None:
        self.count += 1
        if len(self.listed) < MAX_LISTED:
            self.listed.append(issue)

    def all(self, most: int = MAX_LISTED) -> list[Issue]:
        """Return the first `most` issues, and how many more there were."""
        listed = self.listed[:most]
        rest = self.count - len(listed)
        file = listed[0].file if listed else ""
        return [*listed, Issue(file, "", f"{rest} more issues are not listed")] if rest else listed


def load(
    row: DataSet, path: Path, shown_as: str = "", skip_unusable: bool = False, wiki: WikiPages | None = None
) -> Loaded:
    """Load all claims of a file. `shown_as` is the path as the user gave it; `wiki` resolves texts of official rows.

    Raises DataError with every unusable row and its line, and for a label that no row has; with `skip_unusable` the
    result states both. A file without any usable row is still an error.
    """
    digest, issues, rows = Digest(), _Issues(), 0
    found: dict[str, _Merged] = {}
    first: Row | None = None
    for item in read_rows(path, digest):
        rows += 1
        if first is None and isinstance(item, Row):
            first = item
        issue = item if isinstance(item, Issue) else _take(item, row, found, str(path))
        if issue is not None:
            issues.add(issue)
    claims = tuple(merged.claim(key) for key, merged in found.items())
    missing = tuple(label for label in row.labels if not any(claim.label is label for claim in claims))
    if not claims:
        nothing = f"has no row that is usable as {row.name} ({row.about}){_other_form(first, row)}"
        raise DataError([*issues.all(MAX_ALIKE), Issue(str(path), "", nothing)])
    if not skip_unusable and (issues.count or missing):
        hints = []
        if missing:
            message = f"no row is {' or '.join(missing)}; --skip-unusable takes the file without"
            hints.append(Issue(str(path), f"line {rows}, the last", message))
        if issues.count:
            hints.append(Issue(str(path), "", "--skip-unusable leaves such rows out and says so"))
        raise DataError([*issues.all(), *hints])
    if wiki is not None:
        claims = tuple(_with_texts(claims, wiki))
    source = _source(row, shown_as or str(path), digest, claims, wiki)
    return Loaded(claims, replace(source, rows=rows, skipped=issues.count), tuple(issues.listed), missing)


def _take(row: Row, dataset: DataSet, found: dict[str, _Merged], file: str) -> Issue | None:
    """Add one row to the claims; return why it is unusable, None if it is usable."""
    place = f"line {row.line}"
    try:
        piece = dataset.read(row)
    except RowFault as fault:
        return Issue(file, f"{place}, {fault.pointer}", fault.message)
    merged = found.get(piece.key)
    if merged is None:
        merged = found[piece.key] = _Merged(row.line, piece.text, piece.label)
    elif not dataset.merges:
        return Issue(file, place, f"repeats the claim {piece.key} of line {merged.line}")
    elif (merged.text, merged.label) != (piece.text, piece.label):
        return Issue(file, place, f"gives claim {piece.key} another text or label than line {merged.line}")
    merged.add(piece)
    return None


def _other_form(first: Row | None, tried: DataSet) -> str:
    """Return the other forms that fit the first row of a file; empty for none."""
    fitting = [other.name for other in DATASETS if first is not None and other is not tried and _reads(other, first)]
    return f"; its first row is usable as {' or '.join(fitting)}: --dataset {fitting[0]}" if fitting else ""


def _reads(dataset: DataSet, row: Row) -> bool:
    try:
        dataset.read(row)
    except RowFault:
        return False
    return True


def _with_texts(claims: Sequence[Claim], wiki: WikiPages) -> Iterator[Claim]:
    """Yield the claims with the texts of their gold sentences, and with distractors from the same pages."""
    for claim in claims:
        gold = tuple(tuple(_resolved(sentence, wiki) for sentence in group) for group in claim.gold)
        resolved = replace(claim, gold=gold)
        yield resolved if claim.distractors else replace(resolved, distractors=wiki.neighbours(resolved))


def _resolved(sentence: Sentence, wiki: WikiPages) -> Sentence:
    if sentence.text is not None:
        return sentence
    return replace(sentence, text=wiki.text(sentence.source))


def _source(row: DataSet, path: str, digest: Digest, claims: Sequence[Claim], wiki: WikiPages | None) -> Source:
    sentences = [sentence for claim in claims for sentence in claim.sentences()]
    return Source(
        dataset=row.name,
        path=path,
        size=digest.size,
        digest=digest.hex(),
        claims_digest=digest_of(claims),
        rows=0,
        claims=len(claims),
        skipped=0,
        sentences=len(sentences),
        without_text=sum(sentence.text is None for sentence in sentences),
        wiki_pages=None if wiki is None else str(wiki.folder),
    )


def digest_of(claims: Sequence[Claim]) -> str:
    """Return the SHA-256 of claims in their order, with every text that a player or a verifier may see."""
    digest = hashlib.sha256()
    for claim in claims:
        gold = [[[sentence.text, sentence.source] for sentence in group] for group in claim.gold]
        values = [claim.key, claim.text, claim.label, gold, list(claim.distractors), claim.difficulty]
        digest.update(json.dumps(values, ensure_ascii=False).encode("utf-8") + b"\n")
    return digest.hexdigest()
