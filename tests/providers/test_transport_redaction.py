"""Known keys are taken out of everything that is stored or shown, in every spelling; nothing else is touched."""

from __future__ import annotations

import json

import pytest

from arena.providers.http.connections import proxy_secrets
from arena.settings.redaction import Redactor

SECRET = 'sk-12/34"56\\78'


def test_the_values_of_key_variables_and_extra_secrets_are_hidden() -> None:
    environ = {
        "OPENAI_API_KEY": "key-number-one", "AWS_SECRET_ACCESS_KEY": "key-number-two", "HOME": "not-a-secret-value",
        "SOME_API_KEY": "EMPTY",
    }  # fmt: skip
    redactor = Redactor.from_environ(environ, ["key-number-three"])
    text = "key-number-one key-number-two key-number-three not-a-secret-value EMPTY"
    assert redactor.text(text) == "[redacted] [redacted] [redacted] not-a-secret-value EMPTY"


@pytest.mark.parametrize("spelling", [SECRET, json.dumps(SECRET)[1:-1], "sk-12%2F34%2256%5C78"])
def test_every_spelling_of_a_secret_is_hidden(spelling: str) -> None:
    assert Redactor([SECRET]).text(f"<{spelling}>") == "<[redacted]>"


def test_a_secret_that_contains_another_leaves_no_rest() -> None:
    assert Redactor(["abcdefgh", "abcdefgh-ijkl"]).text("abcdefgh-ijkl abcdefgh") == "[redacted] [redacted]"


def test_json_values_are_cleaned_at_every_depth() -> None:
    value = {"a": [1, None, True, {"k abcdefgh": "x abcdefgh y"}], "b": 1.5}
    clean = {"a": [1, None, True, {"k [redacted]": "x [redacted] y"}], "b": 1.5}
    assert Redactor(["abcdefgh"]).json(value) == clean


def test_text_without_a_secret_is_handed_back_as_it_is() -> None:
    text = "nothing to hide " * 10
    assert Redactor(["abcdefgh"]).text(text) is text


@pytest.mark.parametrize(
    ("body", "clean"),
    [
        (b'{"a": "plain\\n"}', True),
        (b'{"a": "abcdefgh"}', False),
        (b'{"a": "\\u0061bcdefgh"}', False),
        (b'{"a": "x\\/y"}', False),
    ],
)
def test_a_body_counts_as_clean_only_where_no_secret_can_hide(body: bytes, clean: bool) -> None:
    assert Redactor(["abcdefgh"]).clean(body) is clean


def test_short_values_are_placeholders_and_stay() -> None:
    assert Redactor(["none", "1234567"]).text("none 1234567") == "none 1234567"
    assert Redactor(["12345678"]).text("12345678") == "[redacted]"


def test_passwords_of_proxies_are_secrets() -> None:
    assert proxy_secrets({"HTTPS_PROXY": "http://me:pa%40ssword@p:1"}) == ["pa%40ssword", "pa@ssword"]
    assert proxy_secrets({"https_proxy": "http://p:1"}) == []
