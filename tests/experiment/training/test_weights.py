"""Files of weights: what was saved is loaded to the bit, and anything else is refused in one clear sentence."""

from __future__ import annotations

import io
import re
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from sandbox.errors import InputError
from sandbox.experiment import Experiment, Trainer
from sandbox.experiment.training.weights import assign_parameters, load_weights, save_weights
from sandbox.nn.network import layer_views, parameter_count

SIZES = (2, 3, 1)
GOOD = {
    "W1": np.arange(6.0).reshape(3, 2), "b1": np.array([0.1, 0.2, 0.3]),
    "W2": np.array([[1.0, -2.0, 1e-300]]), "b2": np.array([4.0]),
}  # fmt: skip
NAMES = "W1, b1, W2, b2"


def test_saved_weights_are_loaded_to_the_bit(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    save_weights(path, GOOD)
    W, b = layer_views(load_weights(path, SIZES), SIZES)
    for l in (1, 2):
        np.testing.assert_array_equal(W[l - 1], GOOD[f"W{l}"])
        np.testing.assert_array_equal(b[l - 1][0], GOOD[f"b{l}"])


def test_numpy_reads_saved_weights_under_exactly_these_names(tmp_path: Path) -> None:
    save_weights(tmp_path / "no ending", GOOD)
    with np.load(tmp_path / "no ending") as file:
        assert sorted(file.files) == sorted(GOOD)
        assert all(np.array_equal(file[name], value) for name, value in GOOD.items())


@pytest.mark.parametrize("how", [np.savez, np.savez_compressed])
def test_any_file_that_numpy_writes_is_read(tmp_path: Path, how: Callable[..., None]) -> None:
    rounded = {key: np.round(value).astype(kind) for (key, value), kind in zip(
        GOOD.items(), (np.int8, np.float32, np.int64, np.uint16), strict=True
    )}  # fmt: skip
    how(tmp_path / "w.npz", **rounded)
    W, b = layer_views(load_weights(tmp_path / "w.npz", SIZES), SIZES)
    np.testing.assert_array_equal(W[0], GOOD["W1"])
    np.testing.assert_array_equal(b[1][0], [4.0])


def test_an_experiment_starts_from_its_file_and_lanes_from_theirs(tmp_path: Path) -> None:
    save_weights(tmp_path / "one.npz", GOOD)
    save_weights(tmp_path / "other.npz", {key: -value for key, value in GOOD.items()})
    text = """
    [network]
    hidden = [3]
    weights = "one.npz"
    [[lanes]]
    name = "A"
    [[lanes]]
    name = "B"
    network.weights = "other.npz"
    """
    trainer = Trainer(Experiment.loads(text, folder=tmp_path))
    for key, value in GOOD.items():
        np.testing.assert_array_equal(trainer.parameters("A")[key], value)
        np.testing.assert_array_equal(trainer.parameters("B")[key], -value)


def test_a_run_continues_from_the_weights_of_another(tmp_path: Path) -> None:
    """Gradient descent remembers nothing, so two runs of 5 are one of 10."""
    experiment = Experiment(folder=tmp_path).with_values({"data.samples": 40})
    first, whole = Trainer(experiment), Trainer(experiment)
    first.run(5)
    whole.run(10)
    save_weights(tmp_path / "w.npz", first.parameters())
    second = Trainer(experiment.with_value("network.weights", "w.npz"))
    second.run(5)
    for key, value in whole.parameters().items():
        np.testing.assert_array_equal(second.parameters()[key], value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"W3": np.zeros(1)}, f"there is no W3 in this network; it has exactly {NAMES}"),
        ({"b2": None}, f"b2 is missing; this network has exactly {NAMES}"),
        ({"W1": np.zeros((2, 3))}, "W1 has shape (2, 3); this network needs (3, 2)"),
        ({"b1": np.zeros((3, 1))}, "b1 has shape (3, 1); this network needs (3,)"),
        ({"b2": np.array([np.nan])}, "b2 has values other than finite numbers"),
        ({"b2": np.array([-np.inf])}, "b2 has values other than finite numbers"),
        ({"b2": np.array(["4"])}, "b2 has values other than finite numbers"),
        ({"b2": np.array([True])}, "b2 has values other than finite numbers"),
        ({"b2": np.array([1j])}, "b2 has values other than finite numbers"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    wrong = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    path = tmp_path / "w.npz"
    np.savez(path, **wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=re.escape(message)) as error:
        load_weights(path, SIZES)
    assert str(error.value).startswith(str(path))
    theta = np.full(parameter_count(SIZES), 7.0)
    with pytest.raises(InputError, match=re.escape(message)):
        assign_parameters(theta, SIZES, wrong, "the parameters")
    assert (theta == 7.0).all()


def test_values_beyond_single_precision(tmp_path: Path) -> None:
    save_weights(tmp_path / "w.npz", {**GOOD, "b2": np.array([1e300])})
    experiment = Experiment(folder=tmp_path).with_values({"network.hidden": (3,), "network.weights": "w.npz"})
    assert Trainer(experiment).parameters()["b2"] == 1e300
    single = experiment.with_value("run.precision", "float32")
    with pytest.raises(InputError, match="b2 has values too large for float32"):
        Trainer(single)
    trainer = Trainer(single.with_value("network.weights", None))
    with pytest.raises(InputError, match="too large for float32"):
        trainer.set_parameters({**GOOD, "b2": np.array([1e300])})
    trainer.run(1)
    assert trainer.running


def text(path: Path) -> None:
    path.write_text("W1, b1\n1, 2\n")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def single_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, GOOD["W1"])


def pickled(path: Path) -> None:
    np.savez(path, **{**GOOD, "W1": np.full((3, 2), {}, dtype=object)})


def cut_short(path: Path) -> None:
    save_weights(path, GOOD)
    path.write_bytes(path.read_bytes()[:-80])


def flipped(path: Path) -> None:
    np.savez_compressed(path, **{key: np.random.default_rng(0).normal(size=value.shape) for key, value in GOOD.items()})
    data = bytearray(path.read_bytes())
    data[60:110] = bytes(255 - byte for byte in data[60:110])
    path.write_bytes(bytes(data))


def crowded(path: Path) -> None:
    """A list of members that is longer than any network's."""
    with zipfile.ZipFile(path, "w") as file:
        for number in range(1_001):
            file.writestr(f"W{number}.npy", b"")


def swollen(path: Path) -> None:
    """An array of the right shape, and zeros after it that pack well."""
    write_members(path, {"b2.npy": npy_bytes(GOOD["b2"]) + bytes(3_000_000)})


def squeezed(path: Path) -> None:
    """Members packed in a way that is unpacked as a whole, however much that is."""
    write_members(path, {}, zipfile.ZIP_BZIP2)


def odd_header(path: Path) -> None:
    """A header that Python's own tokenizer fails on."""
    header = b"{'descr': '<f8', 'shape': (3, 2), (\n"
    write_members(path, {"W1.npy": b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header})


def npy_bytes(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def write_members(path: Path, changed: Mapping[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", packing) as file:
        for name, content in {**{f"{key}.npy": npy_bytes(value) for key, value in GOOD.items()}, **changed}.items():
            file.writestr(name, content)


def locked(path: Path) -> None:
    """A zip file whose entry says that it is encrypted."""
    save_weights(path, GOOD)
    data = bytearray(path.read_bytes())
    for mark, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + flag] |= 1
            at = data.find(mark, at + 1)
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    "write",
    [text, empty, single_array, pickled, cut_short, flipped, crowded, swollen, squeezed, odd_header, locked],
    ids=lambda write: write.__name__,
)
def test_files_that_are_not_weights(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "weights.npz"
    write(path)
    with pytest.raises(InputError) as error:
        load_weights(path, SIZES)
    message = str(error.value)
    assert message == f"{path} is not a weights file: an .npz file with W1, b1, W2, ... is needed."


def test_no_such_file(tmp_path: Path) -> None:
    experiment = Experiment(folder=tmp_path).with_values({"network.weights": "none.npz"})
    with pytest.raises(InputError, match=r"none\.npz: there is no such file\.$"):
        Trainer(experiment)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"W1.npy": (10**9, 10**6)}, "W1 has shape (1000000000, 1000000); this network needs (3, 2)."),
        ({"W1.npy": (2, 3)}, "W1 has shape (2, 3); this network needs (3, 2)."),
        ({"extra.npy": (10**9,)}, f"there is no extra in this network; it has exactly {NAMES}."),
        ({"\x1b[31m.npy": ()}, f"there is no \\x1b[31m in this network; it has exactly {NAMES}."),
    ],
)
def test_nothing_is_unpacked_that_does_not_fit(
    tmp_path: Path, changed: Mapping[str, tuple[int, ...]], message: str
) -> None:
    """A few kilobytes that unpack to 60 MB are refused by their header, in little memory."""
    members = {}
    for name, shape in changed.items():
        header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
        members[name] = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(60_000_000)
    path = tmp_path / "weights.npz"
    write_members(path, members)
    assert path.stat().st_size < 2_000_000
    tracemalloc.start()
    try:
        with pytest.raises(InputError) as error:
            load_weights(path, SIZES)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert str(error.value) == f"{path}: {message}"
