"""What every loss, metric, activation, initialiser and optimiser has: a name, a label, a summary."""

from __future__ import annotations

from typing import ClassVar

from sandbox import words


class Kind:
    """One entry of a registry.

    Attributes
    ----------
    name : str
        Registry key, and its name in experiment files.
    label, summary : str
        Its name for people, and one sentence about it.
    has_proper_name : bool
        Whether the label begins with a proper name, capitalised within a sentence too.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str]
    has_proper_name: ClassVar[bool] = False

    @classmethod
    def label_within(cls) -> str:
        """Return the label as written within a sentence."""
        return cls.label if cls.has_proper_name else words.within(cls.label)
