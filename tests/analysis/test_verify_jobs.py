"""`arena verify --jobs N`: the same words and the same exit code, whatever the number of processes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from arena.analysis.verify import tasks
from arena.analysis.verify.problems import MAX_LISTED, Problems
from arena.analysis.verify.tasks import PAYS_FROM, carried_out, jobs_for
from arena.errors import ServiceFault, UsageError
from tests.support.verify_rig import edit_lines, launder, rebind, tamper_answer, verify


def break_scores(run: Path) -> None:
    edit_lines(run / "matches.jsonl", lambda line: line.update(verdict="Splendid."))
    launder(run)


def break_calls(run: Path) -> None:
    tamper_answer(run)
    launder(run)


def break_bundles(run: Path) -> None:
    for path in run.glob("matches/*/*/transcript.json"):
        path.write_text("{}")


def break_records(run: Path) -> None:
    path = run / "matches.jsonl"
    path.write_bytes(b"nonsense\n" + path.read_bytes())


CHANGES: dict[str, Callable[[Path], None]] = {
    "nothing": lambda run: None,
    "scores": break_scores,
    "calls": break_calls,
    "bundles": break_bundles,
    "records": break_records,
    "chain": rebind,
}


@pytest.mark.parametrize("what", CHANGES)
def test_every_number_of_processes_says_the_same(copied_run: Path, what: str) -> None:
    CHANGES[what](copied_run)
    alone = verify(copied_run, "--jobs", "1")
    assert alone.code == (0 if what in ("nothing", "chain") else 2 if what == "records" else 1)
    for jobs in ("2", "3", "16"):
        together = verify(copied_run, "--jobs", jobs)
        assert (together.code, together.out) == (alone.code, alone.out)
    assert verify(copied_run).out == alone.out
    said = json.loads(verify(copied_run, "--jobs", "2", "--json").out)
    assert said == json.loads(verify(copied_run, "--jobs", "1", "--json").out)


@pytest.mark.parametrize("word", ["0", "-1", "two", "257", "1.5"])
def test_jobs_that_are_no_number_of_processes_are_refused(copied_run: Path, word: str) -> None:
    ended = verify(copied_run, f"--jobs={word}")
    assert ended.code == 2 and "--jobs" in ended.err


def test_small_runs_are_verified_by_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.posix, "cores", lambda: 8)
    assert [jobs_for(None, count) for count in (0, PAYS_FROM - 1, PAYS_FROM)] == [1, 1, 8]
    assert jobs_for(3, 1) == 3
    monkeypatch.setattr(tasks.posix, "can_fork", lambda: False)
    assert jobs_for(None, PAYS_FROM) == 1
    with pytest.raises(UsageError, match="cannot fork"):
        jobs_for(2, 1)


def counting(number: int, count: int) -> tasks.Task:
    def task(problems: Problems) -> int:
        for one in range(count):
            problems.add("file", f"task {number}", f"problem {one}")
        problems.notes.append(f"note {number}")
        return number

    return task


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_results_and_problems_come_in_the_order_of_tasks(tmp_path: Path, jobs: int) -> None:
    problems = Problems(tmp_path)
    assert [*carried_out([counting(number, 60) for number in range(4)], jobs, problems)] == [0, 1, 2, 3]
    assert problems.count == 240 and len(problems.listed) == MAX_LISTED
    assert [issue.pointer for issue in problems.listed] == ["task 0"] * 60 + ["task 1"] * 40
    assert problems.notes == [f"note {number}" for number in range(4)]


def raising(problems: Problems) -> None:
    raise ServiceFault("calculator", "does not answer")


@pytest.mark.parametrize("jobs", [1, 2])
def test_error_of_a_task_is_raised_as_it_is(tmp_path: Path, jobs: int, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ServiceFault, match="does not answer"):
        list(carried_out([counting(0, 1), raising, counting(2, 1)], jobs, Problems(tmp_path)))
    assert "Traceback" not in capfd.readouterr().err


def test_killed_process_is_told(tmp_path: Path) -> None:
    def killed(problems: Problems) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(UsageError) as caught:
        list(carried_out([counting(0, 1), killed], 2, Problems(tmp_path)))
    assert str(caught.value) == "a process of verify was ended by signal 9: with --jobs 1 it takes the least memory"
