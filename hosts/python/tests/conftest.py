"""A server to test against."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLE = {
    "source": "demo",
    "event_type": "heartbeat",
    "entity_id": "user_123",
    "event_time": "2025-12-28T23:59:59Z",
    "payload": {"steps": 10},
}
EXAMPLE_ID = "59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a `pik serve` with an empty store."""
    pik = Path(os.environ["PIK_TEST_PIK"])
    data = tmp_path_factory.mktemp("server") / "data"
    command: list[str | Path] = [pik, "serve", "--listen", "127.0.0.1:0", "--data", data]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            listening = process.stdout.readline().removeprefix("listening on ").strip()
            assert listening.startswith("http://"), listening
            yield listening
        finally:
            process.kill()
