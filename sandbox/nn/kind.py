"""What every loss, metric, activation, initialiser and optimiser says of itself."""

from __future__ import annotations

from typing import ClassVar

from sandbox import words


class Kind:
    """One entry of a registry.

    Attributes
    ----------
    name : str
        Registry key: what an experiment file calls it.
    label, summary : str
        What people call it, and one sentence about it.
    has_proper_name : bool
        Whether the label begins with a name, which has a capital within a sentence too.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str]
    has_proper_name: ClassVar[bool] = False

    @classmethod
    def label_within(cls) -> str:
        """Return the label as it stands within a sentence."""
        return cls.label if cls.has_proper_name else words.within(cls.label)
