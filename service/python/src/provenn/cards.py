"""Model cards: what is public about a committed model, in the units of the model."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple

from . import _verify
from .files import Data, Where, read, write
from .html import table


@dataclass(frozen=True)
class Tensor:
    """An input or an output."""

    name: str
    shape: Tuple[int, ...]
    #: The distance of two neighbouring values of an element, at most.
    step: float
    #: That of elements much smaller than the largest, at least.
    finest_step: float
    #: Whether receipts show it (``public``) or a commitment to it (``committed``); outputs have none.
    binding: Optional[str] = None
    #: What its publisher says it is measured in.
    unit: Optional[str] = None
    #: What its publisher calls the labels.
    classes: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Fidelity:
    """How far the committed model is from the float model, by its publisher's measurement."""

    rows: int
    #: ``held-out``, ``calibration`` or ``seeded``.
    source: str
    #: Rows that have no receipt, because a value leaves its range.
    unprovable: int
    #: Rows that have another label than in the float model.
    label_flips: int
    max_error: float
    relative_error: float
    #: Outputs that have one value on all rows: their error is not known.
    unmoved: int = 0

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Fidelity:
        return cls(**{name: found[name] for name in cls.__dataclass_fields__ if name in found or name != "unmoved"})

    def __str__(self) -> str:
        if self.rows == 0:
            return "not measured of the whole: the card of each stage says how far it is off"
        return (
            f"{self.rows} {self.source} rows: {self.label_flips} label flips, error at most {self.max_error:.3g}, "
            f"{self.unprovable} without a receipt"
        )


@dataclass(frozen=True)
class Card:
    """A model card with the verifier's part of the parameters that it was made under. Nothing of it is verified by reading it."""

    data: bytes = field(repr=False)
    srs: bytes = field(repr=False)
    model_id: str
    srs_id: str
    key_digest: str
    quantization: str
    #: Name of the ONNX graph.
    name: str
    inputs: Tuple[Tensor, ...]
    outputs: Tuple[Tensor, ...]
    parameters: int
    #: The circuit has 2^k rows, of a model in segments each of them.
    k: int
    #: How many segments the model is in; None in one circuit.
    segments: Optional[int]
    #: The policies that fit the model's outputs, each with what it reveals.
    policies: Mapping[str, str]
    fidelity: Fidelity
    #: What its publisher says of the model (docs/format.md).
    about: Mapping[str, Any]

    @classmethod
    def of(cls, data: bytes, srs: bytes) -> Card:
        """The bytes of a card and of its SRS key."""
        found: Dict[str, Any] = json.loads(_verify.card(data))
        card = found["card"]
        about = card.get("about", {})
        units = {"inputs": {}, "outputs": {}}  # type: Dict[str, Dict[str, Any]]
        for of in units:
            units[of] = {said["name"]: said for said in about.get(of, [])}

        def tensor(of: str, tensor: Mapping[str, Any]) -> Tensor:
            said = units[of].get(tensor["name"], {})
            return Tensor(
                name=tensor["name"],
                shape=tuple(tensor["shape"]),
                step=2.0 ** -tensor["frac"],
                finest_step=2.0 ** -(tensor["frac"] + max(tensor.get("lifts", ()), default=0)),
                binding=tensor.get("binding"),
                unit=said.get("unit"),
                classes=tuple(said.get("classes", ())),
            )

        return cls(
            data=data,
            srs=srs,
            model_id=found["model_id"],
            srs_id=found["srs_id"],
            key_digest=found["key_digest"],
            quantization=found["quantization"],
            name=card["name"],
            inputs=tuple(tensor("inputs", one) for one in card["inputs"]),
            outputs=tuple(tensor("outputs", one) for one in card["outputs"]),
            parameters=card["parameters"],
            k=found["k"],
            segments=found["segments"],
            policies=dict(card["leakage"]),
            fidelity=Fidelity.of(card["fidelity"]),
            about=about,
        )

    @classmethod
    def load(cls, path: Where, srs: Optional[Data] = None) -> Card:
        """A card in a file; its SRS key is ``srs.vk`` beside it, unless it is named."""
        beside = Path(path).parent / "srs.vk"
        return cls.of(read(os.fspath(path)), read(beside if srs is None else srs))

    def save(self, folder: Where) -> None:
        """Writes ``model.card``, of a model in segments ``chain.card``, and ``srs.vk``, which is all that is to be published."""
        os.makedirs(folder, exist_ok=True)
        write(Path(folder) / ("chain.card" if self.segments else "model.card"), self.data)
        write(Path(folder) / "srs.vk", self.srs)

    def _repr_html_(self) -> str:
        rows = [("model id", self.model_id), ("parameters", f"{self.parameters:,}"), ("circuit", f"2^{self.k} rows" + (f" in each of {self.segments} segments" if self.segments else ""))]
        said = [(name, text) for name, text in self.about.items() if isinstance(text, str)]
        for title, tensors in (("input", self.inputs), ("output", self.outputs)):
            for tensor in tensors:
                how = f", {tensor.binding}" if tensor.binding else ""
                unit = f" {tensor.unit}" if tensor.unit else ""
                steps = f"in steps of {tensor.step:g}{unit}"
                if tensor.finest_step < tensor.step:
                    steps += f", of small elements down to {tensor.finest_step:g}"
                rows.append((title, f"{tensor.name} {list(tensor.shape)}{how}, {steps}"))
        rows.append(("fidelity", str(self.fidelity)))
        return table(f"Model card: {self.name}", [*rows, *said], "What a card says is its publisher's word.")


def card_of(card: Any, srs: Optional[Data] = None) -> Card:
    """A card, however it is given: an object, a file, or bytes with those of its SRS key."""
    if isinstance(card, Card):
        return card if srs is None else Card.of(card.data, read(srs))
    if isinstance(card, bytes):
        if srs is None:
            raise TypeError("the bytes of a card come with those of its SRS key: give srs")
        return Card.of(card, read(srs))
    return Card.load(card, srs)
