"""Token counts as servers report them, in one form: reasoning inside completion, cached tokens inside prompt."""

from __future__ import annotations

from arena.messages import Usage
from arena.providers.bodies import count, field_of
from arena.records import Json

PROMPT = (("prompt_tokens", ""), ("input_tokens", ""))
COMPLETION = (("completion_tokens", ""), ("output_tokens", ""))
REASONING = (
    ("completion_tokens_details", "reasoning_tokens"),
    ("output_tokens_details", "reasoning_tokens"),
    ("output_tokens_details", "thinking_tokens"),
    ("reasoning_tokens", ""),
)
CACHED = (
    ("prompt_tokens_details", "cached_tokens"),
    ("input_tokens_details", "cached_tokens"),
    ("prompt_cache_hit_tokens", ""),
    ("cached_tokens", ""),
)
CACHE_WRITES = (("prompt_tokens_details", "cache_write_tokens"), ("input_tokens_details", "cache_write_tokens"))
"""The places of each count in servers' answers, a member and, if that is an object, one of its members; the first one
present counts."""

CACHE_READ_BESIDE, CACHE_WRITE_BESIDE = (("cache_read_input_tokens", ""),), (("cache_creation_input_tokens", ""),)
"""Anthropic counts these separately from `input_tokens`; servers that translate it to another API count them inside,
unless there is more of them than of the prompt."""


def read_usage(usage: Json, cache_beside: bool = False) -> Usage | None:
    """Return the counts of a usage object, or None if it lacks prompt or completion tokens. (A prompt of 0 tokens
    counts as missing: there is always a prompt.)

    `cache_beside`: cached tokens are not included in the prompt's (Anthropic Messages).  Reasoning tokens are added to
    those of the completion if they are not included: if there are more of them, or if the total says so.  A total above
    the sum of its parts counts as completion, because it is billed.
    """
    prompt, completion, total = _first(usage, PROMPT), _first(usage, COMPLETION), count(field_of(usage, "total_tokens"))
    if completion is None and prompt is not None and total is not None:
        completion = max(0, total - prompt)
    if prompt is None or completion is None:
        return None
    cached, written = _first(usage, CACHED) or 0, _first(usage, CACHE_WRITES) or 0
    read_beside, written_beside = _first(usage, CACHE_READ_BESIDE) or 0, _first(usage, CACHE_WRITE_BESIDE) or 0
    if cache_beside or read_beside + written_beside > prompt:
        prompt += read_beside + written_beside
    if prompt == 0:
        return None
    cached, written = cached or read_beside, written or written_beside
    reasoning = _first(usage, REASONING) or 0
    if reasoning > completion:
        completion += reasoning
    if total is not None:
        completion = max(completion, total - prompt)
    return Usage(prompt, completion, reasoning, False, min(cached, prompt), min(written, prompt))


def counts_nothing(usage: Json) -> bool:
    """Return whether a usage object says that no token was read or written: the model was not asked."""
    return _first(usage, PROMPT) == 0 and _first(usage, COMPLETION) == 0


def _first(usage: Json, places: tuple[tuple[str, str], ...]) -> int | None:
    if isinstance(usage, dict):
        for name, inner in places:
            if name in usage:
                found = field_of(usage[name], inner) if inner else usage[name]
                if (number := count(found)) is not None:
                    return number
    return None
