"""Ingests and asks, with the client that openapi-python-client makes out of /openapi.json."""

import importlib
import json
import pkgutil
import sys

import generated
from generated import Client
from generated.api.default import event as an_event
from generated.api.default import events as some_events
from generated.api.default import ingest, ingest_batch
from generated.models.batch import Batch
from generated.models.event import Event
from generated.models.event_found import EventFound
from generated.models.events_found import EventsFound
from generated.models.ingested import Ingested
from generated.models.rejected import Rejected


def event(entity: str, event_time: str = "2025-12-29T20:15:35.123456789+01:00") -> Event:
    """The 9 digits of the time show that nothing on the way takes it for a number of microseconds."""
    return Event(
        source="openapi-python-client",
        event_type="tested",
        entity_id=entity,
        event_time=event_time,
        payload={"entity": entity, "list": [1, 2.5, None, "é"]},
    )


def main(url: str) -> None:
    # A module that does not compile fails here, whether it is used below or not.
    for module in pkgutil.walk_packages(generated.__path__, "generated."):
        importlib.import_module(module.name)

    client = Client(base_url=url, raise_on_unexpected_status=True)
    first = ingest.sync(client=client, body=event("py one"))
    assert isinstance(first, Ingested) and first.status == "ACCEPTED", first

    array = ingest_batch.sync(client=client, body=[event("py one"), event("py two")])
    assert isinstance(array, Batch) and (array.accepted, array.duplicate) == (1, 1), array

    # The generator knows no media type of lines. Its client sends them as any other request.
    lines = "\n".join(json.dumps(event(f"py line {n}").to_dict()) for n in range(2_500))
    response = client.get_httpx_client().post(
        "/ingest/batch", content=lines.encode(), headers={"Content-Type": "application/x-ndjson"}
    )
    batch = Batch.from_dict(response.json())
    assert (batch.accepted, len(batch.results)) == (2_500, 2_500), batch

    mixed = ingest_batch.sync(client=client, body=[event("py three"), event("py four", "2025-12-29T20:15:35")])
    assert isinstance(mixed, Batch), mixed
    accepted, refused = mixed.results
    assert isinstance(accepted, Ingested) and isinstance(refused, Rejected), mixed
    assert [(error.code, error.path) for error in refused.errors] == [("missing_offset", "/event_time")], refused

    entity = some_events.sync(client=client, entity_id="py two")
    assert isinstance(entity, EventsFound), entity
    assert [record.event_time for record in entity.events] == ["2025-12-29T19:15:35.123456789Z"], entity

    found = an_event.sync(first.event_id, client=client)
    assert isinstance(found, EventFound) and found.event.status == "ACCEPTED", found
    assert len(found.duplicates) == 1, found


main(sys.argv[1])
