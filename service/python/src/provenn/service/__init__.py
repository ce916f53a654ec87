"""Client of the Provenn prover service."""

from .client import Client
from .errors import JobFailed, ServiceError
from .types import (
    Account,
    Agreement,
    AgreementStatus,
    Budget,
    Check,
    Event,
    InputFile,
    Job,
    Ledger,
    Log,
    Name,
    Problem,
    Tensor,
    Verdict,
    Version,
)

__all__ = [
    "Account",
    "Agreement",
    "AgreementStatus",
    "Budget",
    "Check",
    "Client",
    "Event",
    "InputFile",
    "Job",
    "JobFailed",
    "Ledger",
    "Log",
    "Name",
    "Problem",
    "ServiceError",
    "Tensor",
    "Verdict",
    "Version",
]
