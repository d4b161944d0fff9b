"""What was found, one by one, while its pages are fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Generic, TypeVar

from pik_client.questions import Page

T = TypeVar("T")


class _Walk(Generic[T]):
    """How far a walk over pages is."""

    settled_until: str | None
    """Only of arrivals and streams, once the first one was asked for: no window of arrivals that ends here or earlier
    ever gains a record, and nothing beyond is shown. Ask for the next window from here on."""

    def __init__(self) -> None:
        self.settled_until = None
        self._cursor: str | None = None
        self._waiting: list[T] = []
        self._ended = False

    def _take(self, page: Page[T]) -> None:
        self.settled_until = page.settled_until
        self._cursor = page.next_cursor
        self._waiting = page.items[::-1]
        self._ended = page.next_cursor is None


class Found(_Walk[T], Iterator[T]):
    """An iterator over what was found, which fetches the next page when it is due."""

    def __init__(self, fetch: Callable[[str | None], Page[T]]) -> None:
        super().__init__()
        self._fetch = fetch

    def __next__(self) -> T:
        while not self._waiting:
            if self._ended:
                raise StopIteration
            self._take(self._fetch(self._cursor))
        return self._waiting.pop()


class AsyncFound(_Walk[T], AsyncIterator[T]):
    """An asynchronous iterator over what was found, which fetches the next page when it is due."""

    def __init__(self, fetch: Callable[[str | None], Awaitable[Page[T]]]) -> None:
        super().__init__()
        self._fetch = fetch

    async def __anext__(self) -> T:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._take(await self._fetch(self._cursor))
        return self._waiting.pop()
