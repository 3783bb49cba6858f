"""What helps in front of a room: a blank screen, a ring around the mouse, a pen and a countdown."""

from sandbox.ui.presenting.tools import Tools

__all__ = ["Tools"]
