"""What this package refuses."""

from __future__ import annotations

import re
from typing import Sequence, Tuple


class ProvennError(Exception):
    """Something was refused, or could not be done.

    ``code`` is stable and made for programs, ``help`` says what to do, ``details`` are lines about each thing that is wrong.
    """

    def __init__(self, code: str, message: str, help: str = "", details: Sequence[str] = ()) -> None:
        #: Stable identifier of the error, the same as in the command line.
        self.code = code
        self.message = message
        #: What to do about it.
        self.help = _arguments(help)
        self.details: Tuple[str, ...] = tuple(details)
        lines = [f"{code}: {message}" + (f" ({self.help})" if self.help else "")]
        super().__init__("\n  ".join([*lines, *self.details]))


def _arguments(text: str) -> str:
    """Options of the command line as the arguments of the same name."""
    return re.sub(r"--([a-z]+(?:-[a-z]+)*)", lambda found: found[1].replace("-", "_") + "=", text)
