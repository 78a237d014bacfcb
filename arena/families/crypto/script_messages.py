"""Messages of a play as in its file, for code that derives other plays from it. Pure.

For a message with alternatives (`choose`), the last one counts as the usual message.
"""

from __future__ import annotations

from arena.records import Json

ADDRESS = '{"to"'
"""How a text begins that is for some roles only (docs/tool-protocol.md)."""


def usual(message: Json) -> Json:
    """Return the message itself, or the one that a choice falls back on."""
    return message["choose"][-1]["say"] if isinstance(message, dict) and "choose" in message else message


def text_of(message: Json) -> str | None:
    """Return the public text of a message; None for a private step."""
    found = usual(message)
    if isinstance(found, str):
        return found
    return None if found.get("calls") else str(found.get("text", ""))


def is_done(message: Json) -> bool:
    """Return whether a message ends the matter for its seat."""
    found = usual(message)
    return isinstance(found, dict) and "done" in found


def with_text(message: Json, text: str) -> Json:
    """Return a message with another public text."""
    if isinstance(message, dict) and "choose" in message:
        *others, last = message["choose"]
        return {"choose": [*others, last | {"say": with_text(last["say"], text)}]}
    return text if isinstance(message, str) else message | {"text": text}


def is_private(message: Json) -> bool:
    """Return whether a public turn begins with the line that addresses it to some roles only."""
    return (text_of(message) or "").startswith(ADDRESS)


def prefixed(message: Json, words: str) -> Json:
    """Return a public message with words in front of its text, behind its address, whatever it chooses."""
    if isinstance(message, dict) and "choose" in message:
        return {"choose": [one | {"say": prefixed(one["say"], words)} for one in message["choose"]]}
    text = text_of(message) or ""
    head, line, rest = text.partition("\n") if text.startswith(ADDRESS) else ("", "", text)
    return with_text(message, f"{head}{line}{words}{rest}")


def suffixed(message: Json, words: str) -> Json:
    """Return a public message with words behind its text, whatever it chooses."""
    if isinstance(message, dict) and "choose" in message:
        return {"choose": [one | {"say": suffixed(one["say"], words)} for one in message["choose"]]}
    return with_text(message, f"{text_of(message) or ''}{words}")
