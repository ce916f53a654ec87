"""Receipts, and what they say."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple

from . import _verify
from .cards import Card
from .files import Data, Folder, Where, bytes_of, options, read, write
from .html import table


@dataclass(frozen=True)
class ClaimInput:
    """An input as a receipt states it."""

    #: None without the card.
    name: Optional[str]
    shape: Optional[Tuple[int, ...]]
    #: The elements of a public input.
    values: Optional[Tuple[float, ...]]
    #: The commitments of a committed one, in hexadecimal.
    points: Optional[Tuple[str, ...]]

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> ClaimInput:
        lists: Dict[str, Any] = {name: None if found[name] is None else tuple(found[name]) for name in ("shape", "values", "points")}
        return cls(name=found["name"], **lists)


@dataclass(frozen=True)
class Claim:
    """What a receipt says. Only ``provenn.verify`` decides whether it is true."""

    #: A label, labels, scores, or a truth value, as the policy has it.
    output: Any
    #: The output in words.
    words: str
    #: What the publisher calls the label.
    class_name: Optional[str]
    policy: str
    #: Which of several outputs it is about.
    of_output: Optional[str]
    inputs: Tuple[ClaimInput, ...]
    model_id: str
    srs_id: str
    audience: str
    nonce: str
    #: Last second of validity in unix time, 0 for no end.
    not_after: int
    #: Whether numbers are in the units of the model, which its card says; else they are the integers of the circuit.
    real_units: bool

    @classmethod
    def of(cls, text: str) -> Claim:
        found = json.loads(text)
        inputs = found.pop("inputs")
        return cls(class_name=found.pop("class"), inputs=tuple(ClaimInput.of(one) for one in inputs), **found)


@dataclass(frozen=True)
class Receipt:
    """A receipt, and what it says."""

    data: bytes = field(repr=False)
    claim: Claim
    #: Secret: shows what the commitments to inputs hide. Of receipts that were proven here.
    opening: Optional[str] = field(default=None, repr=False)

    @property
    def output(self) -> Any:
        """The output as stated. ``provenn.verify`` gives the one that is proven."""
        return self.claim.output

    @classmethod
    def of(cls, data: bytes, card: Optional[Card] = None) -> Receipt:
        """The bytes of a receipt; with its card, numbers are in the units of the model."""
        return cls(data, Claim.of(_verify.claim(data, card.data if card else None)))

    @classmethod
    def load(cls, path: Where, card: Optional[Card] = None) -> Receipt:
        return cls.of(read(os.fspath(path)), card)

    def save(self, path: Where, opening: Optional[Where] = None) -> None:
        """Writes the receipt, and its secret opening beside it as ``receipt.opening.json`` for ``receipt.bin``."""
        if self.opening is not None:
            place = Path(path).with_suffix(".opening.json") if opening is None else opening
            write(place, self.opening.encode(), private=True)
        write(path, self.data)

    def _repr_html_(self) -> str:
        rows = [("output", self.claim.words), ("policy", self.claim.policy), ("model", self.claim.model_id)]
        rows += [("audience", self.claim.audience), ("size", f"{len(self.data):,} bytes")]
        return table("Receipt", rows, "As stated; provenn.verify decides whether it is true.")


@dataclass(frozen=True)
class Explanation:
    """Every field of a claim: name, value, and what binds it."""

    fields: Tuple[Tuple[str, str, str], ...]
    output: Any
    report: Mapping[str, Any] = field(repr=False)

    def _repr_html_(self) -> str:
        rows = [(name, f"{value} (bound by: {bound})") for name, value, bound in self.fields]
        return table("Stated by this receipt", rows, "Nothing of it is verified.")


def explain(receipt: Any, card: Optional[Card] = None) -> Explanation:
    """What a receipt states and what binds each part; nothing is verified."""
    data: Data = bytes_of(receipt)
    with Folder() as folder:
        named = options(card=folder.put("card", card.data) if card else None)
        # With all that proves: only here.
        from .commands import command

        report = command(["explain", folder.put("receipt", data), *named])
    fields = tuple((one["name"], one["value"], one["bound_by"]) for one in report["fields"])
    return Explanation(fields, report["output"], report)
