"""The sweep in the window: a dialog, and the thread that hands its cells to processes."""

from sandbox.ui.sweep.dialog import SweepDialog

__all__ = ["SweepDialog"]
