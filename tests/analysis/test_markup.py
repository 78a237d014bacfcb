"""Markup with gaps escapes what fills them, as elements do."""

from __future__ import annotations

import pytest

from arena.analysis.report.markup import Form, Markup, tag

FORM = Form('<p class="{}">{}</p>')


@pytest.mark.parametrize(
    "text", ["plain", '<b> & "quoted"', "a\u202eb", "half \ud83d", "x" * 100 + "<", 7, None, Markup("<i>ours</i>")]
)
def test_form_shows_a_value_as_an_element_does(text: object) -> None:
    assert FORM.fill("soft", text) == tag("p", text, class_="soft")
    assert type(FORM.fill("soft", text)) is Markup


def test_no_value_ends_an_attribute() -> None:
    assert FORM.fill('"><script>', "") == '<p class="&quot;&gt;&lt;script&gt;"></p>'


def test_braces_of_a_value_are_no_gaps() -> None:
    assert FORM.fill("{}", "{} {0}") == '<p class="{}">{} {0}</p>'


@pytest.mark.parametrize("values", [(), ("one",), ("one", "two", "three")])
def test_each_gap_takes_one_value(values: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        FORM.fill(*values)
