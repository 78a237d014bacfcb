"""Separate the reasoning in a model's text from its answer.

Servers without a reasoning parser, or with one for another model, leave the model's private thoughts in the text. Text
that is separated here is never shown to another seat; a doubtful block therefore counts as reasoning.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Split(NamedTuple):
    """`public`: the answer.  `private`: the reasoning, blocks joined by line ends.  `found`: whether any was cut."""

    public: str
    private: str
    found: bool


TAGS = re.compile(
    r"(?:<|&lt;)\s{0,2}(?P<xml_end>/?)\s{0,2}(?P<xml>(?:\w{1,16}[:_])?(?:think|thinking|thoughts?|thought_process"
    r"|reasoning|reflection|scratchpad|inner_(?:monologue|thoughts?)))(?:\s[^<>]{0,200}?)?(?P<empty>/?)(?:>|&gt;)"
    r"|\[(?P<square_end>/?)(?P<square>THINK)\]"
    r"|◁(?P<triangle_end>/?)(?P<triangle>think)▷"
    r"|<\|(?:begin_of_|START_|(?P<token_end>end_of_|END_))(?P<token>thought|thinking)\|>"
    r"|<\|(?P<inner>inner)_(?:prefix|(?P<inner_end>suffix))\|>"
    r"|<(?:\|channel>\s*(?:thought|analysis)?|(?P<channel_end>channel\|>))(?P<channel>)",
    re.IGNORECASE,
)
"""The marks around reasoning: XML-like (most models; some put a word in front: seed:, mm:, longcat_), [THINK]
(Magistral), ◁think▷ (Kimi), begin_of_thought (Sky) and START_THINKING (Command A), inner_prefix (Apertus), <|channel>
and <channel|> (Gemma 4)."""

_SIGNS = ("<", "&", "[", "◁")
"""One of them begins every mark."""

STYLES = ("xml", "square", "triangle", "token", "inner", "channel")

PROSE_STYLES = frozenset({"xml", "square"})
"""Marks that people write about in sentences; the others are tokens that nobody writes."""

ANSWER_MARKS = re.compile(
    r"<\|(?:begin|end)_of_(?:solution|box)\|>|<\|(?:START|END)_RESPONSE\|>|(?:<\|begin\|>(?:assistant)?)?<\|content\|>"
)
"""Enclose the answer, as other marks enclose the reasoning."""

BAR = re.compile(r"(?:<\|begin\|>(?:assistant)?)?<\|think\|>(?P<thoughts>.*?)(?:<\|/think\|>|<\|end\|>|\Z)", re.DOTALL)
"""Reasoning of Solar: its closing mark ends other messages too."""

HARMONY = re.compile(
    r"(?:<\|start\|>(?P<author>[^<]*))?<\|channel\|>(?P<channel>[^<]*)(?:<\|constrain\|>[^<]*)?<\|message\|>"
    r"(?P<body>.*?)(?P<end><\|end\|>|<\|return\|>|<\|call\|>|(?=<\|start\|>|<\|channel\|>)|\Z)",
    re.DOTALL,
)
"""A message of the harmony format (gpt-oss): https://cookbook.openai.com/articles/openai-harmony."""

HARMONY_MARKS = re.compile(r"<\|start\|>(?:assistant)?|<\|(?:end|return|message)\|>")

WITHOUT_MARKS = (
    re.compile(r"\s*(?:assistant)?analysis(?P<thoughts>.*?)assistantfinal(?P<said>.*)", re.DOTALL),
    re.compile(
        r"\s*Here(?:'s| is) my thought process:(?P<thoughts>.*?)Here(?:'s| is) my response:(?P<said>.*)", re.DOTALL
    ),
)
"""Reasoning that words announce: the rest of two harmony messages if a server drops the special tokens but not the
words between them; and Granite 3."""

_QUOTES = "\"'`“”‘’«»"
_AFTER_MENTION = ".,;:!?)" + _QUOTES
_BETWEEN_MENTIONS = re.compile(r"[\s,/.…\"'`“”]*(?:and|or|and/or|to|tags?|blocks?)?[\s,/.…\"'`“”]*", re.IGNORECASE)


class _Tag(NamedTuple):
    start: int
    end: int
    style: str
    name: str
    closes: bool
    empty: bool


def split(text: str) -> Split:
    """Cut the reasoning out of `text`; text without any is returned unchanged.

    An unclosed block is reasoning to its end; a closing mark without an opening one (which a template put into the
    prompt) makes everything before it reasoning. A mark that a sentence merely mentions is kept.
    """
    thoughts: list[str] = []
    public = _split_harmony(text, thoughts)
    if "<|think|>" in public:
        thoughts += [block["thoughts"] for block in BAR.finditer(public)]
        public = BAR.sub("", public)
    public = _split_tags(public, thoughts)
    if public == text:
        return Split(text, "", False)
    private = "\n".join(part for part in (thought.strip() for thought in thoughts) if part)
    return Split(ANSWER_MARKS.sub("", public).strip(), private, True)


def _split_harmony(text: str, thoughts: list[str]) -> str:
    """Return the text of the final channel, and calls unchanged; every other channel is reasoning."""
    if "<|channel|>" not in text:
        bare = next((found for form in WITHOUT_MARKS if (found := form.fullmatch(text))), None)
        if bare is None:
            return text
        thoughts.append(bare["thoughts"])
        return bare["said"]
    said: list[str] = []
    place = 0
    for message in HARMONY.finditer(text):
        said.append(HARMONY_MARKS.sub("", text[place : message.start()]))
        place = message.end()
        channel, author = message["channel"], message["author"] or ""
        if "to=" in channel or "to=" in author:
            said.append(message[0])  # a call: the tool protocol reads it
        elif channel.strip().lower().startswith("final"):
            said.append(message["body"])
        else:
            thoughts.append(message["body"])
    rest = text[place:]
    if "<|channel|>" in rest:  # cut before its text began
        rest, _, cut = rest.partition("<|channel|>")
        thoughts.append(cut)
    said.append(HARMONY_MARKS.sub("", rest))
    return _joined(said)


def _split_tags(text: str, thoughts: list[str]) -> str:
    if not any(sign in text for sign in _SIGNS):
        return text
    tags = [_tag(match) for match in TAGS.finditer(text)]
    said: list[str] = []
    place = number = 0
    last_close = {tag.style: number for number, tag in enumerate(tags) if tag.closes}
    while number < len(tags):
        tag = tags[number]
        number += 1
        if tag.empty:
            said.append(text[place : tag.start])
            place = tag.end
        elif tag.closes:
            if not _mentioned(text, tag):
                thoughts.append(text[place : tag.start])
                place = tag.end
        else:
            # Searched only if there is one: many openings without an end would be quadratic.
            end = _end_of_block(tags, number) if number <= last_close.get(tag.style, -1) else None
            if end is None:
                if not _mentioned(text, tag):
                    said.append(text[place : tag.start])
                    thoughts.append(text[tag.end :])
                    place = len(text)
                    break
                continue
            close = tags[end]
            number = end + 1
            if _pair_is_mentioned(text, tag, close):
                continue
            if _mentioned(text, tag) and not _mentioned(text, close):
                # Reasoning that the prompt opened, and that mentions the mark before it ends.
                thoughts.append(text[place : close.start])
            else:
                said.append(text[place : tag.start])
                thoughts.append(text[tag.end : close.start])
            place = close.end
    if not place and not said:
        return text
    said.append(text[place:])
    return _joined(said)


def _tag(match: re.Match[str]) -> _Tag:
    style = next(style for style in STYLES if match[style] is not None)
    closes = bool(match[f"{style}_end"])
    return _Tag(match.start(), match.end(), style, match[style].lower(), closes, bool(match["empty"]) and not closes)


def _end_of_block(tags: list[_Tag], first: int) -> int | None:
    """Return the place in `tags` of the mark that closes the block opened by the one before `first`, or None.

    The balanced closing mark of the same name; else the first of that name; else the first of that style, because
    models close `<think>` with `</thinking>`.
    """
    opened = tags[first - 1]
    depth = 1
    any_name: int | None = None
    same_name: int | None = None
    for place in range(first, len(tags)):
        tag = tags[place]
        if tag.style != opened.style or tag.empty:
            continue
        if tag.closes and any_name is None:
            any_name = place
        if tag.name == opened.name:
            depth += -1 if tag.closes else 1
            if depth == 0:
                return place
            if tag.closes and same_name is None:
                same_name = place
    return same_name if same_name is not None else any_name


def _mentioned(text: str, tag: _Tag) -> bool:
    """Return whether a sentence mentions the mark: in quotes, or with words of that sentence on both sides."""
    before, after = text[tag.start - 1 : tag.start], text[tag.end : tag.end + 1]
    if before and after and before in _QUOTES and after in _QUOTES:
        return True
    if tag.style not in PROSE_STYLES:
        return False
    line = text[text.rfind("\n", 0, tag.start) + 1 : tag.start]
    words = line.rstrip(" \t")
    if not words or words == line or not (words[-1].isalnum() or words[-1] in ",(" + _QUOTES):
        return False
    if after and after in _AFTER_MENTION:
        return True
    return after == " " and text[tag.end + 1 : tag.end + 2].islower()


def _pair_is_mentioned(text: str, opened: _Tag, closed: _Tag) -> bool:
    """Return whether a sentence mentions both marks: `"<think>x</think>"` in quotes, or `<think> and </think>`."""
    before, after = text[opened.start - 1 : opened.start], text[closed.end : closed.end + 1]
    if before and after and before in _QUOTES and after in _QUOTES:
        return True
    return bool(
        _mentioned(text, opened)
        and _mentioned(text, closed)
        and _BETWEEN_MENTIONS.fullmatch(text, opened.end, closed.start)
    )


def _joined(pieces: list[str]) -> str:
    """Join the text around a block, without doubling the space on both sides of it."""
    text = ""
    for piece in pieces:
        if text and text[-1].isspace():
            piece = piece.lstrip(" \t" if text[-1] != "\n" else " \t\r\n")
        text += piece
    return text
