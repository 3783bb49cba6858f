"""The thread that trains, and how the window talks with it."""

from sandbox.worker.thread import SLOWEST_SPEED, TrainerThread

__all__ = ["SLOWEST_SPEED", "TrainerThread"]
