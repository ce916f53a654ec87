"""Requests, with the standard library."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from typing import Any, Dict, Mapping, Optional, Tuple, cast

from .errors import ProvennError
from .types import Problem

#: Longest answer that is read.
MAX_ANSWER = 256 << 20
#: Tries of a request that failed on the way, and seconds before each further one.
PAUSES = (0.2, 1.0, 3.0)


class Http:
    """A service with a key."""

    def __init__(self, url: str, key: Optional[str], timeout: float) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("the address begins with http:// or https://")
        self.url = url.rstrip("/")
        self.timeout = timeout
        self._key = key

    def open(self, method: str, path: str, body: Optional[bytes] = None, headers: Mapping[str, str] = {}) -> Any:
        """One request; the answer is still to be read.

        Raises ProvennError for what the service refuses.
        """
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=dict(headers))
        if self._key is not None:
            # Not sent along when the service redirects elsewhere.
            request.add_unredirected_header("Authorization", f"Bearer {self._key}")
        if body is not None:
            request.add_unredirected_header("Content-Type", "application/octet-stream")
        try:
            return urllib.request.urlopen(request, timeout=self.timeout)
        except urllib.error.HTTPError as refused:
            with refused:
                raise ProvennError(refused.code, _problem(refused.read(1 << 20), refused.code)) from None

    def send(
        self, method: str, path: str, body: Optional[bytes] = None, headers: Mapping[str, str] = {}, again: bool = True
    ) -> bytes:
        """The body of an answer. With `again`, what fails on the way is tried again: do not use it for what has two effects."""
        for pause in (*PAUSES, None):
            try:
                with self.open(method, path, body, headers) as answer:
                    return cast(bytes, answer.read(MAX_ANSWER))
            except ProvennError as refused:
                # Not available, or too many requests: nothing happened.
                if refused.status not in (429, 503) or refused.code == "quota-exceeded" or pause is None:
                    raise
            except (OSError, http.client.HTTPException):
                if not again or pause is None:
                    raise
            time.sleep(pause)
        raise AssertionError("unreachable")

    def json(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = {}, again: bool = True) -> Any:
        """The same with JSON."""
        sent = None if body is None else json.dumps(body).encode()
        return json.loads(self.send(method, path, sent, headers, again))


def events(lines: Any) -> Any:
    """Server-sent events as (id, data)."""
    last, data = 0, ""
    for line in lines:
        name, _, value = line.decode().rstrip("\r\n").partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "id":
            last = int(value)
        elif name == "data":
            data += value
        elif name == "" and data:
            found: Tuple[int, Dict[str, Any]] = (last, json.loads(data))
            data = ""
            yield found


def _problem(body: bytes, status: int) -> Problem:
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    if isinstance(problem, dict):
        return cast(Problem, problem)
    return {"code": f"http-{status}", "detail": body[:200].decode(errors="replace")}
