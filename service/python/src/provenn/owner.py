"""What the owner of a model does: commits to it, and proves what it computes."""

from __future__ import annotations

import json
import os
from functools import cached_property
from typing import Any, Callable, Mapping, Optional, Sequence, Tuple, Union

from . import _native
from .arrays import Array, Arrays, labelled, named
from .cards import Card
from .files import Data, Where, dims as sizes, hexadecimal, read
from .models import Model, onnx
from .receipts import Claim, Receipt

#: Called with the name of each stage and the share of the work before it; or True for a bar of tqdm.
Progress = Union[None, bool, Callable[[str, float], object]]


class Committed:
    """A committed model with the owner's part of it, which is secret: weights, and the randomness of their commitments."""

    def __init__(self, native: _native.Committed) -> None:
        self._native = native

    @cached_property
    def card(self) -> Card:
        """What is to be published."""
        return Card.of(*self._native.public())

    @property
    def warnings(self) -> Tuple[str, ...]:
        """What its owner should know before the card is published. Not kept in files."""
        return tuple(self._native.warnings)

    def prove(
        self,
        x: Arrays,
        policy: str = "label",
        *,
        output: Optional[str] = None,
        labels: Optional[Array] = None,
        audience: str = "",
        nonce: Union[None, str, bytes] = None,
        not_after: int = 0,
        progress: Progress = None,
    ) -> Receipt:
        """A receipt for one input; ``x`` is by name for a model with several, and has all items of a batch.

        ``policy`` says what comes out, ``output`` of which of several outputs, ``labels`` what the items of a batch are compared with, or their
        groups, or both side by side (docs/policies.md). ``audience``, ``nonce`` (the verifier's challenge, 32 bytes) and ``not_after`` (unix seconds) say for whom
        the receipt is.
        """
        with _Told(progress) as told:
            arguments = (named(x), labelled(policy, labels), output, audience, hexadecimal(nonce), not_after)
            data, claim, opening = self._native.prove(*arguments, told)
        return Receipt(data, Claim.of(claim), opening)

    def save(self, folder: Where) -> None:
        """Writes the files of ``provenn commit`` into a folder that is not there yet; the secret ones for their owner only."""
        self._native.save(os.fspath(folder))

    def _repr_html_(self) -> str:
        return self.card._repr_html_()


def commit(
    model: Model,
    calibration: Arrays,
    *,
    held_out: Optional[Arrays] = None,
    committed: Union[bool, Sequence[str]] = False,
    dims: Optional[Mapping[str, int]] = None,
    batch: int = 0,
    outputs: str = "auto",
    optimize: str = "balanced",
    about: Union[None, Mapping[str, Any], Data] = None,
    srs: Optional[Where] = None,
    progress: Progress = None,
) -> Committed:
    """Commits to a model.

    ``calibration`` has rows that scales are chosen from, ``held_out`` those that the fidelity on the card is measured on. ``committed`` says
    whether receipts show their inputs or commitments to them: all, or those of these names. ``dims`` has the sizes of symbolic dimensions,
    ``about`` what the card says of the model (docs/format.md). With ``batch`` the model runs on so many items in one proof, and receipts count
    their labels. ``outputs`` is ``"whole"`` for a model whose receipts show all values of an output or none (policy ``scores``), at little cost;
    ``"scores"`` where any policy may speak of them, at the cost of a row for each value; ``"auto"`` is whole for outputs of more than 65,536
    values. ``srs`` is a folder of development parameters, or a file of ``provenn srs import``; by default development parameters are made, which nobody accepts who does not trust this machine.
    """
    data = json.dumps(about).encode() if isinstance(about, Mapping) else None if about is None else read(about)
    names = None if committed is True else [] if committed is False else list(committed)
    place = None if srs is None else os.fspath(srs)
    with _Told(progress) as told:
        rows = (named(calibration), named(held_out))
        return Committed(_native.commit(onnx(model), sizes(dims), batch, *rows, names, outputs, optimize, data, place, told))


def load(folder: Where, *, srs: Optional[Where] = None) -> Committed:
    """A model that ``Committed.save`` or ``provenn commit`` wrote."""
    return Committed(_native.load(os.fspath(folder), None if srs is None else os.fspath(srs)))


class _Told:
    """Who is told of progress."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bar: Any = None

    def __enter__(self) -> Optional[Callable[[str, float], object]]:
        if self._progress is not True:
            return self._progress or None
        from tqdm.auto import tqdm

        self._bar = tqdm(total=100, bar_format="{desc} {bar} {elapsed}")
        return self._stage

    def _stage(self, name: str, share: float) -> None:
        self._bar.set_description(name)
        self._bar.update(round(100 * share) - self._bar.n)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._bar is not None:
            if kind is None:
                self._bar.update(100 - self._bar.n)
            self._bar.close()
