"""What a page may not do, collected while a test walks through it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Faults"]


@dataclass
class Faults:
    """Messages of the console, refusals and requests to other hosts; `allow` names those that a test asks for."""

    all: list[str] = field(default_factory=list)
    # A browser without a graphics card says of WebGL that it is slow; no page can help that.
    _allowed: list[re.Pattern[str]] = field(
        default_factory=lambda: [re.compile(r"GL Driver Message|GPU stall|software WebGL")]
    )

    def allow(self, pattern: str) -> None:
        """Messages that match are no fault from here on: an error page logs its own status."""
        self._allowed.append(re.compile(pattern))

    def expected(self, text: str) -> bool:
        return any(pattern.search(text) for pattern in self._allowed)

    def add(self, text: str) -> None:
        self.all.append(text)
