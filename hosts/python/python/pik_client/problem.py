"""Why an event is refused: codes, places and messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong, where, and what to do about it."""

    code: str
    """A word that a program can match on. `not_json` and `unsafe_integer` are this package's own."""
    path: str
    """A JSON Pointer (RFC 6901) to the place, `""` for the whole event."""
    message: str
    """For a person. Never quotes a value."""

    def __str__(self) -> str:
        where = f" at {self.path}" if self.path else ""
        return f"{self.code}{where}: {self.message}"


class EventRejected(ValueError):
    """The event breaks the contract; sending it again changes nothing."""

    errors: tuple[Problem, ...]
    """Everything that is wrong."""

    def __init__(self, errors: Iterable[tuple[str, str, str]]) -> None:
        self.errors = tuple(Problem(*error) for error in errors)
        # What it was made of stays its argument, so that it can be pickled.
        super().__init__(self.errors)

    def __str__(self) -> str:
        return "; ".join(map(str, self.errors))
