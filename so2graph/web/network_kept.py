"""Keeps the network of the latest generations as this worker uses it, by what its readers may not see."""

from __future__ import annotations

from so2graph.engine.access import Session
from so2graph.engine.kept import Kept, Seen, seen
from so2graph.formats import NETWORK_FORMATS
from so2graph.network.holding import Holding, holding
from so2graph.network.picture import Picture, read_picture
from so2graph.network.visible import Choice, view
from so2graph.publish.selection import KINDS, Export
from so2graph.web.preparing import Prepared

__all__ = ["PictureKeeper"]

_AT_ONCE = 50_000
"""Triples of a dataset whose network is read in this process, in some tenths of a second."""
_EXPORT = Export(KINDS["network"], "", next(fmt for fmt in NETWORK_FORMATS if fmt.name == "columns"))


class PictureKeeper:
    """The picture of each generation, and what was worked out of it; safe for several threads.

    That of a large dataset is the export `network.json`, which a process of its own makes once for all workers; so
    asking for it may raise what `Prepared.path` raises.
    """

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._pictures = Kept[Seen, Picture](2)
        self._holdings = Kept[tuple[Seen, Choice], Holding](16)

    def of(self, session: Session) -> Picture:
        """The picture of the network that the caller of a session may read."""
        return self._pictures.made(seen(session), lambda: self._read(session))

    def body(self, session: Session) -> bytes:
        """The same as JSON."""
        if session.triples <= _AT_ONCE:
            return self.of(session).encode()
        return self._prepared.path(session, _EXPORT).read_bytes()

    def holding(self, session: Session, choice: Choice) -> Holding:
        """Who holds together what is chosen of it; a name in the choice counts for nothing."""
        picture = self.of(session)
        return self._holdings.made((seen(session), choice), lambda: holding(picture, view(picture, choice)))

    def _read(self, session: Session) -> Picture:
        if session.triples <= _AT_ONCE:
            return read_picture(session)
        return Picture.decode(self._prepared.path(session, _EXPORT).read_bytes())
