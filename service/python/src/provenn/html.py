"""What notebooks show. Everything that is shown is escaped: cards and receipts are of others."""

from __future__ import annotations

from html import escape
from typing import Iterable, Sequence, Tuple


def table(title: str, rows: Iterable[Tuple[str, object]], note: str = "") -> str:
    """A title over names and values."""
    body = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(str(value))}</td></tr>'
        for name, value in rows
    )
    end = f"<p>{escape(note)}</p>" if note else ""
    return f"<div><b>{escape(title)}</b><table>{body}</table>{end}</div>"


def matrix(title: str, rows: Sequence[Sequence[int]], names: Sequence[str] = ()) -> str:
    """Counts by two labels; those that are not 0 are seen at once, and those of the diagonal are framed."""
    labels = [f"{label} {names[label]}" if label < len(names) else str(label) for label in range(len(rows))]
    most = max((count for row in rows for count in row), default=0) or 1

    def cell(count: int, framed: bool) -> str:
        shade = f"background:rgba(40,80,200,{0.5 * count / most:.2f})" if count else "color:#888"
        frame = ";outline:1px solid" if framed else ""
        return f'<td style="text-align:right;{shade}{frame}">{count}</td>'

    head = "".join(f"<th>{escape(label)}</th>" for label in labels)
    body = "".join(
        f'<tr><th style="text-align:left">{escape(label)}</th>'
        + "".join(cell(count, column == number) for column, count in enumerate(row))
        + "</tr>"
        for number, (label, row) in enumerate(zip(labels, rows))
    )
    return f"<table><tr><th>{escape(title)}</th>{head}</tr>{body}</table>"
