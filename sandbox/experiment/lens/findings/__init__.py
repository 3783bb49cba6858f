"""Why a lane stopped, or learns slowly: named findings from its numbers, each with evidence and a control.

A finding is a function of the probe that returns its evidence, or None; the table `FINDINGS` lists them all. Each
must stay silent on a run that goes well. `Debounced` decides which of them are shown, so that none flickers.
"""

from sandbox.experiment.lens.findings.debounced import Debounced
from sandbox.experiment.lens.findings.report import Control, Finding, FindingKind, Findings, Report
from sandbox.experiment.lens.findings.table import FINDINGS, AskFindings, find_all, looked_for

__all__ = [
    "FINDINGS",
    "AskFindings",
    "Control",
    "Debounced",
    "Finding",
    "FindingKind",
    "Findings",
    "Report",
    "find_all",
    "looked_for",
]
