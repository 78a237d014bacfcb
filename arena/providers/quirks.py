"""Parts of a request that models refuse, as tables; and a memory of the refusals of each model.

The tables are data: a new quirk is a row here and a test case in tests/providers/test_providers_http_quirks.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from arena.providers.api_errors import ApiError, meaning_of
from arena.providers.bodies import field_of
from arena.providers.turns import SEPARATOR
from arena.records import Json

USER_SETTINGS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "seed": "seed",
    "random_seed": "seed",
    "reasoning_effort": "reasoning_effort",
    "reasoning.effort": "reasoning_effort",
    "output_config.effort": "reasoning_effort",
    "response_format": "schema",
    "text.format": "schema",
    "output_config.format": "schema",
}
"""Place in a payload -> the field of Sampling or ModelRequest, a user's setting, that is sent there."""


@dataclass(frozen=True, slots=True)
class Quirk:
    """A row: the part of a payload (`path`, with dots between levels) that a model refuses, and its replacement.

    `instead`: another name for the same value; None: it is left out.  `pattern`: the words of the refusal that this row
    is for; None: any of REFUSAL_WORDS.  `names`: names of the part in refusals (if empty, the path itself and its first
    level).  `change` rewrites the payload if leaving the part out is not enough.
    """

    path: str
    instead: str | None = None
    pattern: re.Pattern[str] | None = None
    names: tuple[str, ...] = ()
    change: Callable[[dict[str, Json]], bool] | None = None
    done: str = ""

    @property
    def note(self) -> str:
        """The phrase for ModelReply.notes."""
        if self.done:
            return f"{self.path} refused, {self.done}"
        if self.instead is not None:
            return f"{self.path} refused, sent as {self.instead}"
        return f"{self.path} refused, dropped"

    @property
    def not_sent(self) -> str | None:
        """The setting of the user that is not sent because of this row, or None."""
        return USER_SETTINGS.get(self.path) if self.instead is None and self.change is None else None

    def called(self) -> tuple[str, ...]:
        return self.names or tuple(dict.fromkeys((self.path, self.path.partition(".")[0])))


REFUSAL_WORDS = re.compile(
    r"unsupported|not supported|not support|unknown (parameter|field|argument|name)|cannot find field|unrecognized"
    r"|unexpected|deprecated|not permitted|not allowed|only the default|extra_forbidden|extra inputs",
    re.IGNORECASE,
)

VALUE_WORDS = re.compile(
    r"supported (values|options|efforts)|supported are|must be one of|\bnot one of|expected one of|invalid value"
    r"|\brange:|out of range|must be (between|in the range|less|greater|at (most|least))|(less|greater) than or equal"
    r"|too (large|small|high|low)\b|supports at most",
    re.IGNORECASE,
)
"""Words of a refusal of the value alone: the parameter itself is accepted."""

ONLY_DEFAULT = re.compile(r"only the default", re.IGNORECASE)
"""A parameter of which only the default is accepted counts as refused."""

_ANY = re.compile(r"")
_FORM = ("response_format", "response format", "json_schema", "schema", "grammar")
"""Names for the form of an answer in refusals."""


def drop_cache_marks(payload: dict[str, Json]) -> bool:
    """Remove the cache breakpoints from a Messages payload; return whether there were any."""
    marked = False
    blocks = [payload.get("system"), *(message["content"] for message in payload.get("messages", ()))]
    for block in (block for content in blocks if isinstance(content, list) for block in content):
        marked = block.pop("cache_control", None) is not None or marked
    return marked


def as_json_object(payload: dict[str, Json]) -> bool:
    """Send a JSON schema as llama-cpp-python, Fireworks and Together accept it: type json_object with `schema`."""
    form = payload.get("response_format")
    if not isinstance(form, dict) or form.get("type") != "json_schema":
        return False
    payload["response_format"] = {"type": "json_object", "schema": form["json_schema"]["schema"]}
    return True


QUIRKS = (
    Quirk("top_p", None, re.compile(r"cannot both be (specified|set)|only one of", re.IGNORECASE)),
    Quirk("response_format", None, re.compile("json_object"), _FORM, as_json_object, "sent as json_object"),
    Quirk("response_format", None, _ANY, _FORM),
    Quirk("text.format", None, _ANY, ("text.format", *_FORM)),
    Quirk("output_config.format", None, _ANY, ("output_config.format", "output_format", *_FORM)),
    Quirk("max_tokens", "max_completion_tokens"),
    Quirk("max_completion_tokens", "max_tokens"),
    Quirk("temperature"),
    Quirk("top_p"),
    Quirk("seed"),
    Quirk("random_seed"),
    Quirk("reasoning_effort"),
    Quirk("reasoning.effort", None, None, ("reasoning.effort", "reasoning", "reasoning_effort")),
    Quirk("output_config.effort", None, None, ("output_config.effort", "effort", "output_config")),
    Quirk("prompt_cache_key"),
    Quirk("cache_control", change=drop_cache_marks, done="sent without cache breakpoints"),
    Quirk("store"),
    Quirk("stream"),
)


def fold_system(payload: dict[str, Json]) -> bool:
    """Put the system text at the beginning of the first user message; return whether there was one."""
    turns = payload.get("messages", payload.get("input"))
    if not isinstance(turns, list):
        return False
    text = payload.pop("instructions", None)
    if text is None and turns and turns[0].get("role") in ("system", "developer"):
        text = turns.pop(0)["content"]
    if text is None:
        return False
    if turns and turns[0].get("role") == "user" and isinstance(turns[0].get("content"), str):
        turns[0]["content"] = f"{text}{SEPARATOR}{turns[0]['content']}"
    else:
        kind = {"type": "message"} if "input" in payload else {}
        turns.insert(0, {**kind, "role": "user", "content": text})
    return True


def call_developer(payload: dict[str, Json]) -> bool:
    """Send the system text with the role `developer`; return whether it had the role `system`."""
    turns = payload.get("messages")
    if not isinstance(turns, list) or not turns or turns[0].get("role") != "system":
        return False
    turns[0]["role"] = "developer"
    return True


DEVELOPER = Quirk("system role", change=call_developer, done="sent as developer")
FOLDED = Quirk("system role", change=fold_system, done="sent in the first user message")


def has(payload: dict[str, Json], path: str) -> bool:
    """Return whether a payload has a value at `path`."""
    *parents, last = path.split(".")
    parent = field_of(payload, *parents)
    return isinstance(parent, dict) and last in parent


def find_quirk(error: ApiError, payload: dict[str, Json]) -> Quirk | None:
    """Return the row that explains why `payload` was refused, or None."""
    if meaning_of(error) == "roles":
        wants_developer = re.search(r"(use|expected|got|instead).{0,20}developer", error.message, re.IGNORECASE)
        turns = payload.get("messages")
        asked = turns[0].get("role") if isinstance(turns, list) and turns else None
        if wants_developer and asked == "system":
            return DEVELOPER
        return FOLDED if asked in ("system", "developer") or "instructions" in payload else None
    if error.status not in (400, 422):
        return None
    said = f"{error.code} {error.message}"
    present = [quirk for quirk in QUIRKS if _present(payload, quirk)]
    for quirk in present:
        if not (quirk.pattern or REFUSAL_WORDS).search(said):
            continue
        # The parameter that the server names decides; only if it names none, the first one in its message does.
        if error.param:
            if _is_called(quirk, error.param):
                return quirk
        elif _first_named(said, present) == quirk.path:
            return quirk
        if quirk.pattern not in (None, _ANY) and _place(said, quirk) is not None:
            return quirk
    return None


def refused_value(error: ApiError, payload: dict[str, Json]) -> str | None:
    """Return the path of the parameter whose value (not the parameter itself) was refused, or None."""
    said = f"{error.code} {error.message}"
    if error.status not in (400, 422) or not VALUE_WORDS.search(said) or ONLY_DEFAULT.search(said):
        return None
    present = [quirk for quirk in QUIRKS if USER_SETTINGS.get(quirk.path, "schema") != "schema"]
    present = [quirk for quirk in present if has(payload, quirk.path)]
    if error.param:
        return next((quirk.path for quirk in present if _is_called(quirk, error.param)), None)
    return _first_named(said, present)


def _present(payload: dict[str, Json], quirk: Quirk) -> bool:
    if quirk.change is as_json_object:
        return bool(field_of(payload, "response_format", "type") == "json_schema")
    if quirk.change is drop_cache_marks:
        return any(isinstance(payload.get(name), list) for name in ("system", "messages"))
    return has(payload, quirk.path)


def _is_called(quirk: Quirk, param: str) -> bool:
    if param == quirk.path.partition(".")[0]:
        return True
    return any(param == name or param.startswith(f"{name}.") or param.endswith(f".{name}") for name in quirk.called())


def _place(said: str, quirk: Quirk) -> int | None:
    found = (re.search(rf"(?<![\w]){re.escape(name)}(?!\w|\.\w)", said) for name in quirk.called())
    return min((match.start() for match in found if match), default=None)


def _first_named(said: str, quirks: list[Quirk]) -> str | None:
    places = [(place, quirk.path) for quirk in quirks for place in [_place(said, quirk)] if place is not None]
    return min(places)[1] if places else None


def apply_quirk(payload: dict[str, Json], quirk: Quirk) -> bool:
    """Change `payload` as the row says; return whether there was anything to change."""
    if quirk.change is not None:
        return quirk.change(payload)
    if not has(payload, quirk.path):
        return False
    *parents, last = quirk.path.split(".")
    parent = field_of(payload, *parents)
    value = parent.pop(last)
    if quirk.instead is not None:
        parent[quirk.instead] = value
    elif parents and not parent:
        payload.pop(parents[0])
    return True


class QuirkMemory:
    """The refusals of each model of one provider so far. Thread-safe: sets of rows are replaced, never changed."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, tuple[Quirk, ...]] = {}

    def known(self, model: str) -> tuple[Quirk, ...]:
        """Return the rows that apply to `model`, in the order in which they were learned."""
        return self._known.get(model, ())

    def learn(self, model: str, quirk: Quirk) -> None:
        """Remember a row. If two threads learn at once, one row may be lost; the next refusal teaches it again."""
        known = self._known.get(model, ())
        if quirk not in known:
            self._known[model] = (*known, quirk)
