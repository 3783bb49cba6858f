"""All that changes a network while it trains, in any order, undone and redone: one file, the same bits."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.errors import InputError
from sandbox.experiment import Edit, Experiment, Trainer
from sandbox.experiment.document.parts import LaneEntry
from sandbox.experiment.document.units import unit_name
from sandbox.experiment.training.snapshot import SurfaceRequest, Wanted
from tests.experiment.strategies import experiments, lane_changes
from tests.experiment.training.test_live_inputs import PLANE
from tests.experiment.training.test_rearranging import acts as rearrangements
from tests.experiment.training.test_weight_edits import acts as set_by_hand
from tests.experiment.training.test_weight_edits import replayed, states

WANTED = Wanted(surfaces=(SurfaceRequest("A", (0, 1), (-2.0, 2.0), (-2.0, 2.0), 5),))


@st.composite
def edits(draw: st.DrawFn, trainer: Trainer) -> Edit:
    """Draw an edit of any kind."""
    kind = draw(st.sampled_from(["weights", "units", "inputs", "frozen", "setting"]))
    if kind == "units":
        return draw(rearrangements(trainer))
    lane = draw(st.sampled_from(trainer.lanes))
    changes: dict[str, Any] = {}
    weights: dict[str, float] = {}
    name: str | None = lane.name
    if kind == "weights":
        _, _, weights = draw(set_by_hand(trainer).filter(lambda act: bool(act[2]) and act[1] == lane.name))
    elif kind == "inputs":
        changes, name = {"data.features": tuple(draw(st.lists(st.sampled_from(PLANE), min_size=1, unique=True)))}, None
    elif kind == "frozen":
        sizes = (0, *trainer.current.lane(lane.name).network.hidden, lane.sizes[-1])
        layers = st.integers(1, len(sizes) - 1)
        units = layers.flatmap(lambda l: st.none() | st.integers(0, sizes[l] - 1).map(lambda k: (l, k)))
        named = st.lists(units, max_size=3).map(lambda found: {unit_name(*place) for place in found if place})
        changes = {"network.frozen": tuple(sorted(draw(named)))}
    else:
        changes = draw(lane_changes(2).filter(bool))
    return trainer.experiment.checked_edit(changes, name, 0, weights)


def thetas(trainer: Trainer) -> list[bytes]:
    return [state[0] for state in states(trainer)]


@settings(max_examples=60, deadline=None)
@given(experiments(datasets=("moons", "blobs")), st.booleans(), st.data())
def test_any_edits_mixed_with_training_undone_and_redone_replay_to_the_same_bits(
    experiment: Experiment, watched: bool, data: st.DataObject
) -> None:
    live = Trainer(experiment, watched=watched)
    for _ in range(data.draw(st.integers(1, 7))):
        live.advance(lambda: True, data.draw(st.integers(0, 6)))
        edit = data.draw(edits(live))
        inverse, before, running = live.inverse(edit), thetas(live), live.running
        try:
            live.take_edit(edit)
        except InputError as error:
            assert "has stopped" in str(error) or "network.frozen has" in str(error), error
            assert thetas(live) == before
            continue
        if data.draw(st.booleans()) and running:  # undo and redo
            redo = [again for back in inverse for again in live.inverse(back)]
            after = thetas(live)
            for back in inverse:
                live.take_edit(back)
            if edit.is_in_place and not any(replica.stopped for lane in live.lanes for replica in lane.replicas):
                assert thetas(live) == before
            if data.draw(st.booleans()):
                for again in redo:
                    live.take_edit(again)
                if edit.is_in_place and not any(r.stopped for lane in live.lanes for r in lane.replicas):
                    assert thetas(live) == after
        if watched:
            live.snapshot(0, WANTED)
    live.advance(lambda: True, 8)
    again = Experiment.loads(live.experiment.dumps())
    assert again == live.experiment
    assert states(replayed(again, live, data.draw(st.sampled_from([None, live.data])))) == states(live)


def test_a_file_with_all_of_it(tmp_path: Path) -> None:
    lanes = (LaneEntry("A"), LaneEntry("B", {"network.frozen": ("2",)}))
    trainer = Trainer(dataclasses.replace(Experiment().with_value("data.samples", 40), lanes=lanes).checked())
    trainer.run(2)
    trainer.edit({"data.features": ("x1", "x2", "sin(x2)")})
    trainer.edit({"network.hidden": (5, 4)}, "A", {"W1[4,2]": -0.0}, {"removed": ("1[0]",)})
    trainer.run(2)
    trainer.edit({"network.frozen": ("1[3]",)}, "B", {"b1[3]": 5e-324})
    trainer.run(2)
    path = tmp_path / "touched.toml"
    trainer.experiment.save(path)
    text = path.read_text()
    for line in ('data.features = ["x1", "x2", "sin(x2)"]', 'units.removed = ["1[0]"]', 'weights."W1[4,2]" = -0.0',
                 'weights."b1[3]" = 5e-324', 'network.frozen = ["1[3]"]'):  # fmt: skip
        assert line in text.splitlines()
    again = Trainer(Experiment.load(path))
    again.run(6)
    assert states(again) == states(trainer)
