"""In front of a room: what stays on screen, and a blank screen, a ring around the mouse, a pen and a countdown."""

from sandbox.ui.presenting.presentation import Presentation
from sandbox.ui.presenting.tools import Tools

__all__ = ["Presentation", "Tools"]
