"""The SVG writer: what it writes is well-formed and holds only pictures."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from arena.formats.svg import document, element, number, render
from tests.support.report_rig import HOSTILE


def test_a_document_is_well_formed_xml_in_the_svg_namespace() -> None:
    root = element("svg", element("rect", x=1.0, y=2.5, class_="o0"), element("text", "a < b"), viewBox="0 0 9 9")
    tree = ET.fromstring(document(root, ".o0{fill:red}"))
    assert tree.tag == "{http://www.w3.org/2000/svg}svg"
    assert [child.tag.rpartition("}")[2] for child in tree] == ["style", "rect", "text"]
    assert tree[1].attrib == {"x": "1", "y": "2.5", "class": "o0"} and tree[2].text == "a < b"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_text_in_content_and_attributes(name: str) -> None:
    text = HOSTILE[name]
    tree = ET.fromstring(document(element("svg", element("text", text), element("title", text), aria_label=text)))
    assert [child.tag.rpartition("}")[2] for child in tree] == ["text", "title"]
    assert list(tree.attrib) == ["aria-label"] and all(len(child) == 0 for child in tree)


@pytest.mark.parametrize("name", ["script", "foreignObject", "a", "image", "style", "use", "svg onload=x"])
def test_elements_that_could_do_more_than_draw_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not an element"):
        element(name)


@pytest.mark.parametrize("name", ["onload", "href", "style", "xlink_href", "x onload"])
def test_attributes_that_could_do_more_than_draw_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not an attribute"):
        element("rect", **{name: "1"})


def test_a_reference_out_of_the_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="refers to nothing outside"):
        element("rect", fill="URL(https://example.invalid/#x)")


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.001, "0"), (2.5, "2.5"), (1 / 3, "0.33"), (100.0, "100"), (1e6, "1000000")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_coordinate_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not a coordinate"):
        element("rect", x=value)


def test_what_was_rendered_is_not_escaped_again() -> None:
    inner = render(element("g", element("text", "a & b")))
    assert render(element("g", inner)) == f"<g>{inner}</g>" and "a &amp; b" in inner


def test_a_style_cannot_end_its_element() -> None:
    with pytest.raises(ValueError, match="markup"):
        document(element("svg", element("g")), "</style><script>")


@pytest.mark.parametrize("root", [element("g", element("g")), element("svg")])
def test_only_a_picture_with_content_is_a_document(root: object) -> None:
    with pytest.raises(ValueError, match="picture"):
        document(root)  # type: ignore[arg-type]
