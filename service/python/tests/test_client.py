"""The whole way, and what is refused."""

import json
import subprocess
from pathlib import Path
from typing import Any, List, Tuple

import pytest
from conftest import Service

from provenn.service import Client, Event, JobFailed, ServiceError


@pytest.fixture(scope="session")
def model(client: Client, fixtures: Path) -> Tuple[str, str]:
    """Model id, and SHA-256 of an input."""
    model = client.upload_model(fixtures / "models/linear_30.onnx")
    rows = client.upload_input(fixtures / "data/breast_cancer_calibration.npy")
    committed = client.wait(client.commit(model, calibration=rows))
    return committed["result"]["model_id"], client.upload_input(fixtures / "inputs/linear_30.json")


def test_the_whole_way(client: Client, service: Service, model: Tuple[str, str], tmp_path: Path) -> None:
    seen: List[Event] = []
    job = client.wait(client.prove(*model, "label", audience="bob"), on_event=seen.append)
    assert [event["id"] for event in seen] == list(range(1, len(seen) + 1))
    assert (seen[0]["state"], seen[-1]["state"]) == ("queued", "done")
    receipt = client.receipt(job)
    anybody = Client(service.url)
    verdict = anybody.verify(receipt, policy="label", audience="bob", model=model[0], accept_dev=True)
    assert verdict["valid"] and verdict["dev"]
    storage = client.storage()
    assert len(receipt) < storage["stored"] < storage["limit"]
    assert {check["name"]: check["checked"] for check in verdict["checks"]}["audience"]
    with pytest.raises(ServiceError) as refused:
        anybody.verify(receipt, audience="carol", accept_dev=True)
    assert refused.value.code == "context-mismatch" and refused.value.help

    # Offline, with the program: both are in the log, and a changed receipt is not.
    card = client.card(model[0])
    for name, content in (("receipt", receipt), ("card", card)):
        (tmp_path / name).write_bytes(content)
        (tmp_path / "proof").write_text(anybody.inclusion_proof(content), newline="")
        command = [service.program, "--json", "log", "verify", name, "--proof", "proof", "--key", anybody.log()["key"]]
        found = json.loads(subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout)
        assert found["logged"] and found["kind"] in ("receipt", "model card")
    assert anybody.checkpoint().startswith("provenn.invalid/log\n")
    assert anybody.consistency_proof(1, 2).startswith("provenn-consistency-proof@v1\n")
    changed = bytearray(receipt)
    changed[-1] ^= 1
    with pytest.raises(ServiceError) as unknown:
        anybody.inclusion_proof(bytes(changed))
    assert unknown.value.status == 404


def test_a_colouring(client: Client, service: Service) -> None:
    edges = b"0 1\n1 2\n2 0\n2 3\n"
    graph, secret = client.upload_graph(edges), client.upload_colouring([0, 1, 2, 0])
    receipt = client.receipt(client.wait(client.prove_colouring(graph, secret, 3, audience="bob")))
    anybody = Client(service.url)
    verdict = anybody.verify_colouring(receipt, edges, colours=3, audience="bob", accept_dev=True)
    assert verdict["valid"] and verdict["output"]["edges"] == 4
    with pytest.raises(ServiceError) as refused:
        anybody.verify_colouring(receipt, edges + b"1 3\n", accept_dev=True)
    assert refused.value.code == "graph-mismatch"
    wrong = client.upload_colouring([0, 1, 2, 2])
    with pytest.raises(JobFailed) as failed:
        client.wait(client.prove_colouring(graph, wrong, 3))
    assert failed.value.code == "not-provable"


def test_a_batch(client: Client, service: Service, fixtures: Path) -> None:
    """Receipts count the rows of a batch against uploaded labels."""
    model = client.upload_model(fixtures / "models/digits_mlp.onnx")
    rows = client.upload_input(fixtures / "data/digits_flat_calibration.npy")
    card = client.wait(client.commit(model, calibration=rows, input="committed", batch=4))["result"]["model_id"]
    image = json.loads((fixtures / "inputs/digits_mlp.json").read_text())["values"]
    sample = client.upload_input({"shape": [3, 64], "values": image * 3})
    job = client.wait(client.prove(card, sample, "accuracy", labels=client.upload_labels([1, 1, 7])))
    verdict = Client(service.url).verify(client.receipt(job), policy="accuracy:1:1:7", accept_dev=True)
    assert verdict["valid"] and verdict["output"] == 2
    assert client.labels(job) == [1, 1, 7]
    with pytest.raises(ServiceError) as refused:
        client.prove(card, sample, "accuracy")
    assert refused.value.code == "labels"


def test_an_agreement(client: Client, service: Service, fixtures: Path, tmp_path: Path) -> None:
    def run(*words: object) -> Any:
        command = [service.program, "--json", *map(str, words)]
        return json.loads(subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout)

    source = client.upload_model(fixtures / "models/linear_30.onnx")
    rows = client.upload_input(fixtures / "data/breast_cancer_calibration.npy")
    model = client.wait(client.commit(source, calibration=rows, input="committed"))["result"]["model_id"]
    (tmp_path / "card").write_bytes(client.card(model))
    name = client.model(model)["card"]["inputs"][0]["name"]
    key = run("party", "key", "--name", "clinic.example", "--out", "key")["key"]
    terms = ["--card", "card", "--policy", "label", "--party", f"clinic={key}", "--supplies", f"clinic={name}"]
    run("agreement", "draft", *terms, "--not-after", "2100-01-01", "--accept-dev", "--out", "draft")
    run("agreement", "sign", "--agreement", "draft", "--card", "card", "--key", "key", "--out", "deal")
    srs = ["--card", "card", "--srs", service.srs]
    run("party", "commit", *srs, "--input", fixtures / "inputs/linear_30.json", "--out", "opening")
    run("party", "sign", "--agreement", "deal", *srs, "--opening", "opening", "--key", "key", "--out", "signed")

    deal = client.upload_agreement(tmp_path / "deal")
    opening, signed = client.upload_opening(tmp_path / "opening"), client.upload_signature(tmp_path / "signed")
    with pytest.raises(ServiceError) as refused:
        client.prove(model, opening, "label", agreement=deal)
    assert refused.value.code == "input-unsigned"
    receipt = client.receipt(client.wait(client.prove(model, opening, "label", agreement=deal, signatures=[signed])))
    anybody = Client(service.url)
    assert anybody.verify(receipt, audience=f"agreement:{deal}", accept_dev=True)["valid"]
    assert [known["agreement"] for known in client.agreements()] == [deal]
    assert anybody.agreement(deal)["revoked"] is None
    assert client.revoke_agreement(deal, "a test")["reason"] == anybody.agreement(deal)["reason"] == "a test"
    with pytest.raises(ServiceError) as refused:
        client.prove(model, opening, "label", agreement=deal, signatures=[signed])
    assert refused.value.code == "agreement-revoked"


def test_events_go_on_where_they_were(client: Client, model: Tuple[str, str]) -> None:
    job = client.prove(*model, "label", audience="again")
    client.wait(job)
    everything = list(client.events(job))
    assert list(client.events(job, after=2)) == everything[2:]
    assert list(client.events(job, after=everything[-1]["id"])) == []


def test_the_same_key_gives_the_same_job(client: Client, model: Tuple[str, str]) -> None:
    jobs = [client.prove(*model, "label", audience="same", idempotency_key="one") for _ in range(2)]
    assert jobs[0]["id"] == jobs[1]["id"]
    with pytest.raises(ServiceError) as refused:
        client.prove(*model, "scores", audience="same", idempotency_key="one")
    assert refused.value.code == "idempotency-mismatch"


def test_a_job_that_fails_says_why(client: Client, model: Tuple[str, str]) -> None:
    far = client.upload_input({"shape": [30], "values": [1e6] + [0.0] * 29})
    with pytest.raises(JobFailed) as failed:
        client.wait(client.prove(model[0], far, "label"))
    assert failed.value.code == "not-provable"
    assert failed.value.job["state"] == "failed"


def test_without_a_key_nothing_private_is_shown(service: Service, model: Tuple[str, str]) -> None:
    with pytest.raises(ServiceError) as refused:
        Client(service.url).card(model[0])
    assert (refused.value.status, refused.value.code) == (401, "unauthorized")


def test_budgets(client: Client, model: Tuple[str, str]) -> None:
    spent = client.ledger(model=model[0])
    client.set_model_budget(model[0], total_bits=spent["bits"] + spent["reserved_bits"] + 2)
    client.wait(client.prove(*model, "threshold:0:0", audience="one"))
    with pytest.raises(ServiceError) as refused:
        client.prove(*model, "threshold:0:0", audience="two")
    assert refused.value.code == "budget-exceeded"
    assert client.ledger(model=model[0])["bits"] >= spent["bits"] + 1
    assert client.set_model_budget(model[0]) == []


def test_registry(client: Client, service: Service, model: Tuple[str, str]) -> None:
    published = client.publish("default", "linear", model[0])
    assert (published["version"], published["status"]) == (1, "active")
    anybody = Client(service.url)
    assert anybody.name("default", "linear") == {"current": 1, "versions": [published], "more": False}
    assert anybody.versions(model=model[0]) == [published]
    assert anybody.published_card("default", "linear", 1) == client.card(model[0])
    revoked = client.set_status("default", "linear", 1, "revoked", "a test")
    assert revoked["reason"] == "a test"
    with pytest.raises(ServiceError) as refused:
        client.prove(*model, "label", audience="late")
    assert refused.value.code == "model-revoked"


def test_what_is_removed_is_gone(client: Client, model: Tuple[str, str], fixtures: Path) -> None:
    own = client.upload_input({"shape": [30], "values": [0.125] * 30})
    for _ in range(2):
        client.delete_input(own)
    with pytest.raises(ServiceError) as unknown:
        client.prove(model[0], own, "label")
    assert unknown.value.code == "not-found"
    source = client.model(model[0])["source_sha256"]
    with pytest.raises(ServiceError) as refused:
        client.delete_model(source)
    assert refused.value.status == 409 and refused.value.code == "in-use"
    committed = client.commit(source, client.upload_input(fixtures / "data/breast_cancer_calibration.npy"), input="committed")
    other = client.wait(committed)["result"]["model_id"]
    client.delete_commitment(other)
    with pytest.raises(ServiceError) as gone:
        client.card(other)
    assert gone.value.status == 404
