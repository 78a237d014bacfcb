"""What the errors of real servers mean, word by word: a conversation too long, an allowance too small, an outage."""

from __future__ import annotations

from typing import Any

import pytest

from arena.providers.api_errors import ApiError, meaning_of, read_error

# Status and words with which servers say that the conversation does not fit into the context window.
WINDOWS = [
    (400, "This model's maximum context length is 8192 tokens. However, your messages resulted in 9287 tokens."),
    (400, "Your input exceeds the context window of this model. Please adjust your input and try again."),
    (
        400,
        "'max_tokens' is too large: 4096. This model's maximum context length is 8192 tokens and your request has 5000",
    ),
    (400, "The decoder prompt (length 10127) is longer than the maximum model length of 8192."),
    (
        500,
        "[address=0.0.0.0:1, pid=1] The decoder prompt (length 66501) is longer than the maximum model length of 65536",
    ),
    (400, "max_tokens must be at least 1, got -1095."),
    (400, "prompt is too long: 213462 tokens > 200000 maximum"),
    (400, "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
    (400, "Input is too long for requested model."),
    (400, "Input exceeds the max input token limit"),
    (400, "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575)."),
    (400, "Unable to submit request because the input token count is 32825 but model only supports up to 32768."),
    (400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens."),
    (400, "Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192"),
    (400, "Input length 877338 exceeds the maximum allowed input length of 639968 tokens."),
    (400, "Input length (265330) exceeds model's maximum context length (262144)."),
    (400, "The input (9000 tokens) is longer than the model's context length (8192 tokens)."),
    (400, "request (66202 tokens) exceeds the available context size (65536 tokens), try increasing it"),
    (500, "the request exceeds the available context size. try increasing the context size or enable context shift"),
    (500, "Context size has been exceeded."),
    (400, "Trying to keep the first 6547 tokens when context the overflows. However, the model is loaded with context"),
    (400, "The number of tokens to keep from the initial prompt is greater than the context length."),
    (400, "invalid params, context window exceeds limit (2013)"),
    (400, "Invalid request: Your request exceeded model token limit: 8192 (requested: 9000)"),
    (400, "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length"),
    (400, "prompt too long; exceeded max context length by 1000 tokens"),
    (400, "the input length exceeds the context length"),
    (400, "Range of input length should be [1, 30720]"),
    (400, "Prompt exceeds max length"),
    (400, "The total length of all messages is too long."),
    (400, "The prompt is too long: 9287, model maximum context length: 8191"),
    (422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens"),
    (400, "Context Window exceeded for given call. No models have context window large enough for this call."),
    (400, "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000."),
    (500, "Requested tokens (9287) exceed context window of 8192"),
    (413, "prompt token count of 70000 exceeds the limit of 64000"),
]


@pytest.mark.parametrize(("status", "message"), WINDOWS)
def test_every_wording_of_a_full_context_window_is_known(status: int, message: str) -> None:
    assert meaning_of(ApiError(status, message, "invalid_request_error", "")) == "context"


@pytest.mark.parametrize(("status", "code"), [(400, "string_above_max_length"), (413, "request_too_large")])
def test_a_text_longer_than_the_api_takes_does_not_fit_either(status: int, code: str) -> None:
    assert meaning_of(ApiError(status, "refused", code, "")) == "context"


TOO_LARGE = "Request too large for model `m` in organization `o` service tier `on_demand` on tokens per minute (TPM): "

# (status, message, code, meaning): what is near to the above, and means something else.
OTHERS = [
    (413, TOO_LARGE + "Limit 6000, Requested 12328, please reduce it.", "rate_limit_exceeded", "allowance"),
    (429, TOO_LARGE + "Limit 30000, Requested 42389.", "tokens", "allowance"),
    (429, "Rate limit reached on tokens per minute (TPM): Limit 6000, Used 5034. Please try again in 4s.",
     "rate_limit_exceeded", "throttle"),
    (429, "Too many tokens, please wait before trying again.", "", "throttle"),
    (400, "max_tokens must be at least 1, got 0.", "", "refused"),
    (413, "Request Entity Too Large", "", "refused"),
    (400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT", "auth"),
    (400, "Incorrect key", "invalid_api_key", "auth"),
    (400, "The model has crashed without additional information. (Exit code: 1)", "", "retry"),
    (400, "Model is unloaded.", "", "retry"),
    (503, "Loading model", "unavailable_error", "loading"),
    (503, "Model org/name is currently loading", "", "loading"),
    (500, "Error loading model: out of memory", "", "retry"),
    (404, "No models loaded. Please load a model in the developer page.", "model_not_found", "missing"),
    (498, "Flex tier capacity exceeded", "capacity_exceeded", "retry"),
    (499, "client closed the request", "", "retry"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "message", "code", "meaning"), OTHERS)
def test_other_words_keep_their_own_meaning(status: int, message: str, code: str, meaning: str) -> None:
    assert meaning_of(ApiError(status, message, code, "")) == meaning


GEMINI = {"code": 400, "message": "Request contains an invalid argument.", "status": "INVALID_ARGUMENT"}


@pytest.mark.parametrize(
    ("status", "value", "expected"),
    [
        (400, [{"error": GEMINI}], (400, "Request contains an invalid argument.")),
        (200, {"choices": [{"error": {"code": 429, "message": "slow"}, "finish_reason": "error"}]}, (429, "slow")),
        (500, {"error": {"message": "Failed to initialize samplers: failed to parse grammar"}},
         (422, "Failed to initialize samplers: failed to parse grammar")),
        (500, {"error": {"message": "failed to parse the request"}}, (500, "failed to parse the request")),
        (400, [], (400, "(empty body)")),
    ],
)  # fmt: skip
def test_errors_are_found_where_servers_put_them(status: int, value: Any, expected: tuple[int, str]) -> None:
    assert read_error(status, value, b"")[:2] == expected
