"""Event ids and validation before anything is sent, and clients that send and ask."""

from pik_client.answer import BatchAnswer, Failed, Open, Rejected, Stored, Verdict
from pik_client.async_client import AsyncClient
from pik_client.client import Client
from pik_client.event import (
    Event,
    EventIds,
    Events,
    Preview,
    event_id,
    event_ids,
    preview,
    validate,
)
from pik_client.failure import IngestFailed, Reason
from pik_client.pages import AsyncFound, Found
from pik_client.problem import EventRejected, Problem
from pik_client.record import Bucket, Lags, Record, Stream
from pik_client.retry import Retry

__all__ = [
    "AsyncClient",
    "AsyncFound",
    "BatchAnswer",
    "Bucket",
    "Client",
    "Event",
    "EventIds",
    "EventRejected",
    "Events",
    "Failed",
    "Found",
    "IngestFailed",
    "Lags",
    "Open",
    "Preview",
    "Problem",
    "Reason",
    "Record",
    "Rejected",
    "Retry",
    "Stored",
    "Stream",
    "Verdict",
    "event_id",
    "event_ids",
    "preview",
    "validate",
]
