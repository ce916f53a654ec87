"""Commands on files, in the library that has them all."""

from __future__ import annotations

import json
from typing import Any, Dict, Sequence

from . import _native


def command(words: Sequence[str]) -> Dict[str, Any]:
    """The report of a command."""
    report: Dict[str, Any] = json.loads(_native.command(words))
    return report
