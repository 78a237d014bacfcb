"""Who keeps bundles while trials finish."""

from __future__ import annotations

from pathlib import Path

import pytest

from arena.store import bundles, parts


@pytest.mark.parametrize(("how", "alone", "part"), [
    (bundles.ALL, True, True), (bundles.PACKED, True, False), (bundles.NONE, False, False),
])  # fmt: skip
def test_one_of_several_processes_packs_no_bundles(tmp_path: Path, how: str, alone: bool, part: bool) -> None:
    """They would be thrown away: the end of the session makes them in the order of the plan."""
    (folder,) = parts.make_parts(tmp_path, 1)
    for logs, kept in ((tmp_path, alone), (folder, part)):
        keeper = bundles.playing(how, tmp_path, logs, fsync=False)
        assert (keeper is not None) == kept
        if keeper is not None:
            keeper.close()
    assert (tmp_path / bundles.BUNDLES_FILE).exists() == (how == bundles.PACKED)
    assert not (folder / bundles.BUNDLES_FILE).exists()
