"""The pictures of a run: saved, of one size, and true to what was learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from sandbox.experiment import Experiment, Trainer
from sandbox.ui import pictures, theme

Pixels = NDArray[np.int64]

SMALL = "[data]\nsamples = 60\n[network]\nhidden = [3]\n"


def trained(text: str, epochs: int) -> Trainer:
    trainer = Trainer(Experiment.loads(text))
    trainer.run(epochs)
    return trainer


def pixels(path: Path) -> Pixels:
    """Return the picture as (height, width, 3): red, green, blue."""
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return raw[..., 2::-1].astype(np.int64)


def plot_half(picture: Pixels, side: str) -> Pixels:
    """Return the left or right half of the lower three quarters, without the axes."""
    height, width = picture.shape[:2]
    columns = slice(width // 8, width // 2) if side == "left" else slice(width // 2, width - width // 16)
    return picture[height // 4 : height - height // 8, columns]


def blue_over_red(picture: Pixels) -> float:
    return float((picture[..., 2] - picture[..., 0]).mean())


@pytest.mark.parametrize(
    "data",
    [
        'dataset = "moons"',
        'dataset = "blobs"',
        'dataset = "plane"',
        'dataset = "sine"',
        'dataset = "one_point"',
        'dataset = "iris"',
        'dataset = "moons"\nfeatures = ["x1", "x2", "x1^2", "x1*x2"]',
    ],
)
def test_every_kind_of_data_has_its_pictures(qapp: QApplication, tmp_path: Path, data: str) -> None:
    trainer = trained(f"[data]\n{data}\n[network]\nhidden = [3]\n[optimizer]\nlearning_rate = 0.01", 3)
    names = pictures.save_pictures(trainer, tmp_path)
    assert names == ["costs.png", "boundary-A.png"]
    for name in names:
        picture = pixels(tmp_path / name)
        assert picture.shape[1] == 2400 and picture.shape[0] >= 1800
        assert len(np.unique(picture[::7, ::7] @ [65536, 256, 1])) > 20


def test_the_boundary_shows_which_side_is_which(qapp: QApplication, tmp_path: Path) -> None:
    """A single unit without a hidden layer, set by hand: class 1, blue, where x1 is above 0."""
    text = '[data]\ndataset = "gaussians"\n[network]\nhidden = []\n[run]\nepochs = 0'
    for slope in (4.0, -4.0):
        trainer = Trainer(Experiment.loads(text))
        trainer.set_parameters({"W1": np.array([[slope, 0.0]]), "b1": np.zeros(1)})
        pictures.save_pictures(trainer, tmp_path)
        picture = pixels(tmp_path / "boundary-A.png")
        difference = blue_over_red(plot_half(picture, "right")) - blue_over_red(plot_half(picture, "left"))
        assert np.sign(slope) * difference > 50.0


def test_the_costs_are_drawn_in_the_colours_of_their_lanes(qapp: QApplication, tmp_path: Path) -> None:
    lanes = '[[lanes]]\nname = "A"\n[[lanes]]\nname = "B"\nloss.objective = "mse"\n'
    pictures.save_pictures(trained(SMALL + lanes, 40), tmp_path)
    picture = pixels(tmp_path / "costs.png")
    for colour in theme.LIGHT.lanes[:2]:
        wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert (plot_half(picture, "right") == wanted).all(axis=-1).sum() > 500


def test_costs_of_zero_and_below_are_drawn_too(qapp: QApplication, tmp_path: Path) -> None:
    (tmp_path / "counts.csv").write_text("x,y\n" + "".join(f"{k},{8.5 + k % 5}\n" for k in range(40)))
    text = (
        '[data]\nfile = "counts.csv"\n[network]\nhidden = []\noutput = "exp"\n'
        '[loss]\nobjective = "poisson"\n[optimizer]\nlearning_rate = 0.01\n'
    )
    trainer = Trainer(Experiment.loads(text, folder=tmp_path))
    trainer.run(60)
    _, values = trainer.history().column("train_poisson")
    assert values[-1] < 0.0 < values[0]
    pictures.save_pictures(trainer, tmp_path)
    colour = [int(theme.LIGHT.lanes[0][i : i + 2], 16) for i in (1, 3, 5)]
    drawn = (plot_half(pixels(tmp_path / "costs.png"), "right") == colour).all(axis=-1)
    assert drawn.any(axis=0).mean() > 0.9


def test_a_long_legend_takes_no_room_from_the_curves(qapp: QApplication, tmp_path: Path) -> None:
    lanes = "".join(f'[[lanes]]\nname = "lane {k}"\n' for k in range(9))
    pictures.save_pictures(trained(SMALL + lanes, 2), tmp_path)
    assert pixels(tmp_path / "costs.png").shape[0] > 1900


def test_infinite_outputs_have_no_picture(qapp: QApplication, tmp_path: Path) -> None:
    text = '[data]\ndataset = "sine"\nsamples = 20\n[network]\nhidden = []\noutput = "exp"\n'
    trainer = Trainer(Experiment.loads(text))
    trainer.set_parameters({"W1": np.zeros((1, 1)), "b1": np.array([1e4])})
    assert pictures.save_pictures(trainer, tmp_path) == ["costs.png"]
    assert not (tmp_path / "boundary-A.png").exists()


def test_the_current_theme_is_kept(qapp: QApplication, tmp_path: Path) -> None:
    before = theme.current(), theme.scale()
    theme.apply(qapp, theme.DARK, 1.4)
    try:
        pictures.save_pictures(trained(SMALL, 1), tmp_path)
        assert (theme.current(), theme.scale()) == (theme.DARK, 1.4)
    finally:
        theme.apply(qapp, *before)
    corner = pixels(tmp_path / "boundary-A.png")[2, 2]
    assert corner.tolist() == [255, 255, 255]


def test_a_missing_folder_is_an_error(qapp: QApplication, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"costs\.png"):
        pictures.save_pictures(trained(SMALL, 1), tmp_path / "gone")
