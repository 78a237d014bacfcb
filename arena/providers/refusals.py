"""Refusals that a provider must not ask for again, and advice to users about errors."""

from __future__ import annotations

import re
import threading
from typing import NoReturn

from arena.errors import SettingRefused
from arena.messages import ModelRequest
from arena.providers.api_errors import ApiError
from arena.providers.settings import Endpoint
from arena.records import Json

TOOLS_REFUSED = re.compile(
    r"(does not|doesn't|not) support (tools?|tool (use|calls?|calling)|function)|tools? (is|are) not supported"
    r"|support tool use|tool choice requires|(unsupported|unknown|unrecognized).{0,40}\btools?\b|tool_?choice",
    re.IGNORECASE,
)


def tools_refused(error: ApiError) -> bool:
    """Return whether an error says that the model or the server accepts no tools."""
    return error.status in (400, 404, 422, 501) and bool(TOOLS_REFUSED.search(f"{error.message} {error.param}"))


def advice(meaning: str, model: str, endpoint: Endpoint) -> str:
    """Return advice about an error that no further attempt would solve."""
    base = " or ".join(endpoint.base_variables)
    return {
        "allowance": "one request is more than the account may send in a minute, so waiting does not help: a smaller "
        "--max-tokens or --tool-text granted makes it smaller, another plan allows more",
        "auth": f"check {endpoint.key_variable}",
        "quota": f"the account behind {endpoint.key_variable} has no quota or credit left; waiting does not help",
        "missing": f"check the model name {model!r} (names: {endpoint.models_from}), the address ({base}) and "
        f"whether {endpoint.key_variable} may use this model",
        "roles": "the model's chat template refuses these roles, also with the system text in the first user message",
    }.get(meaning, f"the request was refused; model {model!r}, names: {endpoint.models_from}")


def other_server(endpoint: Endpoint) -> str:
    """Return advice about an address that answers, but not like a model API."""
    base = " or ".join(endpoint.base_variables)
    return f"not asked again: check the address ({base}) and how the server is set up"


class Refusals:
    """Values that a model refuses. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[tuple[str, str, Json], str] = {}

    def refuse_value(self, request: ModelRequest, setting: str, message: str) -> NoReturn:
        """Remember that a model refuses the value of a setting, and raise the SettingRefused that says so."""
        value = getattr(request.sampling, setting)
        flag = ("--judge-" if request.kind == "judge" else "--") + setting.replace("_", "-")
        text = f"{request.model} does not take {flag} {value}: {message}"
        with self._lock:
            self._values[(request.model, setting, value)] = text
        raise SettingRefused(text)

    def check(self, request: ModelRequest) -> None:
        """Raise the SettingRefused of `refuse_value` again, so that no further call is spent on the same value."""
        if not self._values:
            return
        for (model, setting, value), text in list(self._values.items()):
            if model == request.model and getattr(request.sampling, setting) == value:
                raise SettingRefused(text)
