"""Points of one's own, drawn into the boundary view: the bar of tools, what the mouse does, and the strokes."""

from sandbox.ui.drawing.desk import DrawingDesk

__all__ = ["DrawingDesk"]
