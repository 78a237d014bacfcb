"""The type of JSON values that have any shape."""

from __future__ import annotations

from typing import Any

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict with str keys."""
