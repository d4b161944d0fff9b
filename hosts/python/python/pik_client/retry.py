"""How long to wait before trying again, and how often to try."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime


@dataclass(frozen=True)
class Retry:
    """Waits double from `first` to `longest` seconds with full jitter."""

    retries: int = 8
    """Tries after the first one. A request that settles at least one event starts the count anew."""
    first: float = 0.2
    """The longest first wait, in seconds."""
    longest: float = 30.0
    """The longest wait of the client's own."""
    longest_asked: float = 120.0
    """The longest wait that a host's `Retry-After` can cause. A host that asks for more is asked earlier."""

    def __post_init__(self) -> None:
        if self.retries < 0:
            raise ValueError("retries is below 0; give a whole number from 0")

    def wait(self, number: int, asked: float | None, random: float) -> float | None:
        """The seconds before retry `number` (from 1); None when there is no such retry.

        `random` is from 0 to 1; clients that failed together do not come back together.
        """
        if number > self.retries:
            return None
        # Beyond 64 doublings every wait is the longest.
        own = min(self.longest, self.first * 2.0 ** min(number - 1, 64))
        return min(asked or 0.0, self.longest_asked) + random * own


def retry_after(header: str | None, now: datetime) -> float | None:
    """The seconds that a `Retry-After` header asks for: it has seconds or a date of HTTP."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        # More digits than any clock needs, and than Python reads.
        return float(text) if len(text) < 300 else float("inf")
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=timezone.utc)
    # A date that has passed asks for no wait.
    return max(0.0, (date - now).total_seconds())
