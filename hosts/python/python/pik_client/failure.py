"""Why a request came to nothing."""

from __future__ import annotations

from typing import Literal

from pik_client.problem import Problem

Reason = Literal[
    "no_answer",
    "unavailable",
    "refused",
    "redirected",
    "proxy_limit",
    "not_a_host",
    "nothing_stored",
    "not_a_dry_run",
    "other_id",
]
"""As a word that a program can match on; the README says what each means."""


class IngestFailed(Exception):
    """A request came to nothing, not by an event's fault. Sending an event again is always safe."""

    reason: Reason
    status: int | None
    """The HTTP status; None when there was no answer."""
    errors: tuple[Problem, ...]
    """What the host says, if it says anything."""

    def __init__(
        self,
        reason: Reason,
        message: str,
        status: int | None = None,
        errors: tuple[Problem, ...] = (),
    ) -> None:
        # All of them are arguments of the exception, so that it can be pickled.
        super().__init__(reason, message, status, errors)
        self.reason = reason
        self.message = message
        self.status = status
        self.errors = errors

    def __str__(self) -> str:
        return self.message

    def may_pass(self) -> bool:
        """Whether the same request may fare better later."""
        return self.reason in ("no_answer", "unavailable")
