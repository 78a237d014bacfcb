"""Token counts in one form, whatever a server counts inside or next to: reasoning, cached tokens, totals."""

from __future__ import annotations

from typing import Any

import pytest

from arena.messages import Usage
from arena.providers.usage import read_usage
from tests.support.http_rig import APIS, provider_on, question
from tests.support.http_server import ModelServer, Scripted


def chat_counts(prompt: int, completion: int, reasoning: int | None = None, total: int | None = None) -> dict[str, Any]:
    """Usage in the names of Chat Completions."""
    counts: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": completion}
    if reasoning is not None:
        counts["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    return counts | ({"total_tokens": total} if total is not None else {})


def in_names_of(api: str, counts: dict[str, Any]) -> dict[str, Any]:
    """The same usage in the names of another API."""
    if api == "openai-chat":
        return counts
    names = {
        "prompt_tokens": "input_tokens", "completion_tokens": "output_tokens",
        "completion_tokens_details": "output_tokens_details",
    }  # fmt: skip
    return {names.get(name, name): value for name, value in counts.items()}


OUTSIDE = [
    (chat_counts(100, 10, 1000, 1110), Usage(100, 1010, 1000)),  # more reasoning than completion, and the total says so
    (chat_counts(100, 10, 1000), Usage(100, 1010, 1000)),  # more reasoning than completion
    (chat_counts(100, 500, 300, 900), Usage(100, 800, 300)),  # total = prompt + completion + reasoning
    (chat_counts(100, 10, None, 1110), Usage(100, 1010, 0)),  # a total above the parts, without details
]
INSIDE = [
    (chat_counts(100, 1010, 1000, 1110), Usage(100, 1010, 1000)),
    (chat_counts(100, 1010, 1000), Usage(100, 1010, 1000)),
    (chat_counts(100, 10, 10, 110), Usage(100, 10, 10)),
    (chat_counts(100, 10, 0, 110), Usage(100, 10, 0)),
    (chat_counts(100, 10, None, 50), Usage(100, 10, 0)),  # a total below its parts says nothing
]


@pytest.mark.parametrize("name", APIS)
@pytest.mark.parametrize(("counts", "expected"), OUTSIDE)
def test_reasoning_outside_completion_is_added(name: str, counts: dict[str, Any], expected: Usage) -> None:
    assert answered(name, counts) == expected


@pytest.mark.parametrize("name", APIS)
@pytest.mark.parametrize(("counts", "expected"), INSIDE)
def test_reasoning_inside_completion_is_not_counted_twice(name: str, counts: dict[str, Any], expected: Usage) -> None:
    assert answered(name, counts) == expected


def answered(name: str, counts: dict[str, Any]) -> Usage:
    """The usage of a reply that reports `counts` in the names of the provider's API."""
    with ModelServer() as server:
        server.script(Scripted(edit=lambda reply: reply.update(usage=in_names_of(name, counts))))
        return provider_on(server, name).complete(question()).usage


@pytest.mark.parametrize(
    ("usage", "beside", "expected"),
    [
        ({"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 80}}, False,
         Usage(100, 5, 0, False, 80)),
        ({"input_tokens": 100, "output_tokens": 5,
          "input_tokens_details": {"cached_tokens": 80, "cache_write_tokens": 15}}, False,
         Usage(100, 5, 0, False, 80, 15)),
        ({"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 80, "cache_creation_input_tokens": 10},
         True, Usage(100, 5, 0, False, 80, 10)),
        ({"prompt_tokens": 100, "completion_tokens": 5, "prompt_cache_hit_tokens": 80, "prompt_cache_miss_tokens": 20},
         False, Usage(100, 5, 0, False, 80)),
        # A gateway that passes Anthropic's counts on next to OpenAI's: they are inside there.
        ({"prompt_tokens": 100, "completion_tokens": 5, "cache_read_input_tokens": 80}, False,
         Usage(100, 5, 0, False, 80)),
        # And one that passes them on beside: there are more of them than of the prompt.
        ({"prompt_tokens": 10, "completion_tokens": 5, "cache_read_input_tokens": 80,
          "cache_creation_input_tokens": 10}, False, Usage(100, 5, 0, False, 80, 10)),
        ({"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 80}}, False,
         Usage(10, 5, 0, False, 10)),
        ({"input_tokens": 10, "output_tokens": 50, "output_tokens_details": {"thinking_tokens": 40}}, True,
         Usage(10, 50, 40)),
    ],
)  # fmt: skip
def test_cached_tokens_are_read_in_every_spelling(usage: dict[str, Any], beside: bool, expected: Usage) -> None:
    assert read_usage(usage, beside) == expected


def test_counts_written_as_text_are_read() -> None:
    assert read_usage({"prompt_tokens": "100", "completion_tokens": "5", "total_tokens": "105"}) == Usage(100, 5, 0)
    assert read_usage({"prompt_tokens": "100", "completion_tokens": "five"}) is None


NOTHING = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def test_text_with_a_usage_of_nothing_is_estimated() -> None:
    assert answered("openai-chat", NOTHING).estimated and answered("openai-chat", NOTHING).prompt_tokens > 0


@pytest.mark.parametrize(
    "usage", [None, [], {}, {"prompt_tokens": 1}, {"completion_tokens": 1}, {"total_tokens": 1}, NOTHING]
)
def test_counts_without_prompt_or_completion_are_none(usage: Any) -> None:
    assert read_usage(usage) is None
