"""What became of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pik_client.failure import IngestFailed
from pik_client.problem import Problem


@dataclass(frozen=True)
class Stored:
    """The event is durable: its first occurrence, or seen before."""

    event_id: str
    status: Literal["ACCEPTED", "DUPLICATE"]
    ingest_lag_ms: int
    """Arrival minus event time, of this occurrence; negative for an event from the future."""
    s3_key: str
    """The raw object's key, the first occurrence's for a DUPLICATE."""
    dry_run: bool = False
    """Nothing was written."""


@dataclass(frozen=True)
class Rejected:
    """The event breaks the contract, or a limit of the host."""

    errors: tuple[Problem, ...]
    status: Literal["REJECTED"] = "REJECTED"


@dataclass(frozen=True)
class Failed:
    """The host failed for this event until the tries ran out. Send it again later."""

    errors: tuple[Problem, ...]
    status: Literal["FAILED"] = "FAILED"


@dataclass(frozen=True)
class Open:
    """Nothing is known of the event; `stopped` says why. Send it again later."""

    status: Literal["OPEN"] = "OPEN"


Verdict = Stored | Rejected | Failed | Open


@dataclass(frozen=True)
class BatchAnswer:
    """What became of each event of a batch."""

    results: Sequence[Verdict]
    """One for each event, in order."""
    stopped: IngestFailed | None
    """Why the rest was not sent, when the host is away or refuses everything."""

    @property
    def accepted(self) -> int:
        """How many are stored that were not before."""
        return self._count("ACCEPTED")

    @property
    def duplicate(self) -> int:
        """How many were stored before."""
        return self._count("DUPLICATE")

    @property
    def rejected(self) -> int:
        """How many break the contract."""
        return self._count("REJECTED")

    @property
    def failed(self) -> int:
        """How many are to be sent again: FAILED and OPEN."""
        return self._count("FAILED") + self._count("OPEN")

    def _count(self, status: str) -> int:
        return sum(result.status == status for result in self.results)
