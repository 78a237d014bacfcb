"""A record becomes the episode that the metrics see."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from arena.families.cheaptalk.claim import Label
from arena.families.cheaptalk.detail import EpisodeDetail
from arena.families.cheaptalk.episode_of_record import episode_of, episodes_of
from arena.formats.decode import decode, encode
from arena.records import Record, Stop
from tests.families.cheaptalk.made_records import detail, record


def test_detail_written_as_json_is_read_back() -> None:
    assert decode(EpisodeDetail, json.loads(json.dumps(encode(detail()))), "matches.jsonl") == detail()


def test_record_read_back_gives_the_same_episode() -> None:
    made = record(series="p3/lie/0")
    again = Record.from_json(made.to_json(), "matches.jsonl", detail=EpisodeDetail)
    assert episode_of(again) == episode_of(made) is not None


def test_episode_holds_what_payoffs_are_made_of() -> None:
    episode = episode_of(record())
    assert episode is not None
    assert (episode.task, episode.deviation, episode.cell.protocol) == ("brindlow-1", "lie", "p3_slashing")
    assert (episode.truth, episode.predicted, episode.asserted) == (Label.REFUTES, Label.REFUTES, None)
    assert (episode.outlay.payoff, episode.outlay.quality, episode.outlay.reputation) == (0.35, 0.9, 0.7)
    assert episode.outlay.verification_failed and episode.shown.match == 0.5 and episode.behaved is False


def test_reputation_is_missing_where_none_weighed_the_payoff() -> None:
    episode = episode_of(record(replace(detail(), reputation=None)))
    assert episode is not None and episode.outlay.reputation is None


@pytest.mark.parametrize("stop", [Stop.PROVIDER, Stop.BUDGET, Stop.PLAYER_FAULT])
def test_record_without_score_has_no_episode(stop: Stop) -> None:
    assert list(episodes_of([record(stop=stop)])) == []
