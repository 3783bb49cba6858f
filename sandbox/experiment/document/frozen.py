"""An immutable mapping that can be pickled and compares by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class FrozenMapping(Mapping[K, T], Generic[K, T]):
    """A read-only copy of a mapping, in the same order (types.MappingProxyType cannot be pickled)."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[K, T] | None = None) -> None:
        self._items: dict[K, T] = dict(items or {})

    def __getitem__(self, key: K) -> T:
        return self._items[key]

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"FrozenMapping({self._items})"
