"""The registry of the lenses: each is a view of why a lane learns as it does."""

from __future__ import annotations

from typing import Any

from sandbox.ui.lens.base import Lens
from sandbox.ui.lens.check import CheckLens
from sandbox.ui.lens.equations import EquationsLens
from sandbox.ui.lens.findings import FindingsLens
from sandbox.ui.lens.sample import SampleLens
from sandbox.ui.lens.signal import SignalLens
from sandbox.ui.lens.update import UpdateLens
from sandbox.ui.lens.whatif import WhatIfLens

LENSES: tuple[type[Lens[Any]], ...] = (
    EquationsLens,
    SignalLens,
    WhatIfLens,
    SampleLens,
    UpdateLens,
    CheckLens,
    FindingsLens,
)

__all__ = ["LENSES", "Lens"]
