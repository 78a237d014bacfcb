"""JUnit XML out of the CI record. Pure.

The dialect that Jenkins, GitLab and the usual actions read (docs/ci.md names its elements). `time` is always 0: how
long a match took is in timings.jsonl, and a clock value here would make equal runs differ.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from arena.analysis.check.ci_outputs import ERROR, FAILURE, KINDS, PASSED, SKIPPED, Case, CiRecord
from arena.formats.tables import printable

_TAGS = {FAILURE: "failure", ERROR: "error", SKIPPED: "skipped"}
_COUNTS = {FAILURE: "failures", ERROR: "errors", SKIPPED: "skipped"}


def junit(record: CiRecord) -> bytes:
    """Return the document as UTF-8: a testsuite per challenge family, and one for the thresholds."""
    return "".join(_lines(record)).encode("utf-8")


def _lines(record: CiRecord) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"<testsuites {_attribute('name', record.title)} {_totals(record.cases)}>\n"
    for name, cases in record.suites().items():
        yield f"  <testsuite {_attribute('name', name)} {_totals(cases)}>\n"
        yield from map(_case, cases)
        yield "  </testsuite>\n"
    yield "</testsuites>\n"


def _totals(cases: list[Case]) -> str:
    counts = " ".join(f'{_COUNTS[k]}="{sum(case.kind == k for case in cases)}"' for k in KINDS if k != PASSED)
    return f'tests="{len(cases)}" {counts} time="0"'


def _case(case: Case) -> str:
    head = f'    <testcase {_attribute("name", case.name)} {_attribute("classname", case.classname)} time="0"'
    if case.kind == PASSED:
        # A warning passes; it is in the test's output, which reports show.
        return f"{head}><system-out>{xml_text(case.message)}</system-out></testcase>\n" if case.type else f"{head}/>\n"
    tag = _TAGS[case.kind]
    start = f"<{tag} {_attribute('message', case.message)}"
    if case.kind != SKIPPED:  # the dialect has no type for skipped tests, so the message begins with the reason
        start += f" {_attribute('type', case.type)}"
    return (
        f"{head}>{start}>{xml_text(case.body)}</{tag}></testcase>\n" if case.body else f"{head}>{start}/></testcase>\n"
    )


def xml_text(text: str) -> str:
    """Return text as content of an element: escaped, and without characters that XML 1.0 forbids (section 2.2)."""
    return html.escape(printable(text), quote=False)


def _attribute(name: str, value: str) -> str:
    return f'{name}="{xml_text(value).replace(chr(10), " ").replace(chr(34), "&quot;")}"'
