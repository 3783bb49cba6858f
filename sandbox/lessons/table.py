"""Reading a table of a lesson key by key, with one clear error for anything wrong."""

from __future__ import annotations

from typing import Any

from sandbox import words
from sandbox.errors import input_error


class Table:
    """A TOML table with known keys; each method reads one.

    Raises
    ------
    InputError
        From every method, and at once for a key that is not known.
    """

    def __init__(self, values: dict[str, Any], where: str, known: tuple[str, ...]) -> None:
        self._values, self._where = values, where
        for key in values:
            if key not in known:
                raise input_error(where, f"{key} is not known; {words.known_names(key, known)}.")

    def _take(self, key: str, kind: type, what: str, default: Any) -> Any:
        value = self._values.get(key, default)
        if value is None:
            raise input_error(self._where, f"{key} is missing; it must be {what}.")
        if value is not default and (not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool)):
            raise input_error(self._where, f"{key} is {value!r}, but must be {what}.")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text, which must be there if it has no default."""
        value: str = self._take(key, str, "text", default)
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of texts, which must be there if it has no default."""
        values = self._take(key, list, "a list of texts", default)
        if not all(isinstance(value, str) for value in values):
            raise input_error(self._where, f"{key} is {values!r}, but must be a list of texts.")
        return tuple(values)

    def name(self, key: str, known: tuple[str, ...]) -> str:
        """Return one of the known names, "" if the key is not there."""
        value = self.text(key, "")
        if value and value not in known:
            raise input_error(self._where, f'{key} is "{value}"; {words.known_names(value, known)}.')
        return value

    def number(self, key: str, default: int, low: int, high: int) -> int:
        """Return a whole number within bounds."""
        value: int = self._take(key, int, f"a whole number from {low:,} to {high:,}", default)
        if not low <= value <= high:
            raise input_error(self._where, f"{key} is {value:,}, but must be a whole number from {low:,} to {high:,}.")
        return value

    def flag(self, key: str) -> bool:
        """Return true or false; false if the key is not there."""
        value: bool = self._take(key, bool, "true or false", False)
        return value

    def flat(self, key: str) -> dict[str, Any]:
        """Return settings by dotted key, written dotted or as tables."""
        values = self._take(key, dict, "a table of settings", {})
        flat: dict[str, Any] = {}
        for name, value in values.items():
            flat |= (
                {f"{name}.{rest}": entry for rest, entry in value.items()} if isinstance(value, dict) else {name: value}
            )
        return flat

    def table(self, key: str, known: tuple[str, ...]) -> Table | None:
        """Return a table within; None if the key is not there."""
        if key not in self._values:
            return None
        return Table(self._take(key, dict, "a table", None), f"{self._where}, {key}", known)

    def tables(self, key: str, known: tuple[str, ...]) -> list[Table]:
        """Return a list of tables within."""
        values = self._take(key, list, "a list of tables", [])
        if not all(isinstance(value, dict) for value in values):
            raise input_error(self._where, f"{key} is {values!r}, but must be a list of tables.")
        return [Table(value, f"{self._where}, {key} {i}", known) for i, value in enumerate(values, start=1)]
