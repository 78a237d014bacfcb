"""Texts of official evidence from a wiki-pages folder: found through the index, missing text stays missing."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from arena.errors import DataError, UsageError
from arena.families.cheaptalk.data.load import load
from arena.families.cheaptalk.data.table import dataset
from arena.families.cheaptalk.data.wiki_pages import WikiPages
from tests.families.cheaptalk.test_data import OFFICIAL, written

MILL = ["Askrey Mill is a windmill.\tMill", "", "It has ground rye again since 1981.\t1981\trye", "Short."]
FORD = ["A water mill stood at Askrey Ford.", "The miller of the ford was lame.", "He had three daughters and no son."]


def folder(tmp_path: Path) -> Path:
    pages = tmp_path / "wiki-pages"
    pages.mkdir()
    numbered = ["\n".join(f"{n}\t{line}" for n, line in enumerate(lines)) for lines in (MILL, FORD)]
    first = [{"id": "", "text": "", "lines": ""}, {"id": "Mill", "text": "x", "lines": numbered[0]}]
    second = [{"id": "Caf\u00e9", "text": "x", "lines": "0\tA house.\n"}, {"id": "Ford", "lines": numbered[1]}]
    for name, rows in (("wiki-001.jsonl", first), ("wiki-002.jsonl", second)):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (pages / name).write_text(text, encoding="utf-8")
    return pages


def test_texts_are_found_by_page_and_number(tmp_path: Path) -> None:
    with WikiPages(folder(tmp_path)) as wiki:
        assert wiki.text("Mill#2") == "It has ground rye again since 1981."
        assert wiki.text("Ford#1") == "The miller of the ford was lame."


@pytest.mark.parametrize("source", ["Mill#1", "Mill#9", "Nowhere#0", "Mill", "#0", "Mill#x"])
def test_missing_text_is_none(tmp_path: Path, source: str) -> None:
    with WikiPages(folder(tmp_path)) as wiki:
        assert wiki.text(source) is None


def test_title_is_found_in_either_unicode_form(tmp_path: Path) -> None:
    with WikiPages(folder(tmp_path)) as wiki:
        assert wiki.text("Caf\u00e9#0") == wiki.text("Cafe\u0301#0") == "A house."


def test_official_rows_get_texts_and_neighbours(tmp_path: Path) -> None:
    with WikiPages(folder(tmp_path)) as wiki:
        found = load(dataset("fever"), written(tmp_path, OFFICIAL), wiki=wiki)
    first, second, third = found.claims
    assert first.gold_sets()[1] == ("Askrey Mill is a windmill.", "The miller of the ford was lame.")
    assert first.distractors == ("A water mill stood at Askrey Ford.", "He had three daughters and no son.")
    assert second.gold_texts() == () and second.gold[0][0].source == "Ford#4"
    assert third.gold == () == third.distractors
    assert (found.source.sentences, found.source.without_text) == (4, 1)


def test_index_is_kept_until_a_file_changes(tmp_path: Path) -> None:
    pages = folder(tmp_path)
    index = tmp_path / "wiki-pages.index.sqlite3"
    with WikiPages(pages):
        built = index.stat().st_ino
    with WikiPages(pages) as wiki:
        assert wiki.page("New") is None
    assert index.stat().st_ino == built
    with (pages / "wiki-002.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"id": "New", "lines": "0\tIt is new."}) + "\n")
    with WikiPages(pages) as wiki:
        assert wiki.text("New#0") == "It is new."
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_page_that_moved_since_the_index_is_an_error(tmp_path: Path) -> None:
    pages = folder(tmp_path)
    path = pages / "wiki-001.jsonl"
    with WikiPages(pages) as wiki:
        path.write_bytes(path.read_bytes()[1:] + b" ")
        with pytest.raises(DataError, match="download the file again|no longer has the page"):
            wiki.text("Mill#0")


def test_damaged_index_is_rebuilt(tmp_path: Path) -> None:
    pages, index = folder(tmp_path), tmp_path / "elsewhere.sqlite3"
    index.write_bytes(b"no database")
    with WikiPages(pages, index) as wiki:
        assert wiki.text("Mill#0") == "Askrey Mill is a windmill."
    with sqlite3.connect(index) as database:
        assert database.execute("SELECT count(*) FROM pages").fetchone() == (3,)


@pytest.mark.parametrize("name", [".", "../wiki-pages"])
def test_pages_may_be_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    pages = folder(tmp_path)
    monkeypatch.chdir(pages)
    with WikiPages(Path(name)):
        assert (tmp_path / f"{pages.name}.index.sqlite3").is_file()


def test_folder_without_pages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no \*\.jsonl files"):
        WikiPages(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="folders that refuse files are made with POSIX modes")
def test_index_that_cannot_be_written_names_the_flag(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--wiki-index"):
        WikiPages(folder(tmp_path), tmp_path / "missing" / "index.sqlite3")


def test_broken_page_is_an_error_with_its_place(tmp_path: Path) -> None:
    pages = folder(tmp_path)
    (pages / "wiki-003.jsonl").write_text('{"id": \n', encoding="utf-8")
    with pytest.raises(DataError, match=r"wiki-003\.jsonl: byte 0"):
        WikiPages(pages)
