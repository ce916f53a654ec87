"""Services that break off, never end, or lead elsewhere: what they answer is told as an error, in bounded time."""

import socket
import threading
import time
from typing import Callable, Iterator, List, Tuple

import pytest

from provenn.service import Client, Event, ServiceError
from provenn.service import http as requests

#: Answers by turn, the last one again and again; and the requests so far.
Scripted = Callable[..., Tuple[Client, List[str]]]
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
STREAM = OK + b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
JOB = b'{"id": "a", "state": "done"}'


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    monkeypatch.setattr(requests, "PAUSES", (0.0, 0.0))
    stop, listeners, threads = threading.Event(), [], []

    def start(*answers: bytes, drip: bytes = b"", timeout: float = 5.0) -> Tuple[Client, List[str]]:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        seen: List[str] = []

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        seen.append(connection.recv(1 << 16).split(b"\r\n")[0].decode())
                        connection.sendall(answers[min(len(seen), len(answers)) - 1])
                        while drip and not stop.wait(0.05):
                            connection.sendall(drip)
                    except OSError:
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        threads.append(thread)
        return Client("http://127.0.0.1:%d" % listener.getsockname()[1], "pvn_key", timeout), seen

    yield start
    stop.set()
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(5)


def body(content: bytes) -> bytes:
    return OK + b"Content-Length: %d\r\n\r\n" % len(content) + content


def chunk(content: bytes) -> bytes:
    return b"%x\r\n" % len(content) + content + b"\r\n"


def event(number: int, state: str) -> bytes:
    return chunk(b'id: %d\ndata: {"state": "%s"}\n\n' % (number, state.encode()))


CUT = {
    "length": OK + b"Content-Length: 100\r\n\r\nreceipt",
    "nothing of it": OK + b"Content-Length: 100\r\n\r\n",
    "chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"receipt"),
    "inside a chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n64\r\nreceipt",
    "no length": OK + b"\r\nreceipt",
}


@pytest.mark.parametrize("answer", CUT.values(), ids=CUT.keys())
def test_a_part_of_a_body_is_no_body(scripted: Scripted, answer: bytes) -> None:
    client, seen = scripted(answer)
    with pytest.raises(OSError):
        client.receipt("job")
    assert len(seen) == 3
    whole, _ = scripted(answer, body(b"all of it"))
    assert whole.receipt("job") == b"all of it"


def test_an_answer_has_an_end(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MAX_ANSWER", 8)
    assert scripted(body(b"12345678"))[0].receipt("job") == b"12345678"
    with pytest.raises(ServiceError) as refused:
        scripted(body(b"123456789"))[0].receipt("job")
    assert refused.value.code == "answer-too-large"


ENDLESS = {
    "empty streams": STREAM + chunk(b""),
    "the same event": STREAM + event(1, "queued") + chunk(b""),
    "half an event": STREAM + chunk(b'id: 2\ndata: {"state": "done"}\n') + chunk(b""),
    "no JSON": STREAM + chunk(b"id: 2\ndata: {\n\n") + chunk(b""),
    "cut": STREAM + b"64\r\nid: 2",
}


@pytest.mark.parametrize("answer", ENDLESS.values(), ids=ENDLESS.keys())
def test_streams_without_progress_end(scripted: Scripted, answer: bytes) -> None:
    client, seen = scripted(answer)
    with pytest.raises(OSError):
        client.wait("job")
    assert len(seen) <= 4


def test_signs_of_life_are_not_waited_for_for_ever(scripted: Scripted) -> None:
    for drip in (chunk(b": alive\n\n"), chunk(b"x")):
        client, seen = scripted(STREAM, drip=drip)
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            client.wait("job", timeout=0.5)
        assert time.monotonic() - started < 5 and len(seen) == 1


def test_an_event_has_an_end(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MAX_EVENT", 100)
    client, _ = scripted(STREAM, drip=chunk(b"x" * 50))
    with pytest.raises(OSError, match="more than 100 bytes"):
        client.wait("job", timeout=20)


def test_a_stream_is_taken_up_where_it_broke_off(scripted: Scripted) -> None:
    first = STREAM + event(1, "queued") + event(2, "proving")
    client, _ = scripted(first, STREAM + event(2, "proving") + event(3, "done"), body(JOB))
    events: List[Event] = []
    assert client.wait("job", on_event=events.append)["state"] == "done"
    assert [event["id"] for event in events] == [1, 2, 3]


def test_events_that_end_before_the_job_are_no_failure_of_the_job(scripted: Scripted) -> None:
    client, _ = scripted(b"HTTP/1.1 204 No Content\r\n\r\n", body(b'{"id": "a", "state": "proving"}'))
    with pytest.raises(ConnectionError, match="proving"):
        client.wait("job")


@pytest.mark.parametrize("scheme", ["ftp", "file", "https", "http"])
def test_redirects_are_not_followed(scripted: Scripted, scheme: str) -> None:
    elsewhere, visits = scripted(body(b"elsewhere"))
    port = elsewhere._http.url.rsplit(":", 1)[1]
    for status in (b"301", b"302", b"303", b"307", b"308"):
        location = f"{scheme}://127.0.0.1:{port}/".encode()
        client, seen = scripted(b"HTTP/1.1 " + status + b" Moved\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n")
        with pytest.raises(ServiceError) as refused:
            client.receipt("job")
        assert refused.value.status == int(status)
        assert visits == [] and set(seen) == {"GET /v1/proofs/job/receipt HTTP/1.1"}


def test_names_are_one_part_of_a_path(scripted: Scripted) -> None:
    client, seen = scripted(body(b"{}"))
    for name in ("../models/x", "a/b", "a?b#c", "%2e%2e", "\u00fc"):
        client.card(name)
        client.name(name, name)
        client.job(name)
    for line in seen:
        path = line.split(" ")[1]
        assert path.count("/") <= 5 and "/../" not in path and "?" not in path, path
    assert seen[0] == "GET /v1/models/..%2Fmodels%2Fx/card HTTP/1.1"
    for name in ("", ".", ".."):
        with pytest.raises(ValueError):
            client.card(name)
        with pytest.raises(ValueError):
            client.name("default", name)
