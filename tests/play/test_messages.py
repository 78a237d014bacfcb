"""The digest of a conversation: equal for equal conversations, different for all others."""

from __future__ import annotations

import itertools

import pytest

from arena.messages import Conversation, NativeCall, NativeResult


def conversation(*messages: tuple[str, str], system: str = "s") -> Conversation:
    made = Conversation(system)
    for role, text in messages:
        made.add(role, text)
    return made


def test_equal_conversations_have_one_digest() -> None:
    said = (("user", "hi"), ("assistant", "ho"))
    assert conversation(*said).digest() == conversation(*said).digest()


@pytest.mark.parametrize("between", ["", " ", "\n", " \n", "\0", " 1\n", " 0\n"])
@pytest.mark.parametrize("role", ["user", "assistant", "system", "call", "result"])
def test_text_that_looks_like_a_message_is_none(role: str, between: str) -> None:
    two = conversation(("user", "a"), ("assistant", "b"))
    for first, last in itertools.product(("", "\n"), repeat=2):
        one = conversation(("user", f"a{first}assistant{between}b{last}"))
        other = conversation(("user", f"a{first}{role}{between}b{last}"))
        assert two.digest() != one.digest() and two.digest() != other.digest()


def test_text_moved_from_one_message_to_the_next_changes_the_digest() -> None:
    assert conversation(("user", "ab"), ("user", "c")).digest() != conversation(("user", "a"), ("user", "bc")).digest()
    assert conversation(("user", "b"), system="a").digest() != conversation(("user", ""), system="ab").digest()


def test_native_calls_and_results_are_part_of_the_digest() -> None:
    plain, calling = Conversation("s"), Conversation("s")
    plain.add("assistant", "now")
    calling.add("assistant", "now", (NativeCall("1", "hash", "{}"),))
    assert plain.digest() != calling.digest()
    plain.add("user", "so")
    calling.add("user", "so", results=(NativeResult("1", "ab"),))
    assert plain.digest() != calling.digest()
    assert plain.chars == 1 + 3 + 2
