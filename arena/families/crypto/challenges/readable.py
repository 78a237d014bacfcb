"""Values as people read them. Pure."""

from __future__ import annotations

from arena.records import Json


def shown(value: Json) -> str:
    """Return a value as people read it: lists with commas, objects as `key: value; ...`, yes and no."""
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    if isinstance(value, dict):
        return "; ".join(f"{key}: {shown(inner)}" for key, inner in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
