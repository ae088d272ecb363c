"""Answers requests by the service's own code without a listener: what a command asks of its own dataset."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from so2graph.config import Settings
from so2graph.link.reconcile_http import Reply
from so2graph.registry import Bundle
from so2graph.web.app import create_app

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

__all__ = ["ADDRESS", "OwnService"]

ADDRESS = "http://localhost/"
"""Where the service is, for those who need an address: nothing listens there."""


class OwnService:
    """Takes the place of `Web` for the service itself."""

    def __init__(self, settings: Settings, bundle: Bundle) -> None:
        self._client = create_app(settings, bundle).test_client()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Reply:
        """GET."""
        start = time.monotonic()
        return _reply("GET", url, self._client.get(url, headers=dict(headers or {})), start)

    def form(self, url: str, values: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Reply:
        """POST as a form."""
        start = time.monotonic()
        return _reply("POST", url, self._client.post(url, data=dict(values), headers=dict(headers or {})), start)

    def post_json(self, url: str, document: object, headers: Mapping[str, str] | None = None) -> Reply:
        """POST of a JSON document."""
        start = time.monotonic()
        return _reply("POST", url, self._client.post(url, json=document, headers=dict(headers or {})), start)


def _reply(method: str, url: str, answer: TestResponse, start: float) -> Reply:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    body = answer.get_data()
    return Reply(method, url, "", answer.status_code, headers, body, time.monotonic() - start, arrived=url)
