"""The client."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
import uuid
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, TypeVar, Union, cast
from urllib.parse import quote, urlencode

from . import http as requests
from .errors import JobFailed, ServiceError
from .types import Agreement, AgreementStatus, Binding, Budget, Event, Job, Ledger, Log, Name, Status, Storage, Tensor, Verdict, Version

#: A path, or bytes.
Content = Union[str, Path, bytes]
_Value = TypeVar("_Value")
#: What a model's only input has, or each of several by its name.
Each = Union[_Value, Mapping[str, _Value]]
FINISHED = ("done", "failed", "cancelled", "expired")
#: Seconds that a job is waited for unless told otherwise.
WAIT = 3600.0


class Client:
    """A prover service. Without a key only what is public can be used.

    Methods raise ServiceError for what the service refuses, OSError if it cannot be reached.
    """

    def __init__(self, url: str, key: Optional[str] = None, timeout: float = 60.0) -> None:
        self._http = requests.Http(url, key, timeout)

    # Uploads.

    def upload_model(self, content: Content) -> str:
        """Uploads an ONNX file; its SHA-256."""
        return self._put("models", _bytes(content))

    def upload_input(self, content: Union[Content, Tensor]) -> str:
        """Uploads one sample, or rows for calibration (.npy); its SHA-256."""
        if isinstance(content, dict):
            return self._put("inputs", json.dumps(content).encode())
        return self._put("inputs", _bytes(content))

    def upload_graph(self, content: Content) -> str:
        """Uploads a graph (DIMACS .col, a list of edges, GraphML, or node-link JSON); its SHA-256."""
        return self._put("inputs", _bytes(content), "?form=graph")

    def upload_colouring(self, content: Union[Content, Sequence[int]]) -> str:
        """Uploads a colouring, one colour for each vertex; its SHA-256. It is as private as an input."""
        if isinstance(content, (str, Path, bytes)):
            return self._put("inputs", _bytes(content), "?form=colouring")
        return self._put("inputs", "".join(f"{int(colour)}\n" for colour in content).encode(), "?form=colouring")

    def upload_agreement(self, content: Content) -> str:
        """Uploads an agreement about one of your models that all parties signed; the digest of its terms."""
        sent = _bytes(content)
        sha256 = hashlib.sha256(sent).hexdigest()
        said = json.loads(self._http.send("PUT", f"/v1/inputs/{sha256}?form=agreement", sent))
        return cast(str, said["agreement"])

    def upload_opening(self, content: Content) -> str:
        """Uploads the opening of an input that a party committed to; its SHA-256, which stands where an input's does."""
        return self._put("inputs", _bytes(content), "?form=opening")

    def upload_signature(self, content: Content) -> str:
        """Uploads a party's signature of its input; its SHA-256."""
        return self._put("inputs", _bytes(content), "?form=signature")

    def upload_labels(self, content: Union[Content, Sequence[int]]) -> str:
        """Uploads a label or a group for each item of a batch (numbers as text, or .npy with one axis); its SHA-256. Receipts show them."""
        if isinstance(content, (str, Path, bytes)):
            return self._put("inputs", _bytes(content), "?form=labels")
        return self._put("inputs", " ".join(str(int(label)) for label in content).encode(), "?form=labels")

    def delete_model(self, model: str) -> None:
        """Removes an uploaded model, by SHA-256; nothing if there is none. Refused with `in-use` while it is needed."""
        self._http.send("DELETE", f"/v1/models/{_part(model)}")

    def delete_input(self, input: str) -> None:
        """Removes an uploaded input and its commitments, or a graph or a colouring, likewise."""
        self._http.send("DELETE", f"/v1/inputs/{_part(input)}")

    def delete_commitment(self, model: str) -> None:
        """Removes a committed model that was never published, by model id; its receipts stay."""
        self._http.send("DELETE", f"/v1/models/{_part(model)}/commit")

    def storage(self) -> Storage:
        """Bytes that are stored and reserved, and how many there may be."""
        return cast(Storage, self._http.json("GET", "/v1/storage"))

    # Jobs.

    def commit(
        self,
        model: str,
        calibration: Each[str],
        held_out: Optional[Each[str]] = None,
        input: Each[Binding] = "public",
        priority: Optional[int] = None,
        about: Optional[Mapping[str, Any]] = None,
        batch: Optional[int] = None,
        segments: Optional[int] = None,
        cut_at: Optional[Sequence[str]] = None,
    ) -> Job:
        """Commits to an uploaded model. The job's result names the model id.

        Of a model with several inputs rows are named by input; so may be how each is bound, public where it is not said. `about` is what
        people expect on a card: name, version, licence, the classes of outputs. With `batch` the model runs on so many items in one proof, and
        receipts count their labels. With `segments` it is cut into so many, or with `cut_at` at tensors by name: each has a circuit of its own.
        """
        rows = {"calibration": calibration, "held_out": held_out}
        asked = {**rows, **_inputs(input), "about": about, "priority": priority, "batch": batch, "segments": segments, "cut_at": cut_at}
        return self._submit(f"/v1/models/{_part(model)}/commit", asked)

    def commit_input(self, input: str, model: str, name: Optional[str] = None) -> Job:
        """Commits to an uploaded input, of a model with several inputs as the one of this name. The job's result has the points."""
        return self._submit(f"/v1/inputs/{_part(input)}/commit", {"model": model, "name": name})

    def prove(
        self,
        model: str,
        input: Each[str],
        policy: str,
        audience: str = "",
        nonce: Optional[str] = None,
        not_after: int = 0,
        priority: Optional[int] = None,
        idempotency_key: Optional[str] = None,
        agreement: Optional[str] = None,
        signatures: Sequence[str] = (),
        labels: Optional[str] = None,
    ) -> Job:
        """Asks for a receipt: model id, SHA-256 of an uploaded input (of several inputs by their names), policy as on the command line.

        `labels` is the SHA-256 of uploaded labels, or groups, for the policies about a batch that take them. Under an agreement, by the digest of its terms, with the SHA-256 of each uploaded signature of an input.
        """
        asked = {
            "model": model,
            **_inputs(input),
            "policy": policy,
            "labels": labels,
            "context": {"audience": audience, "nonce": nonce, "not_after": not_after},
            "priority": priority,
            "agreement": agreement,
            "signatures": list(signatures) or None,
        }
        return self._submit("/v1/proofs", asked, idempotency_key)

    def prove_colouring(
        self,
        graph: str,
        colouring: str,
        colours: int,
        audience: str = "",
        nonce: Optional[str] = None,
        not_after: int = 0,
        priority: Optional[int] = None,
        idempotency_key: Optional[str] = None,
    ) -> Job:
        """Asks for a receipt that a proper colouring of a graph is known: SHA-256 of both uploads, and the number of colours."""
        asked = {
            "graph": graph,
            "colouring": colouring,
            "colours": colours,
            "context": {"audience": audience, "nonce": nonce, "not_after": not_after},
            "priority": priority,
        }
        return self._submit("/v1/colourings", asked, idempotency_key)

    def job(self, job: Union[str, Job]) -> Job:
        """The state of a job."""
        return cast(Job, self._http.json("GET", f"/v1/jobs/{_id(job)}"))

    def events(self, job: Union[str, Job], after: int = 0, timeout: float = WAIT) -> Iterator[Event]:
        """Events of a job as they happen, to its end. A stream that breaks off is taken up again.

        Raises TimeoutError if the job has not ended after `timeout` seconds (math.inf for no limit).
        """
        failures, end = 0, time.monotonic() + timeout
        while True:
            broken: Exception = ConnectionError("the stream of events ended before the job")
            try:
                headers = {"Last-Event-ID": str(after), "Accept": "text/event-stream"}
                silence = max(0.1, min(self._http.timeout, end - time.monotonic()))
                with self._http.open("GET", f"/v1/jobs/{_id(job)}/events", None, headers, silence) as stream:
                    if stream.status == 204:
                        return
                    for number, body in requests.events(stream, end):
                        # What was seen before is no progress.
                        if number <= after:
                            continue
                        after, failures = number, 0
                        yield cast(Event, {**body, "id": number})
                        if body.get("state") in FINISHED:
                            return
            except ServiceError as refused:
                if refused.status not in (429, 503):
                    raise
                broken = refused
            except (OSError, ValueError, http.client.HTTPException) as failed:
                broken = failed if isinstance(failed, OSError) else ConnectionError(f"no event: {failed!r}")
            if time.monotonic() > end:
                raise TimeoutError(f"the job did not end within {timeout:g} seconds") from broken
            if failures >= len(requests.PAUSES):
                raise broken
            time.sleep(requests.PAUSES[failures])
            failures += 1

    def wait(
        self, job: Union[str, Job], on_event: Optional[Callable[[Event], Any]] = None, timeout: float = WAIT
    ) -> Job:
        """Waits for a job; its last state. Raises JobFailed if it ended without a result, TimeoutError as `events`."""
        for event in self.events(job, timeout=timeout):
            if on_event is not None:
                on_event(event)
        ended = self.job(job)
        if ended["state"] not in FINISHED:
            raise ConnectionError(f"the events ended, the job is {ended['state']!r}")
        if ended["state"] != "done":
            raise JobFailed(ended)
        return ended

    def cancel(self, job: Union[str, Job]) -> None:
        """Cancels a job; its process ends."""
        self._http.send("DELETE", f"/v1/jobs/{_id(job)}")

    # Results.

    def receipt(self, job: Union[str, Job]) -> bytes:
        """The receipt that a proof made."""
        return self._http.send("GET", f"/v1/proofs/{_id(job)}/receipt")

    def bundle(self, job: Union[str, Job]) -> bytes:
        """The receipt that a proof made, with card, SRS key and the log's proofs in one file."""
        return self._http.send("GET", f"/v1/proofs/{_id(job)}/bundle")

    def labels(self, job: Union[str, Job]) -> List[int]:
        """The labels, or groups, that the receipt of a batch states."""
        return [int(label) for label in self._http.send("GET", f"/v1/proofs/{_id(job)}/labels").split()]

    def graph(self, graph: str) -> bytes:
        """An uploaded graph as a DIMACS text."""
        return self._http.send("GET", f"/v1/inputs/{_part(graph)}/graph")

    def model(self, model: str) -> Any:
        """What is known of a model, by model id or SHA-256 of the file."""
        return self._http.json("GET", f"/v1/models/{_part(model)}")

    def card(self, model: str) -> bytes:
        """The card of a committed model."""
        return self._http.send("GET", f"/v1/models/{_part(model)}/card")

    def srs(self, srs: str) -> bytes:
        """The verifier's part of the parameters."""
        return self._http.send("GET", f"/v1/srs/{_part(srs)}")

    def verify(
        self,
        receipt: bytes,
        policy: Optional[str] = None,
        audience: Optional[str] = None,
        nonce: Optional[str] = None,
        model: Optional[str] = None,
        srs: Optional[str] = None,
        accept_dev: bool = False,
    ) -> Verdict:
        """Has the service verify a receipt. Name what you rely on; the rest is reported as stated, not checked.

        Raises ServiceError with the verifier's code if the receipt is refused.
        """
        asked = {"policy": policy, "audience": audience, "nonce": nonce, "model": model, "srs": srs}
        query = {name: value for name, value in asked.items() if value is not None}
        query["accept_dev"] = "true" if accept_dev else "false"
        return cast(Verdict, json.loads(self._http.send("POST", f"/v1/verify?{urlencode(query)}", receipt)))

    def verify_colouring(
        self,
        receipt: bytes,
        graph: Content,
        colours: Optional[int] = None,
        audience: Optional[str] = None,
        nonce: Optional[str] = None,
        srs: Optional[str] = None,
        accept_dev: bool = False,
    ) -> Verdict:
        """Has the service verify the receipt of a colouring that was proven there, about this graph; otherwise as `verify`."""
        asked = {"colours": colours, "audience": audience, "nonce": nonce, "srs": srs}
        query = {name: value for name, value in asked.items() if value is not None}
        query["accept_dev"] = "true" if accept_dev else "false"
        body = {"receipt": receipt.hex(), "graph": _bytes(graph).decode()}
        return cast(Verdict, self._http.json("POST", f"/v1/verify?{urlencode(query)}", body))

    # Registry.

    def publish(self, tenant: str, name: str, model: str, rotate: bool = True) -> Version:
        """Publishes a committed model as the next version under a name."""
        body = {"model": model, "rotate": rotate}
        return cast(Version, self._http.json("POST", _name(tenant, name), body, again=False))

    def set_status(self, tenant: str, name: str, version: int, status: Status, reason: str) -> Version:
        """Deprecates or revokes a version."""
        body = {"status": status, "reason": reason}
        return cast(Version, self._http.json("POST", f"{_name(tenant, name)}/{int(version)}/status", body, again=False))

    def versions(self, tenant: str = "", model: str = "") -> List[Version]:
        """Published versions, newest first."""
        found = self._http.json("GET", f"/v1/registry?{urlencode({'tenant': tenant, 'model': model})}")
        return cast(List[Version], found["versions"])

    def name(self, tenant: str, name: str) -> Name:
        """Versions under a name."""
        return cast(Name, self._http.json("GET", _name(tenant, name)))

    def published_card(self, tenant: str, name: str, version: int) -> bytes:
        """The card of a published model."""
        return self._http.send("GET", f"{_name(tenant, name)}/{int(version)}/card")

    # Agreements.

    def agreements(self) -> List[Agreement]:
        """Your agreements, newest first."""
        return cast(List[Agreement], self._http.json("GET", "/v1/agreements")["agreements"])

    def agreement(self, digest: str) -> AgreementStatus:
        """Whether an agreement was revoked. Needs no key: a receipt under it has its digest, behind `agreement:` in the audience."""
        return cast(AgreementStatus, self._http.json("GET", f"/v1/agreements/{_part(digest)}"))

    def revoke_agreement(self, digest: str, reason: str) -> Agreement:
        """Revokes an agreement: no receipt is made under it any more."""
        path = f"/v1/agreements/{_part(digest)}/revoke"
        return cast(Agreement, self._http.json("POST", path, {"reason": reason}, again=False))

    # Transparency log.

    def log(self) -> Log:
        """Key and size of the log. Who relies on it gets the key from a source of their own."""
        return cast(Log, self._http.json("GET", "/v1/log"))

    def checkpoint(self) -> str:
        """The newest signed checkpoint."""
        return self._http.send("GET", "/checkpoint").decode()

    def inclusion_proof(self, content: Content, timeout: float = 30.0) -> str:
        """The proof that a receipt or a card is in the log, for `provenn log verify`; waits for the next checkpoint if need be."""
        sha256 = hashlib.sha256(_bytes(content)).hexdigest()
        end = time.monotonic() + timeout
        while True:
            try:
                return self._http.send("GET", f"/v1/log/proofs/{sha256}").decode()
            except ServiceError as refused:
                if refused.code != "log-pending" or time.monotonic() > end:
                    raise
            time.sleep(0.2)

    def consistency_proof(self, old: int, new: int) -> str:
        """The proof that the log only grew from one size to another."""
        return self._http.send("GET", f"/v1/log/consistency?{urlencode({'old': old, 'new': new})}").decode()

    # Ledger.

    def ledger(self, model: str = "", input: str = "", requester: str = "") -> Ledger:
        """Bits that receipts revealed at most, and budgets."""
        query = urlencode({"model": model, "input": input, "requester": requester})
        return cast(Ledger, self._http.json("GET", f"/v1/ledger?{query}"))

    def set_model_budget(
        self,
        model: str,
        total_bits: Optional[float] = None,
        input_bits: Optional[float] = None,
        requester_bits: Optional[float] = None,
    ) -> List[Budget]:
        """Limits the bits of a model's receipts: all together, about each input, for each key. None is no limit."""
        body = {"total_bits": total_bits, "input_bits": input_bits, "requester_bits": requester_bits}
        return cast(List[Budget], self._http.json("PUT", f"/v1/ledger/models/{_part(model)}", body))

    def set_requester_budget(self, key_id: str, bits: Optional[float] = None) -> List[Budget]:
        """Limits the bits that receipts reveal to a key, over all models. None is no limit."""
        return cast(List[Budget], self._http.json("PUT", f"/v1/ledger/requesters/{_part(key_id)}", {"bits": bits}))

    def _put(self, what: str, content: bytes, query: str = "") -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self._http.send("PUT", f"/v1/{what}/{sha256}{query}", content)
        return sha256

    def _submit(self, path: str, asked: Any, idempotency_key: Optional[str] = None) -> Job:
        # The key makes it harmless to try again.
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        body = {name: value for name, value in asked.items() if value is not None}
        return cast(Job, self._http.json("POST", path, body, headers))


def _bytes(content: Content) -> bytes:
    return content if isinstance(content, bytes) else Path(content).read_bytes()


def _inputs(input: Each[Any]) -> Dict[str, Any]:
    """That of an only input, or of each by name."""
    return {"input": input} if isinstance(input, str) else {"inputs": dict(input)}


def _id(job: Union[str, Job]) -> str:
    return _part(job if isinstance(job, str) else job["id"])


def _name(tenant: str, name: str) -> str:
    return f"/v1/registry/{_part(tenant)}/{_part(name)}"


def _part(text: str) -> str:
    """One part of a path. Dots alone would be another path, quoted or not."""
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} names nothing")
    return quote(text, safe="")
