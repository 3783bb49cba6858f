"""Two lanes side by side: the proof, who gets there first, and fair learning rates."""

from sandbox.ui.pair.panel import PairPanel

__all__ = ["PairPanel"]
