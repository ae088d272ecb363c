"""The fields of the form of a stored query: what each offers, and which thing a name in it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from so2graph.errors import BadParameter
from so2graph.registry import Parameter, StoredQuery
from so2graph.vocab import MODALITIES, curie_or_iri
from so2graph.web.ask_choices import Found, Option, class_options, find, thing_options
from so2graph.web.site import Site

__all__ = ["Field", "Fields"]


@dataclass(frozen=True)
class Field:
    """A parameter with what its field shows: `options` to choose from (`listed`: to type a name of), and a value."""

    parameter: Parameter
    value: str
    options: tuple[Option, ...] = ()
    listed: bool = False


class Fields:
    """The form of a stored query as a request fills it.

    `renamed` are the IRIs of the things that were called by a name; `unclear` what was called so that nobody knows
    which it is.
    """

    def __init__(self, here: Site, query: StoredQuery, given: Mapping[str, str]) -> None:
        self._here = here
        self.renamed: dict[str, str] = {}
        self.unclear: dict[str, Found] = {}
        for parameter in query.parameters:
            text = given.get(parameter.name, "").strip()
            if parameter.type == "iri" and text and not self._is_iri(text):
                found = find(here, text)
                if found.iri is None:
                    self.unclear[parameter.name] = found
                else:
                    self.renamed[parameter.name] = here.session.prefixes.compact(found.iri.value)
        self._given, self._parameters, self._query = given, query.parameters, query.name

    def _is_iri(self, text: str) -> bool:
        try:
            curie_or_iri(text, self._here.session.prefixes)
        except BadParameter:
            return False
        return True

    def __iter__(self) -> Iterator[Field]:
        return map(self._field, self._parameters)

    def __bool__(self) -> bool:
        return bool(self._parameters)

    def address(self, name: str, value: str) -> str:
        """The address of the query with another value for a parameter."""
        return self._here.path(f"queries/{self._query}?{urlencode({**self._given, name: value})}")

    def _field(self, parameter: Parameter) -> Field:
        here = self._here
        default = here.language if parameter.type == "language" else parameter.default or ""
        value = self._given.get(parameter.name, default)
        if parameter.type != "iri" or not here.live:
            return Field(parameter, value)
        if parameter.name == "modality":
            names = here.session.snapshot.names
            labels = here.session.labels(map(names.term, MODALITIES), here.language)
            compact = here.session.prefixes.compact
            options = [Option(compact(names.term(name)), labels[names.term(name)]) for name in MODALITIES]
            return Field(parameter, self._compact(value), tuple(options))
        if parameter.name == "kind":
            return Field(parameter, self._compact(value), tuple(class_options(here)))
        things = thing_options(here)
        return Field(parameter, self._name(value, things), tuple(things), listed=True)

    def _compact(self, value: str) -> str:
        """An IRI as the parameter has it; what is none as it was written."""
        if not self._is_iri(value):
            return value
        prefixes = self._here.session.prefixes
        return prefixes.compact(curie_or_iri(value, prefixes).value)

    def _name(self, value: str, things: list[Option]) -> str:
        """The name of a thing, as the list has it; what is no IRI as it was written."""
        if not value or not self._is_iri(value):
            return value
        compact = self._compact(value)
        iri = curie_or_iri(value, self._here.session.prefixes).value
        listed = next((option.label for option in things if option.value == compact), None)
        return listed or self._here.session.labels([iri], self._here.language)[iri]
