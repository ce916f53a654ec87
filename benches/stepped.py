"""Counts the instructions of a kernel one by one, on the machine itself: for those that callgrind does not know.

A process that traces another one lets it go on instruction by instruction, some 40,000 of them in a second. Linux on x86-64."""

import ctypes
import os
import re
import signal
import subprocess

TRACEME, PEEKDATA, PEEKUSER, POKEDATA, POKEUSER, CONT, STEP, SETOPTIONS = 0, 2, 3, 5, 6, 7, 9, 0x4200
TRACE_CLONE, EXIT_KILL, ALL = 8, 0x100000, 0x40000000
# Where registers stand in what the kernel tells of a process.
INSTRUCTION, STACK = 8 * 16, 8 * 19
BREAKPOINT = 0xCC

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]


def trace(request, task, address=None, data=None):
    return libc.ptrace(request, task, address, data) & (2**64 - 1)


def count(binary, kernel, path):
    """Instructions of what `measured` calls: from its first one until it returns."""
    names = subprocess.run(["nm", "-C", binary], check=True, capture_output=True, text=True).stdout
    entries = [int(line.split()[0], 16) for line in names.splitlines() if re.search(r" t kernel::measured", line)]
    child = subprocess.Popen(
        [binary, kernel],
        env=os.environ | {"PROVENN_ENGINE": path},
        preexec_fn=lambda: libc.ptrace(TRACEME, 0, None, None),
    )
    try:
        os.waitpid(child.pid, ALL)
        with open(f"/proc/{child.pid}/maps") as maps:
            base = int(maps.readline().split("-")[0], 16)
        trace(SETOPTIONS, child.pid, None, TRACE_CLONE | EXIT_KILL)
        words = {base + entry: trace(PEEKDATA, child.pid, base + entry) for entry in entries}
        for address, word in words.items():
            trace(POKEDATA, child.pid, address, word & ~0xFF | BREAKPOINT)
        trace(CONT, child.pid)
        while True:
            # Any of its threads.
            task, status = os.waitpid(-1, ALL)
            if not os.WIFSTOPPED(status):
                return 0
            address = trace(PEEKUSER, task, INSTRUCTION) - 1
            if os.WSTOPSIG(status) == signal.SIGTRAP and address in words:
                break
            trace(CONT, task)
        trace(POKEDATA, task, address, words[address])
        trace(POKEUSER, task, INSTRUCTION, address)
        end = trace(PEEKDATA, task, trace(PEEKUSER, task, STACK))
        steps = 0
        while trace(PEEKUSER, task, INSTRUCTION) != end:
            trace(STEP, task)
            os.waitpid(task, ALL)
            steps += 1
        return steps
    finally:
        child.kill()
        # All its threads: who waits for any of the next one would be told that these ended.
        while child.returncode is None:
            try:
                task, status = os.waitpid(-1, ALL)
            except ChildProcessError:
                break
            if task == child.pid and not os.WIFSTOPPED(status):
                child.returncode = status
