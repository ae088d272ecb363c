"""Sorts things into the few kinds that a picture can tell apart."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["KINDS", "kind_of", "tier_of"]

KINDS: tuple[str, ...] = (
    "national",
    "between",
    "hub",
    "organisation",
    "person",
    "place",
    "event",
    "report",
    "other",
)
"""The kinds, as the legend lists them; each has a shape and a colour of its own."""

_CLASSES: dict[str, int] = {
    "NationalOrganisation": 0,
    "InterregionalNetwork": 1,
    "RegionalNetwork": 2,
    **dict.fromkeys(("Alliance", "CoreGroup", "CsrPlatform", "ShelteredEmploymentBody", "Speaker"), 3),
    **dict.fromkeys(("UnnamedOrganisations", "Organization", "FormalOrganization", "Municipality", "Province"), 3),
    **dict.fromkeys(("OrganizationalCollaboration", "OrganizationalUnit", "Group", "Network"), 3),
    "Person": 4,
    **dict.fromkeys(("UrbanCore", "Region", "MunicipalArea", "UnnamedPlaces"), 5),
    **dict.fromkeys(("Place", "Location", "SpatialThing", "Feature"), 5),
    **dict.fromkeys(("EventGroup", "RecurringEvent", "Event", "Programme", "StepPlan", "AllianceProject"), 6),
    **dict.fromkeys(("Report", "Document", "SourcePage", "CreativeWork"), 7),
}
_TIERS = {"NationalOrganisation": 0, "InterregionalNetwork": 1, "Alliance": 1, "RegionalNetwork": 2}


def _locals(classes: Iterable[str]) -> set[str]:
    return {iri.replace("#", "/").rpartition("/")[2] for iri in classes}


def kind_of(classes: Iterable[str]) -> int:
    """The index in `KINDS` of a thing with these classes (IRIs): the first that fits, else `other`."""
    return min((_CLASSES[name] for name in _locals(classes) if name in _CLASSES), default=len(KINDS) - 1)


def tier_of(classes: Iterable[str]) -> int | None:
    """How near to the middle a hub with these classes stands: 0 national, 1 between, 2 regional; None for no hub."""
    return min((_TIERS[name] for name in _locals(classes) if name in _TIERS), default=None)
