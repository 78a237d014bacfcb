"""What is said about answers of job services that lack something, and about a wait that is interrupted."""

from __future__ import annotations

import threading

import pytest

from arena.errors import ServiceFault
from arena.providers.jobs.openai_batches import _state
from arena.providers.jobs.waiting import Patience
from arena.records import Json


@pytest.mark.parametrize(
    ("answer", "lacks"),
    [({"id": "b1"}, "status"), ({"id": "b1", "status": 5}, "status"), ({"status": "completed"}, "id")],
)
def test_an_answer_about_a_batch_that_lacks_a_member_names_it(answer: dict[str, Json], lacks: str) -> None:
    with pytest.raises(ServiceFault) as caught:
        _state(answer)
    assert str(caught.value) == f"a batch: the answer lacks '{lacks}'"


def test_an_interrupted_wait_says_what_it_waited_for() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(ServiceFault) as caught:
        Patience(stop=stop).until(lambda: "validating", lambda found: False, lambda found: f"batch b1: {found}")
    assert caught.value.reason == "interrupted"
    assert str(caught.value) == "interrupted while waiting: batch b1: validating"
