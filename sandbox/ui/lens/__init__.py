"""The lenses: one view each of why a lane learns as it does, registered here."""

from __future__ import annotations

from sandbox.ui.lens.base import Lens

LENSES: tuple[type[Lens], ...] = ()

__all__ = ["LENSES", "Lens"]
