"""--bundles all, packed, none: the same run, with its files of single matches kept in three ways."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from arena.store.bundles import BUNDLES_DIR, BUNDLES_FILE, Bundle
from tests.support.arena_rig import NO_TOOLS, ROOT, Table, arena, challenge, command, process, results
from tests.support.verify_rig import holds, launder, told, verify

HOW = ("all", "packed", "none")
WORDS = ("--repetitions", "2", "--max-turns", "3")


def of_bundles(name: str) -> bool:
    return name == BUNDLES_FILE or name.startswith(f"{BUNDLES_DIR}/")


def split(folder: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return the files of the bundles, unpacked, and all other results."""
    found = results(folder)
    bundles = {name: data for name, data in found.items() if name.startswith(f"{BUNDLES_DIR}/")}
    for line in found.get(BUNDLES_FILE, b"").splitlines():
        one = Bundle.unpacked(line, "")
        bundles |= {f"{one.folder}/{name}": data for name, data in one.files.items()}
    return bundles, {name: data for name, data in found.items() if not of_bundles(name)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """A run in each way. Not to be changed."""
    table = Table(tmp_path_factory.mktemp("bundles"), [challenge("c1"), challenge("c2", roles=("Ana", "Bo", "Cy"))])
    for how in HOW:
        assert table.play(*WORDS, "--bundles", how, out=how).code == 0
    return table


@pytest.fixture
def again(world: Table, tmp_path: Path) -> Table:
    """The same runs, to be changed."""
    shutil.copytree(world.folder, tmp_path / "world")
    return Table(tmp_path / "world", world.challenges)


@pytest.mark.parametrize("how", HOW)
def test_each_way_gives_the_same_results(world: Table, how: str) -> None:
    bundles, rest = split(world.folder / how)
    whole, others = split(world.folder / "all")
    assert rest == others and len(whole) == 2 * (2 + 2) + 2 * (2 + 3)
    assert bundles == ({} if how == "none" else whole)
    assert (world.folder / how / BUNDLES_DIR).exists() == (how == "all")
    assert (world.folder / how / BUNDLES_FILE).exists() == (how == "packed")


@pytest.mark.parametrize("how", HOW)
def test_every_command_reads_a_run_of_each_way(world: Table, tmp_path: Path, how: str) -> None:
    run = tmp_path / how
    shutil.copytree(world.folder / how, run)
    merged, judged = tmp_path / "merged", tmp_path / "judged"
    for words in (
        ("verify", run), ("show", run, "c1"), ("report", run), ("compare", run, world.folder / "all"),
        ("export", "hf-dataset", run, "--out", tmp_path / "set"), ("merge", merged, run),
        ("export", "leaderboard-result", run, "--out", tmp_path / "board"), ("leaderboard", run),
        ("rejudge", run, "--judge-model", "mock/judge", "--out", judged),
    ):  # fmt: skip
        ended = command(*words)
        assert ended.code == 0, (words, ended.text)
    assert split(merged) == split(world.folder / how)
    assert "everything holds" in holds(merged) and "everything holds" in holds(judged)


READERS = (
    ("dataset", "validate", "{run}"), ("dataset", "rows", "{run}", "--out", "{out}"),
    ("dataset", "rewards", "{run}", "--out", "{out}"), ("dataset", "preferences", "{run}", "--out", "{out}"),
    ("policy", "diff", "{gates}", "{gates}", "{run}"), ("check", "{run}"),
    ("export", "sarif", "{run}", "--out", "{out}"),
)  # fmt: skip


@pytest.mark.parametrize("words", READERS, ids=lambda words: " ".join(words[:2]))
def test_command_says_and_writes_the_same_of_each_way(world: Table, tmp_path: Path, words: tuple[str, ...]) -> None:
    said: list[tuple[object, ...]] = []
    for how in HOW:
        shutil.copytree(world.folder / how, tmp_path / how / "run")
        names = {"run": tmp_path / how / "run", "out": tmp_path / how / "out", "gates": ROOT / "config/gates.yaml"}
        ended = command(*(word.format(**names) for word in words))
        out = names["out"]
        written = {path.name: path.read_bytes() for path in (*out.rglob("*"), out) if path.is_file()}
        said.append((ended.code, ended.text.replace(str(tmp_path / how), ""), written))
    assert said[0] == said[1] == said[2]
    assert "Traceback" not in str(said[0][1]) and "internal error" not in str(said[0][1])


@pytest.mark.parametrize("then", HOW)
@pytest.mark.parametrize("before", HOW)
def test_resume_turns_one_way_into_another(again: Table, before: str, then: str) -> None:
    assert again.play(*WORDS, "--resume", "--bundles", then, out=before).code == 0
    assert results(again.folder / before) == results(again.folder / then)
    holds(again.folder / before)


@pytest.mark.parametrize("how", HOW)
def test_resume_without_the_flag_keeps_the_way(again: Table, how: str) -> None:
    run = again.folder / how
    before = results(run)
    shutil.rmtree(run / BUNDLES_DIR, ignore_errors=True)
    (run / BUNDLES_FILE).unlink(missing_ok=True)
    assert again.play(*WORDS, "--resume", out=how).code == 0
    assert results(run) == before


def test_torn_line_of_packed_bundles_is_written_again(again: Table) -> None:
    run = again.folder / "packed"
    before = results(run)
    (run / BUNDLES_FILE).write_bytes(before[BUNDLES_FILE][:-20])
    (run / "digests.json").unlink()
    resumed = again.play(*WORDS, "--resume", out="packed")
    assert resumed.code == 0 and f"{BUNDLES_FILE}: dropped a torn last line" in resumed.err
    assert results(run) == before


@pytest.mark.parametrize("how", HOW)
def test_processes_and_shards_keep_bundles_the_same_way(world: Table, tmp_path: Path, how: str) -> None:
    flags = ("--challenges", str(world.folder / "challenges.json"), *NO_TOOLS, *WORDS, "--bundles", how)
    assert process(*flags, "--processes", "2", "--out", str(tmp_path / "two")).code == 0
    assert results(tmp_path / "two") == results(world.folder / how)
    shards = [tmp_path / f"shard-{number}" for number in range(2)]
    for number, shard in enumerate(shards):
        assert arena(*flags, "--shard", f"{number}/2", "--out", str(shard)).code == 0
    assert command("merge", tmp_path / "whole", *shards).code == 0
    assert results(tmp_path / "whole") == results(world.folder / how)


def change_line(line: bytes) -> bytes:
    found = json.loads(line)
    found["files"]["transcript.json"] = found["files"]["transcript.json"].replace("max_turns", "agreed_end")
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


TAMPERING: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "changed": (lambda lines: [change_line(lines[0]), *lines[1:]], "line 1 transcript.json: the records give another"),
    "left out": (lambda lines: lines[:-1], "line 4: is missing: matches/c2/rep_1"),
    "exchanged": (lambda lines: [lines[1], lines[0], *lines[2:]], "line 1: is matches/c2/rep_0; the records give"),
    "added": (lambda lines: [*lines, lines[0]], "line 5: belongs to no record"),
    "spaced": (lambda lines: [lines[0].replace(b":", b": ", 1), *lines[1:]], "line 1: malformed: order, spacing"),
    "no JSON": (lambda lines: [b"nonsense\n", *lines[1:]], "line 1"),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_verify_tells_packed_bundles_that_were_changed(again: Table, what: str) -> None:
    edit, expected = TAMPERING[what]
    run = again.folder / "packed"
    lines = (run / BUNDLES_FILE).read_bytes().splitlines(keepends=True)
    (run / BUNDLES_FILE).write_bytes(b"".join(edit(lines)))
    launder(run)
    ended = verify(run)
    assert ended.code == 1
    assert any(line.startswith(BUNDLES_FILE) and expected in line for line in told(ended)), ended.out


@pytest.mark.parametrize("how", ["packed", "none"])
def test_verify_tells_bundles_kept_in_another_way(again: Table, how: str) -> None:
    run = again.folder / how
    other = BUNDLES_DIR if how == "packed" else BUNDLES_FILE
    source = again.folder / ("all" if how == "packed" else "packed") / other
    if source.is_dir():
        shutil.copytree(source, run / other)
    else:
        shutil.copy(source, run / other)
    launder(run)
    ended = verify(run)
    assert ended.code == 1 and "belongs to no record" in ended.out and other in told(ended)[0]


def test_verify_tells_a_strange_file_in_a_bundle(again: Table) -> None:
    run = again.folder / "all"
    (run / BUNDLES_DIR / "c1" / "rep_0" / "more.json").write_text("{}")
    launder(run)
    assert told(verify(run)) == ["matches/c1/rep_0/more.json: belongs to no record"]
