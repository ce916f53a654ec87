"""Runs the notebooks of this folder, or those named; with --write they keep what they showed."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).resolve().parent
# A notebook is read in browsers and compared in reviews.
LARGEST = 256 << 10


def tidy(notebook: nbformat.NotebookNode) -> None:
    """What changes from run to run, and is of no use to a reader."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("metadata", {}).clear()
            # Shown as tables or pictures; the text beside them is for terminals.
            if {"text/html", "image/svg+xml"} & set(output.get("data", {})):
                output.data.pop("text/plain", None)
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the outputs")
    parser.add_argument("notebooks", nargs="*", metavar="NAME", help="as in audit; all by default")
    asked = parser.parse_args()
    paths = [HERE / f"{name}.ipynb" for name in asked.notebooks] or sorted(HERE.glob("*.ipynb"))
    failed = 0
    with tempfile.TemporaryDirectory() as home:
        # No parameters of whoever runs this are used or changed.
        os.environ["PROVENN_HOME"] = home
        for path in paths:
            notebook, start = nbformat.read(path, as_version=4), time.monotonic()
            try:
                NotebookClient(notebook, timeout=300, startup_timeout=300, resources={"metadata": {"path": str(HERE)}}).execute()
            except CellExecutionError as error:
                print(f"{path.name}: {error}", file=sys.stderr)
                failed += 1
                continue
            nbformat.validate(notebook)
            tidy(notebook)
            size = len(nbformat.writes(notebook))
            print(f"{path.name}: {time.monotonic() - start:.1f} s, {size:,} bytes")
            if size > LARGEST:
                print(f"{path.name}: more than {LARGEST:,} bytes: show less", file=sys.stderr)
                failed += 1
            elif asked.write:
                nbformat.write(notebook, path)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
