"""A server that plays the answers of a behaviour (tests/http/CLIENTS.md)."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from pik_client import event_id

TABLE = Path(__file__).parents[3] / "tests/http/client-behaviours.jsonl"
BEHAVIOURS: list[dict[str, Any]] = [json.loads(line) for line in TABLE.read_text("utf-8").split("\n") if line]


class Request(NamedTuple):
    """What the client sent."""

    path: str
    authorization: str | None
    texts: list[str]


@contextmanager
def play(answers: list[dict[str, Any]]) -> Iterator[tuple[str, list[Request]]]:
    """The server's URL, and the requests that came."""
    requests: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            assert body.startswith("[") and body.endswith("]"), body
            # An event ends in a brace, and the next one begins with one.
            texts = re.split(r"(?<=\}),(?=\{)", body[1:-1])
            beyond = {"status": 418, "body": "no answer is left"}
            answer: dict[str, Any] = answers[len(requests)] if len(requests) < len(answers) else beyond
            requests.append(Request(self.path, self.headers["authorization"], texts))
            self.close_connection = True
            if answer.get("close"):
                return
            self.send_response(answer["status"])
            for name, value in answer.get("headers", {}).items():
                self.send_header(name, value)
            told = answer["body"] if "body" in answer else json.dumps({"results": list(results(answer, texts))})
            self.send_header("content-length", str(len(told.encode())))
            self.end_headers()
            self.wfile.write(told.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/", requests
        finally:
            server.shutdown()
            thread.join()


def results(answer: dict[str, Any], texts: list[str]) -> Iterator[dict[str, Any]]:
    """One for each status of an answer."""
    for place, status in enumerate(answer["results"]):
        if status == "REJECTED":
            yield {"status": status, "errors": [{"code": "empty", "path": "/source", "message": "made up"}]}
        elif status == "ERROR":
            yield {"status": status, "errors": [{"code": "unavailable", "path": "", "message": "made up"}]}
        else:
            id = answer.get("event_id") or event_id(texts[place % len(texts)])
            dry = {"dry_run": True} if answer.get("dry_run") else {}
            yield {"event_id": id, "status": status, "ingest_lag_ms": 86_400_000, "s3_key": "raw/…", **dry}


def event_of(number: int, spread: bool) -> str:
    """Event number N of the table."""
    line_end = "\n" if spread else ""
    return (
        f'{{"source":"demo",{line_end}"event_type":"t","entity_id":"user_{number}",'
        f'"event_time":"2025-12-28T00:00:00Z","payload":{number}}}'
    )
