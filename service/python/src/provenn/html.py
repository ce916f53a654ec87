"""What notebooks show. Everything that is shown is escaped: cards and receipts are of others."""

from __future__ import annotations

from html import escape
from typing import Iterable, Tuple


def table(title: str, rows: Iterable[Tuple[str, object]], note: str = "") -> str:
    """A title over names and values."""
    body = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(str(value))}</td></tr>'
        for name, value in rows
    )
    end = f"<p>{escape(note)}</p>" if note else ""
    return f"<div><b>{escape(title)}</b><table>{body}</table>{end}</div>"
