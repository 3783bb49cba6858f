"""Recording: the readings of every lane are appended to its history; no bit of a run depends on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sandbox.arrays import Array
from sandbox.experiment.training.groups import Group, Rows
from sandbox.experiment.training.lanes import Lane
from sandbox.experiment.training.pairs import Pairs, as_slice
from sandbox.experiment.training.replica import Replica
from sandbox.experiment.training.samples import Samples
from sandbox.experiment.training.spread import spread
from sandbox.nn.network import ForwardPass

_TEST = 1  # the slot of passes over the test part


class Recorder:
    """Evaluates the lanes of a run on the training and the test part.

    Parameters
    ----------
    train, test : Samples
    watched : bool
        Whether a person watches: timelines are then kept too, and long histories of replicas only as far as can be
        seen.

    Attributes
    ----------
    pairs : Pairs
        When each pair of lanes parted, if a person watches.
    due : bool
        Whether the current state must be recorded before anything changes it.
    """

    def __init__(self, train: Samples, test: Samples, watched: bool) -> None:
        self._watched = watched
        self.follow_samples(train, test)
        self.pairs = Pairs()
        self.due = True

    def follow_samples(self, train: Samples, test: Samples) -> None:
        """Evaluate the lanes on these samples from now on."""
        self._train, self._test = train, test
        self._parts = {"train": train, "test": test}

    def record(
        self, groups: Sequence[Group], epoch: int, update: int, passes: Sequence[ForwardPass] | None = None
    ) -> None:
        """Append the current state to the history of every running lane; not before there are training samples.

        `passes` are those over the training samples, one per group, if computed already.
        """
        if not len(self._train):
            return
        self.due = False
        for i, group in enumerate(groups):
            newest = [lane.history.last_update for lane, _, _ in group.lanes if lane.kinds]
            if newest and newest[0] != update:
                self.record_group(group, epoch, update, None if passes is None else passes[i])

    def record_group(self, group: Group, epoch: int, update: int, train: ForwardPass | None = None) -> None:
        """Append the current state to the histories of the lanes in one group."""
        passes = self._passes(group, train)
        if self._watched:
            for lane, replicas, rows in group.lanes:
                if lane.only is None and lane.timeline.takes(epoch):
                    lane.timeline.keep(epoch, lane, replicas, group.last_step(as_slice(rows)), self._parts)
        for lanes, rows in group.read_alike:
            if not lanes[0].kinds:
                continue
            if not lanes[0].has_replicas:
                for lane, values in zip(lanes, self._read(lanes, group, rows, passes), strict=True):
                    lane.history.append(epoch, update, lane.columns, values)
                continue
            (lane,) = lanes
            table = self._table(lane, group.replicas_of(lane), group, rows, passes)
            lane.history.append(epoch, update, lane.spread_columns, spread(table))
            if lane.replica_history is not None and not (self._watched and epoch % _stride(epoch)):
                lane.replica_history.append(epoch, update, lane.replica_columns, table.ravel().tolist())

    def readings(self, lane: Lane, groups: Sequence[Group], replica: int | None = None) -> dict[str, float] | None:
        """Return the current columns of a lane, without recording them; None if none of its networks is running.

        For several networks, medians and quartiles; with `replica`, only the columns of that one.
        """
        if not lane.kinds:  # all of it is known from an earlier run
            return {}
        for group in groups:
            for member, replicas, rows in group.lanes:
                if member is not lane or (replica is not None and lane.replicas[replica] not in replicas):
                    continue
                passes = self._passes(group)
                if not lane.has_replicas:
                    (values,) = self._read([lane], group, rows, passes)
                    return dict(zip(lane.columns, values, strict=True))
                table = self._table(lane, replicas, group, rows, passes)
                if replica is not None:
                    return dict(zip(lane.columns, table[:, replica].tolist(), strict=True))
                return dict(zip(lane.spread_columns, spread(table), strict=True))
        return None

    def _passes(self, group: Group, train: ForwardPass | None = None) -> list[tuple[ForwardPass, Samples]]:
        """Return the pass over the training part, and over the test part if there is one."""
        passes = [(group.forward(self._train.X) if train is None else train, self._train)]
        if len(self._test):
            passes.append((group.forward(self._test.X, _TEST), self._test))
        return passes

    def _read(
        self, lanes: Sequence[Lane], group: Group, rows: Rows, passes: list[tuple[ForwardPass, Samples]]
    ) -> list[list[float]]:
        """Return the column values of each lane; the lanes have one network each, and the same readings."""
        first, weights = lanes[0], group.net.weights
        penalty: float | Array = first.penalty(first.replicas[0].theta, weights)
        if len(lanes) > 1:
            penalty = np.array([lane.penalty(lane.replicas[0].theta, weights) for lane in lanes])
        values: list[float | Array] = []
        for forward, samples in passes:
            Z, A = forward.Z[-1][rows], forward.A[-1][rows]
            read = [first.reading(name, kind, Z, A, samples, group.output) for name, kind in first.kinds]
            values += [*self._costs(first, read, penalty, samples), *read]
        if len(lanes) == 1:
            return [values]  # type: ignore[list-item]  # of one network, all are numbers
        table: list[list[float]] = np.array(values).T.tolist()
        return table

    def _costs(
        self, lane: Lane, read: Sequence[float | Array], penalty: float | Array, samples: Samples
    ) -> list[float | Array]:
        """Return the cost, the first reading plus the penalty, and over the training part the penalty too."""
        if lane.only is not None:
            return []
        return [read[0] + penalty, penalty] if samples is self._train else [read[0] + penalty]

    def _table(
        self, lane: Lane, replicas: list[Replica], group: Group, rows: Rows, passes: list[tuple[ForwardPass, Samples]]
    ) -> Array:
        """Return the values (columns, replicas) of a lane's networks; nan for those that have stopped."""
        penalties = lane.penalties(group.rows[slice(None) if group.alone else rows], group.net.weights)
        values: list[float | Array] = []
        for forward, samples in passes:
            last = forward.Z[-1], forward.A[-1]
            Z, A = (array[rows].reshape(len(replicas), *array.shape[-2:]) for array in last)
            read = [lane.reading(name, kind, Z, A, samples, group.output) for name, kind in lane.kinds]
            values += [*self._costs(lane, read, penalties, samples), *read]
        table = np.full((len(values), len(lane.replicas)), np.nan)
        table[:, [replica.number for replica in replicas]] = values
        return table


def _stride(epoch: int) -> int:
    """Return the epochs between records of all replicas: longer over time, about 1,000 records per doubling."""
    return 1 << max(0, epoch.bit_length() - 11)
