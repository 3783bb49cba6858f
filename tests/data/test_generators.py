"""Generators against their closed forms and against published data."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sandbox.data import DATASETS, load_data
from sandbox.data.generators import GENERATORS
from sandbox.errors import InputError

Array = NDArray[np.float64]

BINARY = ("moons", "circles", "xor", "gaussians", "spiral", "checkerboard", "rings", "imbalanced")
MULTICLASS = ("blobs", "spirals")
REGRESSION = ("line_with_outliers", "sine", "plane", "hills")


def all_samples(name: str, **settings: object) -> tuple[Array, NDArray[Any]]:
    """Return all samples of a generator, unscaled, and their targets (m,)."""
    data = load_data(dataset=name, test_fraction=0, standardize=False, **settings)  # type: ignore[arg-type]
    return data.X_train, data.y_train.ravel()


def test_every_generator_exists() -> None:
    assert set(GENERATORS) == {*BINARY, *MULTICLASS, *REGRESSION, "flower", "one_point"}


@pytest.mark.parametrize("name", sorted(set(GENERATORS) - {"one_point"}))
def test_shape_task_and_defaults(name: str) -> None:
    dataset = DATASETS[name]
    X, y = all_samples(name)
    assert X.shape == (dataset.samples, len(dataset.features))
    assert y.shape == (dataset.samples,)
    assert np.isfinite(X).all() and np.isfinite(y).all()
    data = load_data(dataset=name)
    assert (data.task, data.feature_names, data.target_names) == (dataset.task, dataset.features, ("y",))
    assert (dataset.seed, dataset.scaled, dataset.tested) == (1, True, True)


@pytest.mark.parametrize("name", sorted(set(GENERATORS) - {"one_point"}))
def test_the_seed_alone_decides(name: str) -> None:
    X, y = all_samples(name, seed=5)
    X_again, y_again = all_samples(name, seed=5)
    X_other, _ = all_samples(name, seed=6)
    assert np.array_equal(X, X_again) and np.array_equal(y, y_again)
    assert not np.array_equal(X, X_other)


@pytest.mark.parametrize("name", sorted(set(GENERATORS) - {"one_point"}))
@pytest.mark.parametrize("samples", [41, 100])
def test_the_number_of_samples_is_exact(name: str, samples: int) -> None:
    assert all_samples(name, samples=samples)[0].shape[0] == samples


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.9])
def test_fraction_is_the_share_of_class_1(name: str, fraction: float) -> None:
    _, y = all_samples(name, samples=200, fraction=fraction)
    assert Counter(y.tolist()) == {0: 200 - round(200 * fraction), 1: round(200 * fraction)}


def test_the_imbalanced_pair_is_imbalanced_by_default() -> None:
    _, y = all_samples("imbalanced")
    assert y.mean() == pytest.approx(0.1)


@pytest.mark.parametrize("name", MULTICLASS)
@pytest.mark.parametrize("classes", [2, 7, 20])
def test_classes_are_as_even_as_possible(name: str, classes: int) -> None:
    data = load_data(dataset=name, samples=100, classes=classes, test_fraction=0)
    sizes = Counter(data.y_train.tolist())
    assert sorted(sizes) == list(range(classes))
    assert max(sizes.values()) - min(sizes.values()) <= 1
    assert data.class_names == tuple(map(str, range(classes)))
    assert data.task == ("binary" if classes == 2 else "multiclass")


def test_flower_is_the_published_data() -> None:
    """Planar data of deeplearning.ai, course 1, week 3: first point, sum of all coordinates, label order."""
    X, y = all_samples("flower")
    assert X.shape == (400, 2)
    assert X[0] == pytest.approx((1.20444229, 3.57611415), abs=5e-9)
    assert X.sum() == pytest.approx(10.087983277, abs=5e-10)
    assert y.tolist() == [0] * 200 + [1] * 200


def test_one_point() -> None:
    data = load_data(dataset="one_point", test_fraction=0.5, standardize=True)
    assert data.X_train.tolist() == [[1.0]] and data.y_train.tolist() == [0]
    assert (data.task, data.class_names, data.X_test.shape) == ("binary", ("0", "1"), (0, 1))
    assert (data.mean.tolist(), data.scale.tolist()) == ([0.0], [1.0])
    dataset = DATASETS["one_point"]
    assert (dataset.scaled, dataset.tested, dataset.takes) == (False, False, frozenset())


def test_settings_of_each_generator() -> None:
    for name in BINARY:
        assert DATASETS[name].takes == {"samples", "noise", "fraction"}
    for name in MULTICLASS:
        assert DATASETS[name].takes == {"samples", "noise", "classes"}
    for name in (*REGRESSION, "flower"):
        assert DATASETS[name].takes == {"samples", "noise"}


# Without noise every point lies on the formula.


def test_moons_are_half_circles() -> None:
    X, y = all_samples("moons", noise=0)
    outer, inner = X[y == 0], X[y == 1] - (1.0, 0.5)
    assert np.hypot(*outer.T) == pytest.approx(1.0) and (outer[:, 1] >= 0).all()
    assert np.hypot(*inner.T) == pytest.approx(1.0) and (inner[:, 1] <= 0).all()


def test_moons_have_the_given_noise() -> None:
    exact, _ = all_samples("moons", samples=20_000, noise=0)
    noisy, _ = all_samples("moons", samples=20_000, noise=0.16)
    assert (noisy - exact).std() == pytest.approx(0.16, rel=0.02)


def test_circles_and_rings_have_their_radii() -> None:
    X, y = all_samples("circles", noise=0)
    assert np.hypot(*X.T) == pytest.approx(np.where(y == 0, 1.0, 0.5))
    X, y = all_samples("rings", noise=0)
    radii = np.hypot(*X.T).round(9)
    assert set(radii[y == 0]) == {1.0, 3.0} and set(radii[y == 1]) == {2.0, 4.0}


def test_xor_is_the_sign_of_the_product() -> None:
    X, y = all_samples("xor", noise=0)
    assert np.array_equal(y == 1, X.prod(axis=1) < 0)
    assert len({tuple(row) for row in np.sign(X)}) == 4


def test_checkerboard_is_a_parity_on_sixteen_squares() -> None:
    X, y = all_samples("checkerboard", noise=0)
    cells = np.floor(X).astype(int)
    assert np.array_equal(cells.sum(axis=1) % 2, y)
    assert {tuple(cell) for cell in cells} == {(i, j) for i in range(-2, 2) for j in range(-2, 2)}


@pytest.mark.parametrize(("name", "centres"), [("gaussians", (-1.0, 1.0)), ("imbalanced", (0.0, 1.5))])
def test_clouds_shrink_to_their_centres(name: str, centres: tuple[float, float]) -> None:
    X, y = all_samples(name, noise=0)
    for label, centre in enumerate(centres):
        assert (X[y == label] == centre).all()


@pytest.mark.parametrize(("name", "arms", "turns"), [("spiral", 2, 1.5), ("spirals", 5, 1.0)])
def test_spiral_angles_follow_the_radius(name: str, arms: int, turns: float) -> None:
    X, y = all_samples(name, noise=0, **({"classes": arms} if arms != 2 else {}))
    angle = 2 * np.pi * (turns * np.hypot(*X.T) + y / arms)
    assert np.exp(1j * np.arctan2(X[:, 1], X[:, 0])) == pytest.approx(np.exp(1j * angle))


def test_blobs_lie_on_a_circle() -> None:
    X, y = all_samples("blobs", noise=0, classes=4)
    for label, centre in enumerate([(2, 0), (0, 2), (-2, 0), (0, -2)]):
        assert X[y == label] == pytest.approx(np.tile(centre, (75, 1)), abs=1e-12)


def test_regression_surfaces() -> None:
    X, y = all_samples("sine", noise=0)
    assert y == pytest.approx(np.sin(X[:, 0])) and X.min() < -3 and X.max() > 3
    X, y = all_samples("plane", noise=0)
    assert y == pytest.approx(X[:, 0] - X[:, 1] / 2)
    X, y = all_samples("hills", noise=0)
    x1, x2 = X.T
    hill, hollow = (np.exp(-((x1 - c) ** 2) - (x2 - c) ** 2) for c in (1, -1))
    assert y == pytest.approx(hill - hollow)


def test_a_tenth_of_the_points_are_outliers() -> None:
    X, y = all_samples("line_with_outliers", noise=0, samples=200)
    above = y - (X[:, 0] / 2 + 1)
    lifted = above > 1
    assert lifted.sum() == 20
    assert above[~lifted] == pytest.approx(0) and above[lifted].min() >= 4 and above[lifted].max() <= 8


def test_a_class_without_samples_is_refused() -> None:
    with pytest.raises(InputError, match=r"^data.fraction 0.01 of 10 samples leaves a class without samples"):
        load_data(dataset="moons", samples=10, fraction=0.01)
    with pytest.raises(InputError, match=r"^data.samples is 5; with 9 classes at least 9 are needed\.$"):
        load_data(dataset="blobs", samples=5, classes=9)


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("samples", 3, "data.samples is 3, but must be a whole number from 4 to 100,000."),
        ("samples", 100_001, "data.samples is 100001, but must be a whole number from 4 to 100,000."),
        ("samples", 10.5, "data.samples is 10.5, but must be a whole number from 4 to 100,000."),
        ("classes", 21, "data.classes is 21, but must be a whole number from 2 to 20."),
        ("noise", -0.1, "data.noise is -0.1, but must be a number from 0.0 to 10.0."),
        ("noise", float("nan"), "data.noise is nan, but must be a number from 0.0 to 10.0."),
        ("noise", "loud", "data.noise is 'loud', but must be a number from 0.0 to 10.0."),
        ("fraction", 1.0, "data.fraction is 1.0, but must be a number from 0.01 to 0.99."),
        ("test_fraction", 0.95, "data.test_fraction is 0.95, but must be a number from 0.0 to 0.9."),
        ("seed", -1, "data.seed is -1, but must be a whole number from 0 to 4,294,967,295."),
        ("seed", True, "data.seed is True, but must be a whole number from 0 to 4,294,967,295."),
        (
            "task",
            "classify",
            'data.task is "classify"; did you mean "multiclass"? Available: auto, binary, multiclass,',
        ),
        ("dataset", "moon", 'There is no data set "moon"; did you mean "moons"? Available: moons, circles,'),
        ("features", [], "data.features is an empty list; name at least one column, or leave it out."),
        ("features", ["x1", "x2", "x1"], 'data.features names "x1" twice; once is enough.'),
        ("target", "x1", 'moons has no target "x1"; available: y.'),
    ],
)
def test_settings_out_of_range(setting: str, value: object, message: str) -> None:
    with pytest.raises(InputError) as error:
        load_data(**{setting: value})  # type: ignore[arg-type]
    assert str(error.value).startswith(message)
