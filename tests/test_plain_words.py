"""Plain English: phrases of a dialect that readers stumble over, and words that design gives another name, stay out."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SAID = (tokenize.COMMENT, tokenize.STRING)

REFUSED = {
    r"\b(?:go|goes|gone|going) on with\b": "resume, continue",
    r"\bnothing that was paid for\b|\bplay and pay\b(?! twice)": "only calls in flight are repeated",
    r"\b(?:is|are|was) told from\b|\btells? [\w ]{1,40} from chance\b": "is distinguished from, separate",
    r"\b[Ww]hat(?:ever)? c[ao]me of\b": "the result of",
    r"\bhardly one\b": "are rare",
    r"\bis not as the arena\b": "malformed",
    r"\bof both, what\b": "name the one that is meant",
    r"\bcomes? again to the byte\b|\bto the byte\b": "byte for byte",
    r"\b[Nn]obody may be listening\b": "stderr may be closed",
    r"\bno run to go on\b": "nothing to resume",
    r"\bstands? (?:there )?twice there\b|\bstands? there twice\b": "is recorded twice",
    r"\bcan(?:not)? be told\b(?! apart)": "is known, can be determined",
    r"\b(?:is|are) told at once\b": "are reported at once",
    r"\b(?:front|data|main|every|each|the|a) doors?\b(?! code)": "command, entry point",
    r"\bceilings?\b": "limit, cap",
    r"\b(?:one|a|per|once a|of the same) lanes?\b": "series",
    r"(?<![`_\"'\w])[Aa]rtefacts?(?![`_\"'\w])": "evidence value",
    r"\bstands? (?:there|twice|first|last|as it|in (?:the|its|their)|at the|on the|with the)\b": "is, comes",
    r"\b(?:made|built|read|written|writes?|counted|starts?) anew\b": "again",
    r"\b(?:can(?:not)?|could(?: not)?|to) be had\b": "available",
    r"\bc[ao]me to (?:its|an|no|their) end\b": "end, finish",
    r"\b[Ww]hat became of\b": "the result of",
    r"\blacks or spoils\b": "a field is missing or malformed",
    r"\b(?:holds?|is|are|in|into) nothing but\b": "only",
    r"\bbe it\b": "whether",
    r"\bought to\b": "should",
    r"\bwins? over\b": "override",
    r"\bheld against\b": "compared with",
    r"(?<![Tt]here )\bis no (?:folder|file|JSON|number|list|object|participant|mapping|report|shard)\b": "is not a",
    r"\b(?:and|or) its kin\b": "name the classes",
    r"\bwhat (?:it|they) comes? to\b": "the sum, the value",
    r"\b[Cc]ount what another one counted\b": "add the counts of another one",
    r"\bout of the run directory\b": "from the run directory",
    r"\b(?:bug|error|mistake) of ours\b|\bour own bug\b": "a bug in the arena",
    r"\b(?:files? of|made of) holes\b": "a sparse file",
    r"\b(?:all|everything) that is wrong\b": "all mistakes",
    r"\b[Mm]ended\b": "corrected, fixed, repaired",
    r"\bof which it holds\b": "for which it is true",
    r"\bfor ever\b": "forever",
    r"\bworked out of\b": "derived from, computed from",
    r"\btalk (?:a|the) (?:judge|model|player) into\b": "persuade",
    r"\bgoes? into nothing\b": "is not used",
    r"\bout of (?:its|their|the|a) (?:own )?(?:journals?|records?|policy|policies)\b": "from",
    r"\b(?:can|could) be had again\b": "can be reproduced",
    r"\b[Ll]ay(?:s|ing)? (?:out )?a request(?: out)?\b": "build the payload of a request",
    r"\b(?:[Rr]eturn|[Yy]ield) what is wrong (?:with|about|in)\b": "the mistakes in, the problems of",
    r"\bwhatever the case\b": "ignoring case",
    r"\brests? on\b": "depends on, is based on",
    r"\b(?:is|are|was|as|not) had\b": "known, available",
    r"\bmade out of\b": "made from",
    r"\bworked out\b": "computed",
    r"\bif (?:it is|they are) broken\b": "malformed",
    r"\bmet by chance\b|\bmeets? [\w ]{1,20} by chance\b": "occurs by chance",
    r"\bsays? too little\b": "proves nothing",
    r"\bturned round\b": "reversed",
    r"\bmock_(?:covers|evidence|routines|scene|steps)\b": "the module's name today",
}
"""Phrase -> what to write in its place."""

MEANT = {
    r"\bstands? (?:first|twice|in the)\b": {
        "arena/families/crypto/prompts.py",
        "arena/judging/prompt.py",
        "arena/judging/verdict.py",
    },
    r"\bgo on with\b": {
        "arena/play/dialogue.py",  # words of players and to players: other words would be other conversations
        "arena/families/crypto/mock/player.py",
        "arena/families/crypto/baselines/wording.py",
    },
}
"""Phrase -> files that hold it in a text for models, which results depend on."""

IN_TEXTS_FOR_MODELS = frozenset({name for names in MEANT.values() for name in names})
OTHERS_WORDS = (
    "arena/policy/grants.py", "arena/families/risk/agents/reading.py",
    "arena/families/cheaptalk/prompts.py", "arena/families/cheaptalk/verifying/checking.py",
    "arena/families/cheaptalk/reputation.py",
)  # fmt: skip
"""Files with words that others say, with texts for models, or with names of the predecessor's settings."""


def texts() -> Iterator[tuple[str, str]]:
    files = [*(ROOT / "arena").rglob("*.py"), *(ROOT / "scripts").glob("*.py"), *(ROOT / "docs").glob("*.md")]
    files += [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "RELEASING.md", "SECURITY.md")]
    for path in sorted(files):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def prose(name: str, text: str) -> str:
    """Return what is said: of code the comments and the texts of several words, without what is in backticks."""
    if name.endswith(".py"):
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        parts = [
            re.sub(r"\{[^{}]*\}", " ", token.string) for token in tokens if token.type in SAID and " " in token.string
        ]
        # A text over several lines is one sentence: the quotes between its parts are no part of it.
        text = " ".join(re.sub(r"^#|^[a-z]{0,2}[\"']+|[\"']+$", "", part) for part in parts)
    return re.sub(r"`[^`]*`", " ", " ".join(text.split()))


def found_in(name: str, text: str) -> list[str]:
    if name in IN_TEXTS_FOR_MODELS or name.startswith(OTHERS_WORDS):
        return []
    said = prose(name, text)
    return [f"{name}: {match[0]!r}: write {better}" for phrase, better in REFUSED.items()
            for match in re.finditer(phrase, said)]  # fmt: skip


def test_texts_use_plain_words() -> None:
    read = list(texts())
    assert len(read) > 300
    assert [line for name, text in read for line in found_in(name, text)] == []


@pytest.mark.parametrize(
    "sentence",
    [
        "there is no run to go on with",
        "every answer must come again to the byte",
        "A leak is told from chance by these rules",
        "What came of asking",
        "the cover is not as the arena writes it",
        "the main door prints",
        "the ceiling of the run",
        "An artefact from nowhere",
        "all mistakes are told at once",
        "the text stands in the file",
        "the index is written anew",
        "the run came to its end",
        "What became of the rows",
        "plays that ought to fail",
        "DIR is no folder",
        "flags win over the file",
        "UsageError and its kin",
        "read out of the run directory alone",
        "a bug of ours",
        "a file of holes is refused",
        "DataError with all that is wrong",
        "bugs that were mended",
        "plays runs again out of their journals",
        "the claims rest on a computation",
        "a code is had where it was said",
        "roles are None if they are broken",
        "smaller numbers are met by chance",
        "a value made out of others is worked out",
    ],
)
def test_sentence_of_the_dialect_is_found(sentence: str) -> None:
    assert found_in("docs/x.md", sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "nothing to resume",
        "byte for byte",
        "the field `artefacts` of a record",
        "what players are told",
        "two files have the same id; keys could not be told apart",
        "there is no file; `*` stands for any name",
    ],
)
def test_plain_sentence_is_let_alone(sentence: str) -> None:
    assert found_in("docs/x.md", sentence) == []
