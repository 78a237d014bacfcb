"""The meanings of errors of real endpoints, as tables.

A new one is a row here and a test case in tests/providers/test_providers_http_endpoints.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from arena.providers.bodies import error_of_choice
from arena.providers.http.retry import RETRY_STATUSES, excerpt
from arena.records import Json


class ApiError(NamedTuple):
    """The content of a failed answer, in one form. `status` is the HTTP status, or for a 200 with an error object the
    status that the object names (500 if it names none). `generation`: the model's own text, if the server could not
    turn it into a reply (Groq's `failed_generation`)."""

    status: int
    message: str
    code: str
    param: str
    generation: str | None = None


INVALID = re.compile(
    r"\[?\{?\d+ validation errors?\b"
    r"|.*\bfailed to (parse|compile|initialize|convert)\b.*\b(grammar|json.?schema)|.*\bjson.?schema conversion failed",
    re.IGNORECASE,
)
"""Messages with status 500 about a request that the server does not accept: how llama-cpp-python begins, and the words
of llama.cpp, vLLM and SGLang about a form of the answer that they cannot turn into a grammar."""


def read_error(status: int, value: Json, body: bytes) -> ApiError:
    """Read an error out of a parsed body (`value`; None if it is not JSON).

    Shapes seen: `{"error": {message, type, code, param}}`, `{"error": "text"}`, `{"detail": "text" | [{msg, loc}]}`,
    `{"message": ...}` (also with `"object": "error"`), Anthropic's `{"type": "error", "error": {...}}`, any of them in
    a list of one (Gemini), OpenRouter's `{"choices": [{"error": {...}}]}`, plain text.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    source = value if isinstance(value, dict) else {}
    inner = source.get("error") or error_of_choice(source)
    if isinstance(inner, dict):
        source = inner
    elif isinstance(inner, str) and inner:
        source = {"message": inner}
    message = source.get("message")
    detail = source.get("detail")
    if not isinstance(message, str) or not message:
        message = detail if isinstance(detail, str) and detail else excerpt(body)
    metadata = source.get("metadata")
    wrapped = metadata.get("raw") if isinstance(metadata, dict) else None
    if isinstance(wrapped, str) and wrapped:  # OpenRouter; the provider's own words are here
        message = f"{message}: {wrapped}"
    nested = source.get("innererror")
    codes = [source.get("code"), source.get("type"), nested.get("code") if isinstance(nested, dict) else None]
    if isinstance(metadata, dict) and "flagged_input" in metadata:
        codes.append("flagged_input")
    param = source.get("param")
    generation = source.get("failed_generation")
    message = " ".join(message.split())[:400]
    return ApiError(
        422 if status == 500 and INVALID.match(message) else _effective_status(status, source.get("code")),
        message,
        " ".join(str(code) for code in codes if code is not None),
        param if isinstance(param, str) else "",
        generation if isinstance(generation, str) else None,
    )


def _effective_status(status: int, code: Json) -> int:
    if status >= 400:
        return status
    if isinstance(code, str) and code.isascii() and code.isdigit():
        code = int(code[:4])
    if isinstance(code, int) and 400 <= code < 600:
        return code
    return STATUS_OF_CODE.get(str(code), 500)


# Codes in error objects that come with status 200 -> the status that they should have had.
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


Meaning = Literal[
    "allowance", "quota", "filter", "refusal", "context", "generation", "roles", "throttle", "loading", "auth",
    "missing", "retry", "refused",
]  # fmt: skip
"""allowance: this one request is more than a minute allows.  quota: waiting does not help.  filter: the request was
refused for its content.  refusal: the model's answer was refused for its content.  context: the conversation does not
fit.  generation: the model's call could not be read.  roles: a role is refused.  throttle: too fast.  loading: the
model is not loaded yet.  auth, missing: key, model or address is wrong.  refused: any other error; a retry would not
help."""


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """A row of ERROR_RULES: applies to `statuses` if `pattern` is found in code or message."""

    meaning: Meaning
    statuses: tuple[int, ...]
    pattern: re.Pattern[str]


def _rule(meaning: Meaning, statuses: tuple[int, ...], pattern: str) -> ErrorRule:
    return ErrorRule(meaning, statuses, re.compile(pattern, re.IGNORECASE | re.VERBOSE))


# Tried in order; the first match decides.
ERROR_RULES = (
    # Groq (413) and OpenAI (429): waiting does not help, and the request does not exceed the context window.
    _rule("allowance", (400, 413, 429), r"request\ too\ large\ .{0,200}(tokens\ per\ (min|day) | \b(TPM|TPD)\b)"),
    _rule("quota", (402,), r""),
    _rule("quota", (400, 403, 429), r"insufficient_quota | billing_(hard_limit_reached|not_active|error)"),
    # "Quota exceeded ... per minute, retry in 36 s" is a limit on the rate, despite its name.
    _rule("throttle", (429,), r"(try\ again|retry)\ (in|after)\ \d | per[\ _]?(minute|second) | retryDelay"),
    _rule(
        "quota",
        (400, 403, 429),
        r"""
        exceeded\ your\ current\ quota | credit\ balance\ is\ too\ low
        | insufficient\ (credits|balance|funds) | spending\ limit""",
    ),
    _rule("generation", (400, 422), r"tool_use_failed | output_parse_failed"),
    # Each server words it in its own way: WINDOWS in tests/providers/test_error_meanings.py.
    _rule(
        "context",
        (400, 413, 422, 500),
        r"""
        context_length_exceeded | exceed_context_size | prompt_too_long | model_max_prompt_tokens_exceeded
        | string_above_max_length | request_too_large
        | maximum\ (context|prompt|input)\ length | (prompt|input|request|conversation)\ (is\ )?too\ long
        | exceed(s|ed)?\ (the\ |this\ model's\ )?(available\ |maximum\ |max\ |model's\ )?context
        | exceed(s|ed)?\ (the\ )?(maximum\ |max\ )?(allowed\ )?(input|prompt|model)\ (length|tokens?|limit)
        | (prompt|input)\ exceeds\ (the\ )?max(imum)?\ length
        | context\ (window|length|size|limit)\ (is\ |was\ |has\ been\ |of\ .*)?exceed | exceed\ context\ (window|limit)
        | context\ (the\ )?overflows | greater\ than\ the\ context\ length
        | too\ long\ to\ fit | longer\ than\ the\ (model's\ )?(maximum\ )?(context|model\ length)
        | (input|prompt)\ token\ count | too\ many\ input\ tokens | tokens\ in\ the\ prompt\ cannot\ exceed
        | must\ be\ at\ least\ 1,\ got\ -\d
        | inputs?`?\ tokens\ \+\ `?max_new_tokens`?\ must\ be | range\ of\ input\ length\ should\ be
        | (reduce\ the\ length\ of|length\ of\ all)\ (the\ )?(messages|prompt|input)""",
    ),
    _rule("refusal", (400, 403, 422, 451), r"output\ blocked\ by\ content"),
    _rule(
        "filter",
        (400, 403, 422, 451),
        r"""
        content_filter | content_policy_violation | ResponsibleAIPolicyViolation | data_inspection_failed
        | flagged_input | blocked\ by\ content\ filtering\ policy | content\ management\ policy
        | potentially\ violating\ our\ usage\ policy | flagged\ by\ (the\ )?moderation | prompt_blocked""",
    ),
    # Chat templates raise these errors; llama.cpp passes them on with status 500.
    _rule(
        "roles",
        (400, 422, 500),
        r"""
        system\ (role|message|prompt)s?\ (is\ |are\ )?not\ (supported|allowed) | roles?\ (must|should)\ alternate
        | does\ not\ support\ '(system|developer)' | '(system|developer)'\ (role\ )?is\ not\ (supported|one\ of)
        | developer\ instruction\ is\ not\ enabled | roles\ are\ supported,\ got\ (system|developer)
        | (unknown|unexpected|invalid|unsupported)\ (message\ )?role:?\ ['"]?(system|developer)
        | messages(\[0\]|\.0)\.role | use\ a\ valid\ role | 'messages',\ 0,.{0,40}'role'
        | input\ should\ be\ '(user|assistant)'""",
    ),
    _rule("auth", (400,), r"invalid_api_key | api_key_invalid | api\ key\ (is\ )?(not\ valid|invalid)"),
    # A local server takes minutes to load a large model, and loads an unloaded one again.
    _rule(
        "loading",
        (400, 404, 500, 503),
        r"(?<!error\ )(?<!failed\ )loading\ (the\ )?model | model\ .{0,80}\bis\ (currently\ |still\ )?loading",
    ),
    _rule("retry", (400, 404), r"model\ (has\ )?crashed | model\ (is|was)\ unloaded"),
)


def meaning_of(error: ApiError) -> Meaning:
    """Classify an error; `refused` is everything that neither waiting nor another key would solve."""
    said = f"{error.code} {error.param} {error.message}"
    for rule in ERROR_RULES:
        if error.status in rule.statuses and rule.pattern.search(said):
            return rule.meaning
    if error.status in (401, 403):
        return "auth"
    if error.status == 404:
        return "missing"
    if error.status == 429:
        return "throttle"
    return "retry" if error.status in RETRY_STATUSES else "refused"
