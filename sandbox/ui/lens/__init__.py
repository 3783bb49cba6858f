"""The lenses: one view each of why a lane learns as it does, registered here."""

from __future__ import annotations

from sandbox.ui.lens.base import Lens
from sandbox.ui.lens.check import CheckLens
from sandbox.ui.lens.sample import SampleLens

LENSES: tuple[type[Lens], ...] = (SampleLens, CheckLens)

__all__ = ["LENSES", "Lens"]
