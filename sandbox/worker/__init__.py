"""The training thread, and how the window communicates with it."""

from sandbox.worker.thread import SLOWEST_SPEED, TrainerThread

__all__ = ["SLOWEST_SPEED", "TrainerThread"]
