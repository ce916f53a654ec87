"""Documents of the service. Times are unix milliseconds, digests lower-case hexadecimal."""

from __future__ import annotations

from typing import Any, List, Literal, Optional, TypedDict

State = Literal["queued", "witness", "proving", "verifying", "done", "failed", "cancelled", "expired"]
Status = Literal["active", "deprecated", "revoked"]
Binding = Literal["public", "committed"]


class Tensor(TypedDict):
    """One input."""

    shape: List[int]
    values: List[float]


class Room(TypedDict):
    """A tenant's bytes, and what was asked for beyond them."""

    used: int
    limit: int
    asked: int


class Storage(TypedDict):
    """A tenant's bytes: of what is stored, of what is being received or made, and how many there may be of both together."""

    stored: int
    reserved: int
    limit: int


class Problem(TypedDict, total=False):
    """Why something was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    help: str
    forecast: Any
    storage: Room


class Segments(TypedDict):
    """How many segments of a model are proven, of how many."""

    done: int
    of: int


class _Job(TypedDict):
    id: str
    kind: str
    state: State
    stage: str
    attempt: int
    progress: float
    priority: int
    created: int
    request: Any


class Job(_Job, total=False):
    """A job: committing to a model or an input, or a proof of an inference or a colouring."""

    segments: Segments
    eta_ms: int
    retry: str
    not_before: int
    started: int
    finished: int
    peak_bytes: int
    cpu_ms: int
    forecast: Any
    result: Any
    error: Problem
    removed: int


class Event(TypedDict):
    """A stage of a job."""

    id: int
    state: State
    stage: str
    attempt: int
    at: int


class Check(TypedDict):
    """One check of a verdict; not checked is what the caller named no expectation for."""

    name: str
    value: str
    checked: bool


class Version(TypedDict):
    """A published model."""

    tenant: str
    name: str
    version: int
    model: str
    status: Status
    reason: str
    created: int
    changed: int


class AgreementStatus(TypedDict):
    """Whether an agreement was revoked. Its end is in unix seconds."""

    agreement: str
    not_after: int
    revoked: Optional[int]
    reason: str


class Agreement(AgreementStatus):
    """An agreement of yours."""

    file: str
    model: str
    roles: List[str]
    created: int


class _Verdict(TypedDict):
    valid: bool
    dev: bool
    output: Any
    checks: List[Check]


class Verdict(_Verdict, total=False):
    """A receipt that verified. Look at `published`: the model may be revoked since."""

    published: Version


class Name(TypedDict):
    """Versions under a name, newest first."""

    current: Optional[int]
    versions: List[Version]
    more: bool


class Log(TypedDict):
    """The transparency log."""

    key: str
    size: int
    pending: int


class Account(TypedDict):
    """Bits that receipts revealed at most."""

    model: str
    input: str
    requester: str
    policy: str
    receipts: int
    bits: float
    reserved_bits: float
    first_bits: float
    first_reserved_bits: float


class InputFile(TypedDict):
    """An uploaded file, and the input that it is to the ledger, or is one of."""

    model: str
    input: str
    file: str


class Budget(TypedDict):
    """A limit on bits."""

    scope: str
    subject: str
    bits: float


class Ledger(TypedDict):
    """What receipts let out."""

    bits: float
    reserved_bits: float
    accounts: List[Account]
    files: List[InputFile]
    budgets: List[Budget]
    more: bool
