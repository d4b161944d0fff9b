"""What a host has recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal


@dataclass(frozen=True)
class Record:
    """One occurrence of an event. Times are texts: Python's datetime has fewer digits than they may have."""

    event_id: str
    source: str
    event_type: str
    entity_id: str
    event_time: str
    ingest_time: str
    ingest_lag_ms: int
    status: Literal["ACCEPTED", "DUPLICATE"]
    raw_bucket: str
    raw_key: str
    raw_size: int
    payload_hash: str
    receipt: str
    """The attempt that wrote this record."""
    contract: int
    finished_time: str | None = None
    """The time under which arrivals list this occurrence, if that is not `ingest_time`."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Record:
        """Reads a record of an answer, which may have more members than are known here."""
        return cls(**{one.name: given[one.name] for one in fields(cls) if one.name in given})


@dataclass(frozen=True)
class Stream:
    """A source and type of which there are events. A host that does not count them knows the names alone."""

    source: str
    event_type: str
    accepted: int | None = None
    duplicate: int | None = None
    rejected: int = 0
    first_arrival: str | None = None
    last_arrival: str | None = None
    last_event_time: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Stream:
        """Reads a stream of an answer, which may have more members than are known here."""
        return cls(**{one.name: given[one.name] for one in fields(cls) if one.name in given})


@dataclass(frozen=True)
class Lags:
    """The distribution of lags in milliseconds."""

    p50: int
    p95: int
    p99: int
    max: int


@dataclass(frozen=True)
class Bucket:
    """The occurrences whose event time lies in one hour or day."""

    start: str
    accepted: int
    duplicate: int
    lag_ms: Lags | None
    """The lags of first occurrences, None when there are none."""
    first_arrival: str | None
    last_arrival: str | None
    rejected: int = 0
    """Events of the stream that were refused in this hour or day, whatever their event time."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Bucket:
        """Reads a bucket of an answer, which may have more members than are known here."""
        known: dict[str, Any] = {one.name: given[one.name] for one in fields(cls) if one.name in given}
        lags = given["lag_ms"]
        known["lag_ms"] = lags and Lags(**{one.name: lags[one.name] for one in fields(Lags)})
        return cls(**known)
