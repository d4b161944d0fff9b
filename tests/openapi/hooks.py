"""What schemathesis has to be told about the media type of a batch."""

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(_context: object, value: object) -> bytes:
    """The schema is a body of bytes, so there is nothing to write."""
    return value if isinstance(value, bytes) else str(value).encode()
