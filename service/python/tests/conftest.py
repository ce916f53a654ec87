"""A running service. PROVENN names the program, PROVENN_FIXTURES the folder of fixtures."""

import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Iterator, NamedTuple

import pytest

from provenn.service import Client

ROOT = Path(__file__).resolve().parents[3]


class Service(NamedTuple):
    url: str
    key: str
    program: str
    srs: str


@pytest.fixture(scope="session")
def fixtures() -> Path:
    return ROOT / "fixtures"


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    program = os.environ.get("PROVENN", str(ROOT / "target/release/provenn"))
    data = tmp_path_factory.mktemp("data")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % free.getsockname()[1]
    command = [program, "serve", "--data", str(data), "--listen", address]
    process = subprocess.Popen(command)
    try:
        wait_for(f"http://{address}/readyz", process)
        yield Service(f"http://{address}", (data / "first.key").read_text().strip(), program, str(data / "srs"))
    finally:
        process.terminate()
        process.wait(60)


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        assert process.poll() is None, "the service ended"
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the service does not answer")


@pytest.fixture(scope="session")
def client(service: Service) -> Client:
    return Client(service.url, service.key)
