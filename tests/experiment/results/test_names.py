"""The names of result files: no two of a run are the same, whatever its lanes and seeds are called."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.errors import InputError
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.document.settings import MOST_LANES
from sandbox.experiment.document.validation import check_lane_name, same_name
from sandbox.experiment.results.export import result_names, seeds_of, write_results

_ENDINGS = ("", "-seed-8", "-seed-9", "-SEED-8", "-\u017feed-8", "-seed-\uff18", "-seed-", "seed-8", "-seed-8-seed-9")
_NAMES = st.builds(str.__add__, st.sampled_from(["A", "a", "A-seed-8", "", "x y", "boundary", "costs"]),
                   st.sampled_from(_ENDINGS)) | st.text("aA-_ seed89\u017f\uff18\u212a", max_size=12)  # fmt: skip


def distinct_lanes(names: list[str]) -> list[str]:
    """Return the names that an experiment takes: allowed ones, which differ in more than case."""
    taken: dict[str, str] = {}
    for name in names:
        with suppress(InputError):
            taken.setdefault(same_name(name), check_lane_name(name))
    return list(taken.values())


@settings(max_examples=300)
@example(["A", "A-seed-8"], 7, 2)
@example(["A", "a-SEED-8", "A-seed-8-seed-8"], 7, 3)
@given(st.lists(_NAMES, min_size=1, max_size=MOST_LANES), st.integers(0, 9), st.integers(1, 5))
def test_no_two_results_have_one_name(names: list[str], seed: int, replicas: int) -> None:
    lanes = {name: list(range(seed, seed + replicas)) for name in distinct_lanes(names)}
    files = [same_name(name) for name in result_names(lanes)]
    assert len(set(files)) == len(files) == 2 + len(lanes) * (1 + replicas)


def test_every_seed_of_lanes_with_trying_names_is_written(tmp_path: Path) -> None:
    values = {"data.samples": 20, "network.hidden": (2,), "run.replicas": 3}
    lanes = (LaneEntry("A"), LaneEntry("A-seed-8", {"network.seed": 50}))
    trainer = Trainer(dataclasses.replace(Experiment().with_values(values), lanes=lanes).checked())
    write_results(trainer, tmp_path)
    written = {}
    for path in tmp_path.glob("weights-*.npz"):
        with np.load(path) as weights:
            written[path.name] = weights["W1"].tobytes()
    expected = [replica.parameters()["W1"].tobytes() for lane in trainer.lanes for replica in lane.replicas]
    assert sorted(written.values()) == sorted(expected)
    assert set(written) < set(result_names(seeds_of(trainer)))
    assert written["weights-A-seed-8.npz"] == trainer.parameters("A-seed-8")["W1"].tobytes()
