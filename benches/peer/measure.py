"""Runs one command in its own process and measures it with wait4."""

import dataclasses
import os
import resource
import signal
import subprocess
import threading
import time


@dataclasses.dataclass
class Measured:
    status: str  # ok | failed | timeout
    wall_s: float
    cpu_s: float  # user + system, all threads
    rss_mb: float  # largest resident set, MB of 10^6 bytes
    tail: str = ""  # end of the output when it did not end well


def run(command, log, limit_s, memory_gib=None, env=None):
    """The parent must stay small: Linux counts its resident set at fork towards the child's maximum."""

    def limits():
        if memory_gib:
            resource.setrlimit(resource.RLIMIT_DATA, (int(memory_gib * 2**30),) * 2)

    timed_out = threading.Event()
    with open(log, "wb") as out:
        start = time.monotonic()
        child = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=limits, env=env,
        )

        def stop():
            timed_out.set()
            os.killpg(child.pid, signal.SIGKILL)

        timer = threading.Timer(limit_s, stop)
        timer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    outcome = "timeout" if timed_out.is_set() else "ok" if child.returncode == 0 else "failed"
    tail = ""
    if outcome != "ok":
        with open(log, "rb") as text:
            tail = text.read()[-600:].decode(errors="replace")
    return Measured(outcome, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6, tail)
