"""Regular expressions that are compiled when they are first used.

Compiling one takes up to a millisecond, and the package has hundreds of them, of which most commands use a few.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, AnyStr, Generic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["LatePattern"]


class LatePattern(Generic[AnyStr]):
    """A regular expression with the methods of `re.Pattern`, compiled when the first of them is asked for.

    Each method is looked up once and then kept, so that a call costs what it costs on a compiled pattern.
    """

    def __init__(self, source: AnyStr, flags: int = 0) -> None:
        self._source: AnyStr = source
        self._flags = flags

    @cached_property
    def compiled(self) -> re.Pattern[AnyStr]:
        """The pattern itself: what `Match.re` gives, and what other functions take.

        Raises:
            re.error: the source is no regular expression
        """
        return re.compile(self._source, self._flags)

    @property
    def pattern(self) -> AnyStr:
        """The source, as given."""
        return self._source

    @cached_property
    def match(self) -> Callable[..., re.Match[AnyStr] | None]:
        """See `re.Pattern.match`."""
        return self.compiled.match

    @cached_property
    def fullmatch(self) -> Callable[..., re.Match[AnyStr] | None]:
        """See `re.Pattern.fullmatch`."""
        return self.compiled.fullmatch

    @cached_property
    def search(self) -> Callable[..., re.Match[AnyStr] | None]:
        """See `re.Pattern.search`."""
        return self.compiled.search

    @cached_property
    def finditer(self) -> Callable[..., Iterator[re.Match[AnyStr]]]:
        """See `re.Pattern.finditer`."""
        return self.compiled.finditer

    @cached_property
    def findall(self) -> Callable[..., list[Any]]:
        """See `re.Pattern.findall`."""
        return self.compiled.findall

    @cached_property
    def split(self) -> Callable[..., list[AnyStr]]:
        """See `re.Pattern.split`."""
        return self.compiled.split

    @cached_property
    def sub(self) -> Callable[..., AnyStr]:
        """See `re.Pattern.sub`."""
        return self.compiled.sub

    @cached_property
    def subn(self) -> Callable[..., tuple[AnyStr, int]]:
        """See `re.Pattern.subn`."""
        return self.compiled.subn
