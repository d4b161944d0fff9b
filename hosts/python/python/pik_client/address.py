"""Where requests go, and as whom."""

from __future__ import annotations

import re
from importlib.metadata import version

import httpx

from pik_client.exchange import NoAnswer, Reply, Request


class Address:
    """One host, and the token for it."""

    def __init__(self, url: str, token: str | None) -> None:
        self.base = url.rstrip("/")
        try:
            parts = httpx.URL(self.base)
        except (httpx.InvalidURL, TypeError):
            parts = httpx.URL("")
        has_space = re.search(r"\s", self.base) is not None
        if has_space or parts.scheme not in ("http", "https") or not parts.host or parts.query or parts.fragment:
            raise ValueError("url is not the URL of a host; write one such as http://127.0.0.1:8080")
        if parts.userinfo:
            raise ValueError("a URL has no place for a user; give the token apart")
        self.headers = {"user-agent": f"pik-client/{version('pik-client')} (Python)"}
        if token is not None:
            if not re.fullmatch(r"[\x21-\x7e]+", token):
                raise ValueError("the token is empty or has characters that no header carries")
            self.headers["authorization"] = f"Bearer {token}"

    def request(self, step: Request) -> httpx.Request:
        """The request that a step is."""
        headers = dict(self.headers)
        if step.body is not None:
            headers["content-type"] = "application/json"
        return httpx.Request(
            step.method, self.base + step.path, params=dict(step.parameters), headers=headers, content=step.body
        )


def reply_of(response: httpx.Response) -> Reply:
    """A response that was read."""
    return Reply(response.status_code, response.headers, response.content)


def no_answer(error: httpx.RequestError) -> NoAnswer:
    """What kept a response from coming."""
    return NoAnswer(str(error) or type(error).__name__)
