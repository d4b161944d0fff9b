"""What clients do, without doing it: steps that a driver takes, with or without `await`."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """Send this, and go on with the reply."""

    method: Literal["GET", "POST"]
    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Pause:
    """Wait this long, and go on with nothing."""

    seconds: float


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class NoAnswer:
    """None came: no connection, no DNS name, a certificate that is not trusted, or a time-out."""

    why: str


Step = Request | Pause
Came = Reply | NoAnswer | None
Steps = Generator[Step, Came, T]
"""Steps that end in a T."""
