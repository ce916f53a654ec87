#!/usr/bin/env python3
"""Counts the instructions of each kernel with callgrind, and compares them with benches/instructions.json.

Counts repeat for one binary whatever else the machine does; other compilers give others. A kernel that needs more
than 3 % more than it did fails. `--write` records the counts instead. Needs valgrind."""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASELINE = ROOT / "benches" / "instructions.json"
TOLERANCE = 0.03


def output(command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)


def count(binary, kernel):
    with tempfile.TemporaryDirectory() as folder:
        result = output(
            [
                "valgrind",
                "--tool=callgrind",
                "--collect-atstart=no",
                "--toggle-collect=kernel::measured*",
                f"--callgrind-out-file={folder}/out",
                binary,
                kernel,
            ]
        )
    collected = re.search(r"Collected : (\d+)", result.stderr)
    if not collected or int(collected[1]) == 0:
        sys.exit(f"{kernel}: callgrind counted nothing:\n{result.stderr}")
    return int(collected[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="record the counts")
    arguments = parser.parse_args()
    build = ["cargo", "build", "--release", "-p", "provenn-benches", "--bin", "kernel", "--message-format=json"]
    messages = [json.loads(line) for line in output(build).stdout.splitlines()]
    binary = next(m["executable"] for m in messages if m.get("executable"))
    before = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    counts, slower = {}, []
    for kernel in output([binary]).stdout.split():
        counts[kernel] = count(binary, kernel)
        change = counts[kernel] / before[kernel] - 1 if kernel in before else 0
        print(f"{kernel:<12} {counts[kernel]:>16,} {change:>+8.1%}", flush=True)
        if change > TOLERANCE:
            slower.append(kernel)
    if arguments.write:
        BASELINE.write_text(json.dumps(counts, indent=2) + "\n")
    elif slower:
        sys.exit(f"more instructions than recorded: {', '.join(slower)}")


main()
