"""The settings panels on the left. They show an experiment and ask for changes to it."""

from sandbox.ui.panels.base import Change, Panel
from sandbox.ui.panels.column import PanelColumn
from sandbox.ui.panels.data import DataPanel
from sandbox.ui.panels.lane import LanePanel
from sandbox.ui.panels.loss import LossPanel
from sandbox.ui.panels.network import NetworkPanel
from sandbox.ui.panels.optimizer import OptimizerPanel

__all__ = ["Change", "DataPanel", "LanePanel", "LossPanel", "NetworkPanel", "OptimizerPanel", "Panel", "PanelColumn"]
