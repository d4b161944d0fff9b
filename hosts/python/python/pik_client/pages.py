"""Records one by one, while their pages are fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from pik_client.questions import Page
from pik_client.record import Record


class _Walk:
    """How far a walk over pages is."""

    settled_until: str | None
    """Only where arrivals are asked for, once the first record was asked for: no window of arrivals that ends here or
    earlier ever gains a record, and nothing beyond is shown. Ask for the next window from here on."""

    def __init__(self) -> None:
        self.settled_until = None
        self._cursor: str | None = None
        self._waiting: list[Record] = []
        self._ended = False

    def _take(self, page: Page) -> None:
        self.settled_until = page.settled_until
        self._cursor = page.next_cursor
        self._waiting = page.records[::-1]
        self._ended = page.next_cursor is None


class Records(_Walk, Iterator[Record]):
    """An iterator over records, which fetches the next page when it is due."""

    def __init__(self, fetch: Callable[[str | None], Page]) -> None:
        super().__init__()
        self._fetch = fetch

    def __next__(self) -> Record:
        while not self._waiting:
            if self._ended:
                raise StopIteration
            self._take(self._fetch(self._cursor))
        return self._waiting.pop()


class AsyncRecords(_Walk, AsyncIterator[Record]):
    """An asynchronous iterator over records, which fetches the next page when it is due."""

    def __init__(self, fetch: Callable[[str | None], Awaitable[Page]]) -> None:
        super().__init__()
        self._fetch = fetch

    async def __anext__(self) -> Record:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._take(await self._fetch(self._cursor))
        return self._waiting.pop()
