#!/usr/bin/env python3
"""Counts the instructions of each kernel with callgrind, and compares them with benches/instructions.json.

What the prover's engine does is counted on each of its paths. Callgrind knows no AVX-512: the kernels on that path are gone through
instruction by instruction on the machine itself, if it has AVX-512 IFMA, which takes a minute or two. Counts repeat for one binary whatever
else the machine does; other compilers give others. A kernel that needs more than 3 % more than it did fails. `--write` records the counts
instead. Needs valgrind, and AVX2."""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import stepped

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASELINE = ROOT / "benches" / "instructions.json"
TOLERANCE = 0.03
ENGINE = ["msm-small", "program", "prove", "transform"]
PATHS = ["portable", "avx2"]
STEPPED = ["msm-small", "program", "transform"]


def output(command, path=""):
    environment = os.environ | {"PROVENN_ENGINE": path}
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, env=environment)


def count(binary, kernel, path):
    if path == "ifma":
        return stepped.count(binary, kernel, path)
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
            ],
            path,
        )
    collected = re.search(r"Collected : (\d+)", result.stderr)
    if not collected:
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
    kernels = output([binary]).stdout.split()
    # All others run on the portable path too: what they are set up with is not counted.
    named = [(f"{kernel}, {path}", kernel, path) for kernel in ENGINE for path in PATHS]
    named += [(kernel, kernel, "portable") for kernel in kernels if kernel not in ENGINE]
    if "avx512ifma" in pathlib.Path("/proc/cpuinfo").read_text():
        named += [(f"{kernel}, ifma", kernel, "ifma") for kernel in STEPPED]
    else:
        counts = {name: count for name, count in before.items() if name.endswith(", ifma")}
    for name, kernel, path in sorted(named):
        counts[name] = count(binary, kernel, path)
        if counts[name] == 0:
            sys.exit(f"{name}: nothing was counted")
        change = counts[name] / before[name] - 1 if name in before else 0
        print(f"{name:<20} {counts[name]:>16,} {change:>+8.1%}", flush=True)
        if change > TOLERANCE:
            slower.append(name)
    if arguments.write:
        BASELINE.write_text(json.dumps(dict(sorted(counts.items())), indent=2) + "\n")
    elif slower:
        sys.exit(f"more instructions than recorded: {', '.join(slower)}")


main()
