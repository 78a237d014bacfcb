"""What real endpoints do beside their documentation, as tables; and a memory of what each model has refused.

The tables are data: a new oddity is a row here and a test case in tests/providers/test_providers_http_quirks.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from arena.providers.http.retry import RETRY_STATUSES, excerpt
from arena.records import Json


class ApiError(NamedTuple):
    """What a failed answer says, whatever its shape. `status` is the HTTP status, or for a 200 that holds an error
    object the status it speaks of (500 where it names none)."""

    status: int
    message: str
    code: str
    param: str


def read_error(status: int, value: Json, body: bytes) -> ApiError:
    """Read an error out of a parsed body (`value`; None where it is not JSON).

    Shapes seen: `{"error": {message, type, code, param}}`, `{"error": "text"}`, `{"detail": "text" | [{msg, loc}]}`,
    `{"message": ...}` (also with `"object": "error"`), Anthropic's `{"type": "error", "error": {...}}`, plain text.
    """
    source = value if isinstance(value, dict) else {}
    inner = source.get("error")
    if isinstance(inner, dict):
        source = inner
    elif isinstance(inner, str) and inner:
        source = {"message": inner}
    message = source.get("message")
    detail = source.get("detail")
    if not isinstance(message, str) or not message:
        message = detail if isinstance(detail, str) and detail else excerpt(body)
    nested = source.get("innererror")
    codes = [source.get("code"), source.get("type"), nested.get("code") if isinstance(nested, dict) else None]
    if isinstance(source.get("metadata"), dict) and "flagged_input" in source["metadata"]:
        codes.append("flagged_input")
    param = source.get("param")
    return ApiError(
        _effective_status(status, source.get("code")),
        " ".join(message.split())[:400],
        " ".join(str(code) for code in codes if code is not None),
        param if isinstance(param, str) else "",
    )


def _effective_status(status: int, code: Json) -> int:
    if status >= 400:
        return status
    if isinstance(code, str) and code.isascii() and code.isdigit():
        code = int(code[:4])
    if isinstance(code, int) and 400 <= code < 600:
        return code
    return STATUS_OF_CODE.get(str(code), 500)


# Codes in error objects that come with status 200 -> the status they would have had.
STATUS_OF_CODE = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "insufficient_quota": 429,
    "invalid_request_error": 400,
    "invalid_prompt": 400,
    "content_filter": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "permission_error": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "overloaded_error": 529,
}


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """A row of ERROR_RULES: on one of `statuses` (none: any), where `pattern` is found in code or message."""

    meaning: Literal["quota", "policy"]
    statuses: tuple[int, ...]
    pattern: re.Pattern[str]


# Tried in order; the first that fits decides. Quota: waiting does not help. Policy: the endpoint refuses the content,
# which is an answer about the content and not an outage.
ERROR_RULES = (
    ErrorRule("quota", (402,), re.compile(r"")),
    ErrorRule(
        "quota",
        (400, 403, 429),
        re.compile(
            r"insufficient_quota|exceeded your current quota|billing_(hard_limit_reached|not_active|error)"
            r"|credit balance is too low|insufficient (credits|balance|funds)|spending limit",
            re.IGNORECASE,
        ),
    ),
    ErrorRule(
        "policy",
        (400, 403, 422, 451),
        re.compile(
            r"content_filter|content_policy_violation|ResponsibleAIPolicyViolation|data_inspection_failed"
            r"|flagged_input|blocked by content filtering policy|content management policy"
            r"|potentially violating our usage policy|flagged by (the )?moderation",
            re.IGNORECASE,
        ),
    ),
)


def meaning_of(error: ApiError) -> Literal["quota", "policy", "auth", "missing", "retry", "refused"]:
    """Classify an error: `refused` is everything that neither waiting nor another key would cure."""
    said = f"{error.code} {error.message}"
    for rule in ERROR_RULES:
        if error.status in rule.statuses and rule.pattern.search(said):
            return rule.meaning
    if error.status in (401, 403):
        return "auth"
    if error.status == 404:
        return "missing"
    return "retry" if error.status in RETRY_STATUSES else "refused"


@dataclass(frozen=True, slots=True)
class ParameterQuirk:
    """A row of PARAMETER_QUIRKS: where `parameter` was sent and is refused, it is dropped or sent as `instead`.

    `pattern`: the words of the refusal that this row is about; None: any of REFUSAL_WORDS.
    """

    parameter: str
    instead: str | None = None
    pattern: re.Pattern[str] | None = None

    @property
    def note(self) -> str:
        """The phrase for ModelReply.notes."""
        if self.instead is not None:
            return f"{self.parameter} refused, sent as {self.instead}"
        return f"{self.parameter} refused, dropped"


REFUSAL_WORDS = re.compile(
    r"unsupported|not supported|not support|unknown (parameter|field|argument)|unrecognized|unexpected|deprecated"
    r"|not permitted|not allowed|only the default|extra_forbidden|extra inputs",
    re.IGNORECASE,
)

PARAMETER_QUIRKS = (
    ParameterQuirk("top_p", None, re.compile(r"cannot both be (specified|set)|only one of", re.IGNORECASE)),
    ParameterQuirk("max_tokens", "max_completion_tokens"),
    ParameterQuirk("max_completion_tokens", "max_tokens"),
    ParameterQuirk("temperature"),
    ParameterQuirk("top_p"),
    ParameterQuirk("seed"),
    ParameterQuirk("random_seed"),
    ParameterQuirk("reasoning_effort"),
    ParameterQuirk("reasoning"),
    ParameterQuirk("output_config"),
    ParameterQuirk("store"),
    ParameterQuirk("stream"),
)


def find_quirk(error: ApiError, payload: dict[str, Json]) -> ParameterQuirk | None:
    """Return the row that explains why `payload` was refused, or None."""
    if error.status not in (400, 422):
        return None
    said = f"{error.code} {error.message}"
    for quirk in PARAMETER_QUIRKS:
        if quirk.parameter not in payload or not (quirk.pattern or REFUSAL_WORDS).search(said):
            continue
        # The parameter that the server names decides; only where it names none, the first one in its message does.
        if error.param == quirk.parameter or (not error.param and _first_named(said, payload) == quirk.parameter):
            return quirk
        if quirk.pattern is not None and _names(said, quirk.parameter) is not None:
            return quirk
    return None


def _names(said: str, parameter: str) -> int | None:
    found = re.search(rf"(?<![\w]){re.escape(parameter)}(?![\w])", said)
    return found.start() if found else None


def _first_named(said: str, payload: dict[str, Json]) -> str | None:
    places = [
        (place, quirk.parameter)
        for quirk in PARAMETER_QUIRKS
        if quirk.parameter in payload
        for place in [_names(said, quirk.parameter)]
        if place is not None
    ]
    return min(places)[1] if places else None


class QuirkMemory:
    """What each model of one provider has refused so far. Thread-safe: sets of rows are replaced, never changed."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, tuple[ParameterQuirk, ...]] = {}

    def known(self, model: str) -> tuple[ParameterQuirk, ...]:
        """Return the rows that apply to `model`, in the order in which they were learned."""
        return self._known.get(model, ())

    def learn(self, model: str, quirk: ParameterQuirk) -> None:
        """Remember a row. Where two threads learn at once one may be lost; the next refusal teaches it again."""
        known = self._known.get(model, ())
        if quirk not in known:
            self._known[model] = (*known, quirk)


def apply_quirk(payload: dict[str, Json], quirk: ParameterQuirk) -> bool:
    """Change `payload` as the row says; return whether there was anything to change."""
    if quirk.parameter not in payload:
        return False
    value = payload.pop(quirk.parameter)
    if quirk.instead is not None:
        payload[quirk.instead] = value
    return True
