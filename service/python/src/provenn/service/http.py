"""Requests, with the standard library."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from typing import Any, Dict, Iterator, Mapping, Optional, Tuple, cast

from .errors import ServiceError
from .types import Problem

#: Longest answer that is read.
MAX_ANSWER = 256 << 20
#: Longest event that is read.
MAX_EVENT = 1 << 20
#: Tries of a request that failed on the way, and seconds before each further one.
PAUSES = (0.2, 1.0, 3.0)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The service does not redirect. Who does may lead elsewhere, without encryption, or turn a POST into a GET."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        detail = f"the service redirects to {newurl[:200]!r}, which is not followed"
        problem: Problem = {"code": "redirected", "detail": detail, "help": "if that is the service, give its address to Client"}
        raise ServiceError(code, problem)


class Http:
    """A service with a key."""

    def __init__(self, url: str, key: Optional[str], timeout: float) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("the address begins with http:// or https://")
        self.url = url.rstrip("/")
        self.timeout = timeout
        self._key = key
        self._opener = urllib.request.build_opener(_NoRedirects)

    def open(
        self,
        method: str,
        path: str,
        body: Optional[bytes] = None,
        headers: Mapping[str, str] = {},
        timeout: Optional[float] = None,
    ) -> Any:
        """One request; the answer is still to be read.

        Raises ServiceError for what the service refuses.
        """
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=dict(headers))
        if self._key is not None:
            # Not sent along when the service redirects elsewhere.
            request.add_unredirected_header("Authorization", f"Bearer {self._key}")
        if body is not None and not request.has_header("Content-type"):
            request.add_unredirected_header("Content-Type", "application/octet-stream")
        try:
            return self._opener.open(request, timeout=self.timeout if timeout is None else timeout)
        except urllib.error.HTTPError as refused:
            with refused:
                raise ServiceError(refused.code, _problem(_read(refused, 1 << 20), refused.code)) from None

    def send(
        self, method: str, path: str, body: Optional[bytes] = None, headers: Mapping[str, str] = {}, again: bool = True
    ) -> bytes:
        """The body of an answer. With `again`, what fails on the way is tried again: do not use it for what has two effects."""
        for pause in (*PAUSES, None):
            try:
                with self.open(method, path, body, headers) as answer:
                    return _read(answer, MAX_ANSWER)
            except ServiceError as refused:
                # Not available, or too many requests: nothing happened.
                if refused.status not in (429, 503) or refused.code == "quota-exceeded" or pause is None:
                    raise
            except http.client.HTTPException as broken:
                if not again or pause is None:
                    raise ConnectionError(f"no complete answer: {broken!r}") from broken
            except OSError:
                if not again or pause is None:
                    raise
            time.sleep(pause)
        raise AssertionError("unreachable")

    def json(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = {}, again: bool = True) -> Any:
        """The same with JSON."""
        sent = None if body is None else json.dumps(body).encode()
        kind = {} if sent is None else {"Content-Type": "application/json"}
        return json.loads(self.send(method, path, sent, {**kind, **headers}, again))


def events(stream: Any, end: float) -> Iterator[Tuple[int, Dict[str, Any]]]:
    """Server-sent events as (id, data), until the stream ends. Raises TimeoutError at `end`, on the monotonic clock.

    What is not closed by an empty line is no event: the stream broke off in it.
    """
    last, data, rest = 0, "", b""
    while True:
        if time.monotonic() > end:
            raise TimeoutError("the job did not end in the given time")
        # Returns what is there: a stream that only shows signs of life does not hold this up.
        read = stream.read1(1 << 16)
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            name, _, value = line.decode(errors="replace").rstrip("\r").partition(":")
            value = value[1:] if value.startswith(" ") else value
            if name == "id" and value.isdecimal():
                last = int(value)
            elif name == "data":
                data += value
            elif name == "" and value == "" and data:
                yield last, json.loads(data)
                data = ""
        if len(rest) + len(data) > MAX_EVENT:
            raise ConnectionError(f"an event has more than {MAX_EVENT} bytes")
        if not read:
            return


def _read(answer: Any, maximum: int) -> bytes:
    """The whole body, or an error: a part of a receipt is no receipt.

    The end is known from the length or from the chunks; an answer that has neither ends anywhere.
    """
    body = cast(bytes, answer.read(maximum + 1))
    if len(body) > maximum:
        problem: Problem = {"code": "answer-too-large", "detail": f"the answer has more than {maximum} bytes"}
        raise ServiceError(answer.status, problem)
    length, chunked = answer.headers.get("Content-Length"), answer.headers.get("Transfer-Encoding")
    if length is None and chunked is None and answer.status != 204:
        raise ConnectionError("the answer does not say how long it is")
    if length is not None and chunked is None and length != str(len(body)):
        raise ConnectionError(f"the answer ended after {len(body)} of {length[:20]} bytes")
    return body


def _problem(body: bytes, status: int) -> Problem:
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    if isinstance(problem, dict):
        return cast(Problem, problem)
    return {"code": f"http-{status}", "detail": body[:200].decode(errors="replace")}
