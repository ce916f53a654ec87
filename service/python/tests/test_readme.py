"""The README, run as it is printed."""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import List, Tuple

import pytest
from conftest import ROOT

README = Path(__file__).resolve().parents[1] / "README.md"


def blocks() -> List[Tuple[str, str]]:
    """Language and text of each."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", README.read_text(), re.M | re.S)


def test_an_empty_environment_is_enough(tmp_path: Path) -> None:
    """Nothing but Python: the wheel is installed, the first lines are run."""
    wheel = os.environ.get("PROVENN_WHEEL")
    if wheel is None:
        pytest.skip("PROVENN_WHEEL names no wheel")
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    language, text = blocks()[0]
    assert language == "python" and len(text.splitlines()) <= 12
    environment = tmp_path / "environment"
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = [str(environment / "bin/python"), "-I"]
    subprocess.run([*python, "-m", "pip", "install", "--quiet", "--no-index", wheel], check=True)
    # Parameters are made too.
    home = {**os.environ, "PROVENN_HOME": str(tmp_path / "home")}
    ran = subprocess.run([*python, "-c", text], cwd=tmp_path, env=home, check=True, capture_output=True, text=True)
    assert ran.stdout.startswith("VALID: ") and "- " in ran.stdout
    seconds = time.monotonic() - started
    print(f"Installed, and the lines of the README run: {seconds:.1f} s")
    assert seconds < 60
    version = subprocess.run([*python, "-m", "provenn", "--version"], check=True, capture_output=True, text=True)
    assert version.stdout.startswith("provenn ")


def test_the_readme_runs(tmp_path: Path) -> None:
    # Where the README stands in a clone.
    folder = tmp_path / "service/python"
    folder.mkdir(parents=True)
    assert [language for language, _ in blocks()] == ["python", "sh", "python", "sh"]
    script = ["trap 'kill $(jobs -p)' EXIT"]
    for number, (language, text) in enumerate(blocks()):
        if language == "python":
            (folder / f"{number}.py").write_text(text)
            text = f"'{sys.executable}' {number}.py\n"
        script.append(text)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % free.getsockname()[1]
    # Nothing else is changed: the printed address may be taken.
    for file in folder.glob("*.py"):
        file.write_text(file.read_text().replace("127.0.0.1:8080", address))
    (folder / "fixtures").symlink_to(ROOT / "fixtures")
    # What it leaves in a clone is nothing that `git add` would take.
    git = ["git", "-c", f"core.excludesFile={ROOT / '.gitignore'}"]
    subprocess.run([*git, "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / ".git/info/exclude").write_text("/service/python/fixtures\n/service/python/*.py\n")
    program = Path(os.environ.get("PROVENN", str(ROOT / "target/release/provenn"))).resolve()
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(script).replace("127.0.0.1:8080", address)],
        cwd=folder,
        env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PROVENN_LISTEN": address},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "VALID" in ran.stdout and "LOGGED: the receipt" in ran.stdout
    status = [*git, "status", "--porcelain", "--untracked-files=all"]
    left = subprocess.run(status, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert left.stdout == ""
