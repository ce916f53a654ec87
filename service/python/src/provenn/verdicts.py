"""Verification."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isqrt
from typing import Any, Mapping, Optional, Sequence, Tuple, Union

from . import _verify
from .arrays import Array, Arrays, labelled, named
from .cards import Card, card_of
from .files import Data, bytes_of, hexadecimal, options, read
from .html import matrix, table


@dataclass(frozen=True)
class Check:
    """Something that a verdict rests on."""

    name: str
    value: str
    #: False: stated by the receipt, and you named no expectation of it.
    checked: bool


@dataclass(frozen=True)
class Verdict:
    """A receipt that holds. One that does not is a ``ProvennError``."""

    #: A label, labels, scores in the units of the model, or a truth value; of a bundle with several receipts, a tuple of them.
    output: Any
    #: What the publisher calls the label.
    class_name: Optional[str]
    #: Under development parameters: worth as much as the machine that made them.
    dev: bool
    model_id: str
    srs_id: str
    checks: Tuple[Check, ...]
    #: What the verdict leaves open.
    not_proven: Tuple[str, ...]
    #: The publisher that signed the model, if you named it.
    publisher: Optional[str]
    #: The log that has the model, if you named it.
    log: Optional[Mapping[str, Any]]
    milliseconds: float
    #: What that publisher says of the model: ``state``, ``time`` (unix seconds) and ``reason``.
    state: Optional[Mapping[str, Any]] = None
    #: The agreement that all of it is under, with its parties, if it was given.
    agreement: Optional[Mapping[str, Any]] = None
    #: Of the policy ``confusion``: for each right label, how many items of it have which label.
    matrix: Optional[Tuple[Tuple[int, ...], ...]] = None
    #: What the publisher calls the labels, in their order; empty if it does not.
    classes: Tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        title = "VALID under development parameters" if self.dev else "VALID"
        said = f"{self.output}" + (f" ({self.class_name})" if self.class_name else "")
        stated = " [as stated; you named no expectation]"
        agreed = [] if self.agreement is None else [("agreement", str(self.agreement["digest"]))]
        rows = [(one.name, one.value + ("" if one.checked else stated)) for one in self.checks]
        if self.matrix is not None:
            said = "the confusion matrix below"
        made = table(title, [("output", said), *rows, *agreed], "Not proven: " + " ".join(self.not_proven))
        return made if self.matrix is None else made + matrix("right label", self.matrix, self.classes)


def verify(
    receipt: Any,
    card: Union[None, Card, Data] = None,
    *,
    srs: Optional[Data] = None,
    accept_dev: bool = False,
    model_id: Union[None, str, bytes] = None,
    any_model: bool = False,
    publisher: Optional[str] = None,
    signature: Optional[Data] = None,
    log: Optional[str] = None,
    log_proof: Optional[Data] = None,
    state: Optional[Data] = None,
    agreement: Optional[Data] = None,
    parties: Sequence[str] = (),
    party_inputs: Sequence[Data] = (),
    witnesses: Sequence[str] = (),
    quorum: Optional[int] = None,
    srs_id: Union[None, str, bytes] = None,
    audience: Optional[str] = None,
    nonce: Union[None, str, bytes] = None,
    input: Optional[Arrays] = None,
    policy: Optional[str] = None,
    output: Optional[str] = None,
    labels: Optional[Array] = None,
) -> Verdict:
    """Checks a receipt against a card, or a bundle; raises ``ProvennError`` if it does not hold.

    The card that you give says which model you mean: give one that you have from a source that you trust, because anybody can make a card,
    and valid receipts under it, of a model of their own. For a card that came along with its receipt, pin the model by ``model_id``, or name
    who vouches for it: ``publisher`` with its ``signature``, or ``log`` with its ``log_proof``. A bundle brings its own card, so for one of
    these has to be named, or ``any_model``. ``state`` is what the publisher says of the model now.

    ``agreement`` is what the receipt has to be under, ``party_inputs`` are the parties' signatures of inputs, and ``parties`` the keys of those
    that you know. A bundle may bring agreement and signatures along.

    ``labels`` are those that a ``policy`` about a batch has to be about. ``accept_dev`` takes development parameters: only if you trust the machine that made them. What else you name, the receipt has to state.
    """
    if card is None and any(part is not None for part in (srs, signature, log_proof, state)):
        raise TypeError("a bundle brings its own srs, signature, log_proof and state: give them with a card")
    if publisher is None and not (signature is None and state is None):
        raise TypeError("signature and state are a publisher's: name it too")
    if log is None and log_proof is not None:
        raise TypeError("log_proof is a log's: name it too")
    if party_inputs and agreement is None:
        raise TypeError("party_inputs are signed under an agreement: give it too")
    if labels is not None and policy is None:
        raise TypeError("labels are part of a policy: name it too")
    given = None if card is None else card_of(card, srs)
    vouched = publisher is not None or log is not None
    if given is not None and model_id is None and not vouched and not any_model:
        model_id = given.model_id
    words = options(
        accept_dev=accept_dev,
        model_id=hexadecimal(model_id),
        any_model=any_model,
        publisher=publisher,
        log=log,
        party=list(parties),
        witness=list(witnesses),
        quorum=quorum,
        srs_id=hexadecimal(srs_id),
        audience=audience,
        nonce=hexadecimal(nonce),
        policy=None if policy is None else labelled(policy, labels),
        output=output,
    )
    text = _verify.verify(
        bytes_of(receipt),
        given.data if given else None,
        given.srs if given else None,
        None if signature is None else read(signature),
        None if log_proof is None else read(log_proof),
        None if state is None else read(state),
        None if agreement is None else read(agreement),
        [read(one) for one in party_inputs],
        named(input),
        words,
    )
    found = json.loads(text)
    receipts = found.get("receipts", [found])
    several = len(receipts) > 1
    return Verdict(
        output=tuple(one["output"] for one in receipts) if several else receipts[0]["output"],
        class_name=None if several else receipts[0]["class"],
        dev=found["dev"],
        model_id=found["model_id"],
        srs_id=found["srs_id"],
        checks=tuple(Check(**check) for one in receipts for check in one["checks"]),
        not_proven=tuple(found["not_proven"]),
        publisher=found["publisher"],
        log=found["log"],
        state=found["state"],
        agreement=found["agreement"],
        milliseconds=found["milliseconds"],
        matrix=None if several else _matrix(receipts[0]),
        classes=given.outputs[0].classes if given is not None and len(given.outputs) == 1 else (),
    )


def _matrix(receipt: Mapping[str, Any]) -> Optional[Tuple[Tuple[int, ...], ...]]:
    policy = next((check["value"] for check in receipt["checks"] if check["name"] == "policy"), "")
    if not policy.startswith("confusion matrix "):
        return None
    counts = receipt["output"]
    wide = isqrt(len(counts))
    return tuple(tuple(counts[start : start + wide]) for start in range(0, len(counts), wide))
