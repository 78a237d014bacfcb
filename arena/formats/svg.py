"""A small, strict writer of SVG: a fixed set of elements and attributes, everything escaped.

What cannot be written with it: scripts, event handlers, `style` attributes, foreign content, links out of the picture.
SVG 1.1 (Second Edition) names the elements and attributes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from arena.formats.tables import printable

NAMESPACE = "http://www.w3.org/2000/svg"

ELEMENTS = frozenset({"svg", "g", "rect", "circle", "line", "path", "text", "tspan", "title", "desc"})

_SPELLING = {"class_": "class", "viewBox": "viewBox", "preserveAspectRatio": "preserveAspectRatio",
             "textLength": "textLength", "lengthAdjust": "lengthAdjust"}  # fmt: skip
_PLAIN = (
    "id role x y x1 y1 x2 y2 cx cy r rx ry width height d transform fill stroke stroke_width stroke_dasharray opacity"
    " font_size font_weight font_family text_anchor dominant_baseline aria_label aria_hidden"
)
ATTRIBUTES: Mapping[str, str] = {**_SPELLING, **{name: name.replace("_", "-") for name in _PLAIN.split()}}
"""Name of the keyword argument -> name in the file."""

_PAINTS = frozenset({"fill", "stroke"})
"""Attributes whose value can refer to something else."""

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


class Rendered(str):
    """Markup that `render` returned: it may stand in another element as it is, so that a large picture is never held
    as a tree."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Element:
    """One element with its attributes, already escaped, and what is in it: elements and text."""

    name: str
    attributes: str
    children: tuple[Element | str, ...]


def number(value: float) -> str:
    """Return a number with at most two decimals and no needless zeros. Raises ValueError unless it is finite."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a coordinate")
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def escaped(text: str) -> str:
    """Return text for XML: markup escaped, characters that steer or hide (control, bidi, surrogates) replaced."""
    return printable(text).translate(_ESCAPES)


def element(name: str, *children: Element | str, **attributes: str | float | None) -> Element:
    """Return an element; attributes that are None are left out, `class_` and `font_size` become class and font-size.

    Raises ValueError for an element or attribute that is not in the list, and for a number that is not finite.
    """
    if name not in ELEMENTS:
        raise ValueError(f"<{name}> is not an element that is written here")
    parts = []
    for key, value in attributes.items():
        if value is None:
            continue
        if key not in ATTRIBUTES:
            raise ValueError(f"{key!r} is not an attribute that is written here")
        text = value if isinstance(value, str) else number(value)
        if key in _PAINTS and "url(" in text.lower():
            raise ValueError(f"{key}: a picture refers to nothing outside itself")
        parts.append(f' {ATTRIBUTES[key]}="{escaped(text)}"')
    return Element(name, "".join(parts), children)


def render(root: Element) -> Rendered:
    """Return the markup of an element, for a page or for another element."""
    out: list[str] = []
    _render(root, out)
    return Rendered("".join(out))


def _render(node: Element | str, out: list[str]) -> None:
    if isinstance(node, str):
        out.append(node if isinstance(node, Rendered) else escaped(node))
        return
    if not node.children:
        out.append(f"<{node.name}{node.attributes}/>")
        return
    out.append(f"<{node.name}{node.attributes}>")
    for child in node.children:
        _render(child, out)
    out.append(f"</{node.name}>")


def document(root: Element, style: str = "") -> bytes:
    """Return a whole SVG file; `style` is our own CSS, put in front of the content.

    Raises ValueError when the root is not <svg>, or when the style could end its element.
    """
    if root.name != "svg":
        raise ValueError("the root of a picture is <svg>")
    if any(sign in style for sign in "<&") or "]]>" in style:
        raise ValueError("the style holds markup")
    css = f"<style>{style}</style>" if style else ""
    inner = render(root)
    start = inner.index(">")
    if inner[start - 1] == "/":
        raise ValueError("the picture is empty")
    return f'{inner[:4]} xmlns="{NAMESPACE}"{inner[4 : start + 1]}{css}{inner[start + 1 :]}\n'.encode()
