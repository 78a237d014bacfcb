"""Convert a user's text to the value of a setting and check its bounds.

Every function raises ValueError with a message that starts where the setting's name ends: "must be ...".
"""

from __future__ import annotations

import math
import re
from typing import Any

from arena.formats.json_types import Json
from arena.formats.suggest import suggest
from arena.settings.table import PROVIDERS, Setting

LIFTED = "none"
"""The word that lifts a limit (Setting.liftable)."""

ON, OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off")

_INT = re.compile(r"[-+]?[0-9]{1,30}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")


def from_text(setting: Setting, text: str) -> Any:
    """Return the checked value of one text from a flag, a variable or .env."""
    if _lifts(setting, text):
        return None
    if setting.kind == "int":
        if not _INT.fullmatch(text):
            raise ValueError(f"must be {_number(setting)}, not {text!r}")
        return _bounded(setting, int(text))
    if setting.kind in ("float", "seconds"):
        if not _FLOAT.fullmatch(text):
            raise ValueError(f"must be {_number(setting)}, not {text!r}")
        return _bounded(setting, float(text))
    if setting.kind == "flag":
        lowered = text.strip().lower()
        if lowered not in ON + OFF:
            raise ValueError(f"must be 1 or 0 (or true, false, yes, no, on, off), not {text!r}")
        return lowered in ON
    if setting.kind == "list":
        return from_texts(setting, [text])
    return _chosen(setting, text)


def from_texts(setting: Setting, texts: list[str]) -> Any:
    """Return the checked value of all texts of a repeatable flag."""
    if setting.kind == "roles":
        return _roles([_role(text) for text in texts])
    parts = [part.strip() for text in texts for part in text.split(",")]
    return tuple(dict.fromkeys(_chosen(setting, part) for part in parts if part))


def from_json(setting: Setting, value: Json) -> Any:
    """Return the checked value from a config file; null means the default."""
    if value is None:
        return setting.default
    if _lifts(setting, value):
        return None
    if setting.kind == "flag":
        if not isinstance(value, bool):
            raise ValueError(f"must be true or false, not {value!r}")
        return value
    if setting.kind == "int":
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"must be {_number(setting)}, not {value!r}")
        return _bounded(setting, value)
    if setting.kind in ("float", "seconds"):
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ValueError(f"must be {_number(setting)}, not {value!r}")
        return _bounded(setting, float(value))
    if setting.kind == "roles" and isinstance(value, dict):
        return _roles([(role, _text(model)) for role, model in value.items()])
    if setting.kind in ("list", "roles"):
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ValueError(f"must be a list of texts, not {value!r}")
        return from_texts(setting, texts)
    return _chosen(setting, _text(value))


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text (in quotes), not {value!r}")
    return value


def _lifts(setting: Setting, value: Json) -> bool:
    return setting.liftable and isinstance(value, str) and value.strip().lower() == LIFTED


def _number(setting: Setting) -> str:
    """Say what a numeric setting takes."""
    kind = "a whole number" if setting.kind == "int" else "a number"
    unit = " of seconds" if setting.kind == "seconds" else ""
    return kind + unit + (f", or {LIFTED} for no limit" if setting.liftable else "")


def _bounded(setting: Setting, value: float) -> float:
    unit = " seconds" if setting.kind == "seconds" else ""
    if not math.isfinite(value):
        raise ValueError(f"must be a finite number{unit}")
    if setting.above is not None and value <= setting.above:
        raise ValueError(f"must be above {_plain(setting.above)}{unit}, not {_plain(value)}")
    if setting.low is not None and value < setting.low:
        raise ValueError(f"must be at least {_plain(setting.low)}{unit}, not {_plain(value)}")
    if setting.high is not None and value > setting.high:
        raise ValueError(f"must be at most {_plain(setting.high)}{unit}, not {_plain(value)}")
    return value


def _plain(value: float) -> str:
    """Return a number with all its digits where it is whole."""
    return str(int(value)) if value == int(value) else f"{value:g}"


def _chosen(setting: Setting, text: str) -> str:
    if not text.strip() or "\0" in text:
        raise ValueError("must not be empty")
    if setting.choices and text not in setting.choices:
        same = [choice for choice in setting.choices if choice.casefold() == text.casefold()]
        if len(same) == 1:
            return same[0]
        near = suggest(text, setting.choices)
        raise ValueError(f"must be one of {', '.join(setting.choices)}, not {text!r}{near}")
    return text


def _role(text: str) -> tuple[str, str]:
    # A role may hold "=" and so may a model id: the first "=" with a provider behind it parts the two.
    places = [place for place, sign in enumerate(text) if sign == "="]
    named = (place for place in places if text[place + 1 :].partition("/")[0] in PROVIDERS)
    role, equals, model = text.partition("=")
    if (place := next(named, None)) is not None:
        role, model = text[:place], text[place + 1 :]
    if not (role and equals and model):
        raise ValueError(f"must be ROLE=provider/model, not {text!r}")
    return role, model


def _roles(pairs: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    names = [role for role, _ in pairs]
    twice = sorted({role for role in names if names.count(role) > 1})
    if twice:
        raise ValueError(f"names the role {twice[0]!r} twice")
    return tuple(pairs)
