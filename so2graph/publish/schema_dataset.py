"""Describes the dataset as a schema.org `Dataset`, for search engines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from so2graph.publish.description import Description

__all__ = ["JsonValue", "as_script", "dataset_jsonld"]

JsonValue = str | int | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
_LANGUAGES = {"NLD": "nl", "ENG": "en"}


def dataset_jsonld(description: Description) -> dict[str, JsonValue]:
    """The whole dataset as a `Dataset` (schema.org), one JSON-LD document with texts in both languages.

    It has `@context`, `@type`, `@id`, `name`, `description`, `url`, `creator`, `publisher`, `dateModified`,
    `version`, `isAccessibleForFree` and `distribution`, and where the catalogue says it `license`, `keywords`,
    `inLanguage`, `isBasedOn`, `spatialCoverage` and `temporalCoverage`.
    """
    about = description.about

    def texts(nl: str, en: str) -> list[JsonValue]:
        return [{"@language": "nl", "@value": nl}, {"@language": "en", "@value": en}]

    document: dict[str, JsonValue] = {
        "@context": {"@vocab": "https://schema.org/"},
        "@type": "Dataset",
        "@id": about.iri,
        "name": texts(about.title.nl, about.title.en),
        "description": texts(about.description.nl, about.description.en),
        "url": description.addresses(),
        "identifier": about.iri,
        "creator": {"@type": "Organization", "@id": about.creator.iri, "name": about.creator.name},
        "publisher": {"@type": "Organization", "@id": about.publisher.iri, "name": about.publisher.name},
        "dateModified": description.modified,
        "version": str(description.generation),
        "isAccessibleForFree": "https://schema.org/True",
        "includedInDataCatalog": {"@type": "DataCatalog", "url": description.addresses("catalog")},
        "distribution": [
            {
                "@type": "DataDownload",
                "contentUrl": download.address,
                "encodingFormat": "application/gzip" if download.compressed else download.format.media_type,
                "name": download.address.removeprefix(description.addresses("exports/")),
            }
            for download in description.downloads
        ],
    }
    optional: dict[str, JsonValue] = {
        "license": about.licence or "",
        "keywords": [{"@language": k.language or "", "@value": k.value} for k in about.keywords],
        "inLanguage": [_LANGUAGES[code] for code in _codes(about.languages) if code in _LANGUAGES],
        "isBasedOn": [*about.sources, *description.source_pages],
        "spatialCoverage": [{"@type": "Place", "@id": place} for place in about.spatial],
        "temporalCoverage": f"{about.period[1]}/{about.period[2]}" if about.period else "",
    }
    return document | {name: value for name, value in optional.items() if value}


def _codes(iris: Sequence[str]) -> list[str]:
    return [iri.rpartition("/")[2] for iri in iris]


def as_script(document: Mapping[str, JsonValue]) -> str:
    """The document as it may stand in a `script` element: no text in it can end the element (HTML, 4.12.1.3)."""
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
