"""The package in process: what is proven, what is refused, and what is kept."""

import io
import json
import os
import re
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy
import pytest

import provenn
from provenn import _native, _verify, arrays

ROWS = "data/breast_cancer_calibration.npy"


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ.setdefault("PROVENN_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def rows(fixtures: Path) -> Any:
    return numpy.load(fixtures / ROWS)


@pytest.fixture(scope="session")
def committed(fixtures: Path, rows: Any) -> provenn.Committed:
    about = {"name": "Tumours", "outputs": [{"name": "y", "classes": ["<benign>", "malignant"]}]}
    stages: List[Tuple[str, float]] = []
    made = provenn.commit(fixtures / "models/linear_30.onnx", calibration=rows, progress=lambda *stage: stages.append(stage))
    assert [name for name, _ in stages] == ["compile", "parameters", "commit"]
    assert [share for _, share in stages] == sorted(share for _, share in stages)
    with pytest.raises(provenn.ProvennError) as refused:
        provenn.commit(fixtures / "models/linear_30.onnx", calibration=rows, about=about)
    assert refused.value.code == "about"
    return made


@pytest.fixture(scope="session")
def receipt(committed: provenn.Committed, rows: Any) -> provenn.Receipt:
    return committed.prove(rows[0], policy="scores", audience="alice")


def test_a_receipt_holds_for_what_was_computed(committed: provenn.Committed, receipt: provenn.Receipt, rows: Any) -> None:
    verdict = provenn.verify(receipt, committed.card, accept_dev=True, audience="alice", policy="scores", input=rows[0])
    assert verdict.dev and verdict.output == receipt.output
    assert {check.name for check in verdict.checks if check.checked} >= {"proof", "model", "policy", "input", "audience"}
    assert verdict.model_id == committed.card.model_id and verdict.not_proven
    values = receipt.claim.inputs[0].values
    assert values is not None and numpy.allclose(values, rows[0].ravel(), atol=committed.card.inputs[0].step)
    assert receipt.claim.real_units and not provenn.Receipt.of(receipt.data).claim.real_units


def test_scores_are_those_of_onnxruntime(committed: provenn.Committed, fixtures: Path) -> None:
    rows = numpy.load(fixtures / "data/breast_cancer_test.npy")
    expected = numpy.load(fixtures / "data/linear_30_test_outputs.npy")
    for row, scores in list(zip(rows, expected))[:3]:
        receipt = committed.prove({committed.card.inputs[0].name: row.astype("float64")}, policy="scores")
        proven = provenn.verify(receipt, committed.card, accept_dev=True).output
        assert numpy.allclose(proven, scores.ravel(), atol=4 * committed.card.outputs[0].step)


def test_a_batch_counts_labels(fixtures: Path) -> None:
    rows = numpy.load(fixtures / "data/digits_flat_calibration.npy")
    pictures = numpy.load(fixtures / "data/digits_flat_test.npy")[:16]
    labels = numpy.load(fixtures / "data/digits_test_labels.npy")[:16]
    about = {"outputs": [{"name": "output", "classes": [f"digit {label}" for label in range(10)]}]}
    committed = provenn.commit(fixtures / "models/digits_mlp.onnx", calibration=rows, batch=16, committed=True, about=about)
    assert provenn.inspect(fixtures / "models/digits_mlp.onnx", rows, batch=16, committed=True).k == committed.card.k
    receipt = committed.prove(pictures, policy="accuracy", labels=labels)
    named: Dict[str, Any] = {"accept_dev": True, "policy": "accuracy"}
    right = int((numpy.load(fixtures / "data/digits_mlp_test_outputs.npy")[:16].argmax(1) == labels).sum())
    assert provenn.verify(receipt, committed.card, labels=labels, **named).output == right
    with pytest.raises(provenn.ProvennError) as refused:
        provenn.verify(receipt, committed.card, labels=(labels + 1) % 10, **named)
    assert refused.value.code == "policy-mismatch"
    matrix = committed.prove(pictures, policy="confusion", labels=labels)
    counted = provenn.verify(matrix, committed.card, accept_dev=True, policy="confusion", labels=labels)
    assert counted.matrix is not None and sum(counted.matrix[label][label] for label in range(10)) == right
    assert [sum(row) for row in counted.matrix] == numpy.bincount(labels, minlength=10).tolist()
    assert counted.classes[9] == "digit 9" and "digit 9" in counted._repr_html_()
    assert "right label" in counted._repr_html_() and provenn.verify(receipt, committed.card, **named, labels=labels).matrix is None
    groups = numpy.arange(16) % 2
    given = numpy.load(fixtures / "data/digits_mlp_test_outputs.npy")[:16].argmax(1) == 1
    apart = provenn.verify(committed.prove(pictures, policy="gap:1", labels=groups), committed.card, accept_dev=True, policy="gap:1", labels=groups)
    assert apart.output == 8 * int(given[groups == 1].sum()) - 8 * int(given[groups == 0].sum())
    hits = numpy.load(fixtures / "data/digits_mlp_test_outputs.npy")[:16].argmax(1) == labels
    marks = numpy.stack([labels, groups], axis=1)
    apart = provenn.verify(committed.prove(pictures, policy="accuracy-gap", labels=marks), committed.card, any_model=True, accept_dev=True)
    assert apart.output == 8 * int(hits[groups == 1].sum()) - 8 * int(hits[groups == 0].sum())
    for wrong, code in ((None, "labels"), (labels + 0.5, "labels"), ([*labels, 1], "policy-out-of-range")):
        with pytest.raises(provenn.ProvennError) as refused:
            committed.prove(pictures, policy="accuracy", labels=wrong)
        assert refused.value.code == code
        assert refused.value.help and "--" not in refused.value.help, refused.value
    with pytest.raises(TypeError):
        provenn.verify(receipt, committed.card, labels=labels, accept_dev=True)


def test_what_is_refused(committed: provenn.Committed, receipt: provenn.Receipt, rows: Any, fixtures: Path) -> None:
    card = committed.card

    def code(**named: Any) -> str:
        with pytest.raises(provenn.ProvennError) as refused:
            provenn.verify(receipt, card, **{"accept_dev": True, **named})
        assert refused.value.help and "--" not in refused.value.help
        return refused.value.code

    assert code(accept_dev=False) == "dev-srs"
    assert code(audience="bob") == "context-mismatch"
    assert code(policy="label") == "policy-mismatch"
    assert code(model_id="00" * 32) == "model-mismatch"
    assert code(srs_id=bytes(32)) == "srs-mismatch"
    assert code(input=rows[1]) == "input-mismatch"
    assert code(model_id="zz") == "usage"
    assert code(publisher="nobody") == "usage"
    flipped = bytearray(receipt.data)
    flipped[len(flipped) // 2] ^= 1
    for changed in (bytes(flipped), receipt.data[:-1], b""):
        with pytest.raises(provenn.ProvennError):
            provenn.verify(changed, card, accept_dev=True)
    other = provenn.commit(fixtures / "models/linear_30.onnx", calibration=rows)
    with pytest.raises(provenn.ProvennError) as refused:
        provenn.verify(receipt, other.card, accept_dev=True)
    assert refused.value.code == "model-mismatch"
    with pytest.raises(provenn.ProvennError) as refused:
        committed.prove(rows[0][:7])
    assert refused.value.code == "sample"
    with pytest.raises(provenn.ProvennError) as refused:
        committed.prove(rows[0], policy="anything")
    assert refused.value.code == "usage" and "label" in refused.value.help


WITHOUT_NUMPY = """
import sys
sys.modules["numpy"] = None  # As if it were not installed.
import provenn
model, rows = sys.argv[1:]
committed = provenn.commit(model, calibration=rows)
receipt = committed.prove([0.25] * 30, policy="scores")
print(provenn.verify(receipt, committed.card, accept_dev=True, input=[0.25] * 30).output)
for wrong, code in (["a"] * 30, "numpy-missing"), ([[1], [1, 2]], "npy"), ([2**64] * 30, "npy"), ([0.25] * 29, "sample"):
    try:
        committed.prove(wrong)
    except provenn.ProvennError as refused:
        assert refused.code == code, refused
    else:
        raise AssertionError(wrong)
"""


def test_lists_are_arrays_without_numpy(committed: provenn.Committed, fixtures: Path) -> None:
    program = [sys.executable, "-c", WITHOUT_NUMPY, str(fixtures / "models/linear_30.onnx"), str(fixtures / ROWS)]
    said = subprocess.run(program, check=True, capture_output=True, text=True).stdout
    expected = committed.prove(numpy.full(30, 0.25), policy="scores").output
    assert said.strip() == str(expected)


def test_lists_and_arrays_are_the_same_bytes() -> None:
    given: Any
    for given in ([[1, 2], [3, 4]], [1.5, 2], [[[0.5] * 8] * 8], [True, False], [[], []], [numpy.arange(3.0), numpy.arange(3.0)]):
        made, expected = (numpy.load(io.BytesIO(data)) for data in (arrays.plain(given), arrays.npy(given)))
        assert made.shape == expected.shape and (made == expected).all(), given
    assert arrays.labelled("accuracy", [*numpy.arange(3), 1]) == "accuracy:0:1:2:1"


WITH_AN_ENGINE = """
import sys
import provenn
model, rows, folder = sys.argv[1:]
for work in lambda: provenn.commit(model, calibration=rows), lambda: provenn.load(folder), lambda: provenn.inspect(model):
    try:
        work()
    except provenn.ProvennError as refused:
        print(refused.code, "portble" in str(refused), "portable" in str(refused))
    else:
        print("done")
"""


def test_an_engine_that_is_not_there_is_refused(committed: provenn.Committed, fixtures: Path, tmp_path: Path) -> None:
    committed.save(tmp_path / "model")
    program = [sys.executable, "-c", WITH_AN_ENGINE, *map(str, (fixtures / "models/linear_30.onnx", fixtures / ROWS, tmp_path / "model"))]
    for engine, said in ("portble", "engine True True"), ("portable", "done"):
        ran = subprocess.run(program, env={**os.environ, "PROVENN_ENGINE": engine}, check=True, capture_output=True, text=True)
        assert ran.stdout.splitlines() == [said] * 3


def test_a_bundle_names_no_model(committed: provenn.Committed, receipt: provenn.Receipt) -> None:
    whole = provenn.bundle(receipt, committed.card)
    with pytest.raises(provenn.ProvennError) as refused:
        provenn.verify(whole, accept_dev=True)
    assert refused.value.code == "model-not-named"
    assert provenn.verify(whole, accept_dev=True, any_model=True).output == receipt.output
    assert provenn.verify(whole, accept_dev=True, model_id=committed.card.model_id).output == receipt.output


def test_a_publisher_vouches_for_its_model(committed: provenn.Committed, receipt: provenn.Receipt, tmp_path: Path) -> None:
    committed.card.save(tmp_path)

    def publisher(*words: str) -> Any:
        program = [sys.executable, "-m", "provenn", "--json", "publisher", *words]
        return json.loads(subprocess.run(program, cwd=tmp_path, check=True, capture_output=True, text=True).stdout)

    key, other = (publisher("key", "--name", "acme", "--out", name)["key"] for name in ("key", "other"))
    publisher("sign", "--card", "model.card", "--key", "key", "--out", "signature")
    named = {"accept_dev": True, "signature": tmp_path / "signature"}  # type: Dict[str, Any]
    assert provenn.verify(receipt, committed.card, publisher=key, **named).publisher == "acme"
    with pytest.raises(provenn.ProvennError) as refused:
        provenn.verify(receipt, committed.card, publisher=other, **named)
    assert refused.value.code == "publisher-mismatch"
    with pytest.raises(provenn.ProvennError) as refused:
        provenn.verify(receipt, committed.card, publisher=key, accept_dev=True)
    assert refused.value.code == "nobody-vouches"
    publisher("state", "--card", "model.card", "--key", "key", "--state", "revoked", "--reason", "mistaken", "--out", "state")
    stated = provenn.verify(receipt, committed.card, publisher=key, state=tmp_path / "state", **named).state
    assert stated is not None and (stated["state"], stated["reason"]) == ("revoked", "mistaken")
    with pytest.raises(TypeError):
        provenn.verify(receipt, committed.card, accept_dev=True, state=tmp_path / "state")
    with pytest.raises(TypeError, match="log_proof"):
        provenn.verify(receipt, committed.card, accept_dev=True, log_proof=b"")
    whole = provenn.bundle(receipt, committed.card, signature=tmp_path / "signature")
    assert provenn.verify(whole, publisher=key, accept_dev=True).publisher == "acme"
    with pytest.raises(TypeError):
        provenn.verify(whole, publisher=key, **named)


def test_parties_agree(fixtures: Path, tmp_path: Path) -> None:
    rows = {name: numpy.load(fixtures / f"data/conflict_check_{name}.npy") for name in ("own", "listed")}
    committed = provenn.commit(fixtures / "models/conflict_check.onnx", rows, committed=True)
    committed.save(tmp_path / "model")

    def run(*words: str) -> Any:
        program = [sys.executable, "-m", "provenn", "--json", *words]
        return json.loads(subprocess.run(program, cwd=tmp_path, check=True, capture_output=True, text=True).stdout)

    card, supplies = ["--card", "model/model.card"], {"lender": "listed", "borrower": "own"}
    keys = {role: run("party", "key", "--name", f"{role}.example", "--out", role)["key"] for role in supplies}
    named = [f"--party={role}={key}" for role, key in keys.items()] + [f"--supplies={role}={name}" for role, name in supplies.items()]
    end = str(int(time.time()) + 3600)
    run("agreement", "draft", *card, "--policy", "threshold:1:0", "--output", "conflict", *named, "--not-after", end, "--accept-dev", "--out", "draft")
    run("agreement", "sign", "--agreement", "draft", *card, "--key", "lender", "--out", "half")
    run("agreement", "sign", "--agreement", "half", *card, "--key", "borrower", "--out", "deal")
    openings = []
    for role, name in supplies.items():
        numpy.save(tmp_path / f"{name}.npy", rows[name][:1])
        run("party", "commit", *card, "--input", f"{name}={name}.npy", "--out", f"{name}.opening")
        run("party", "sign", *card, "--opening", f"{name}.opening", "--agreement", "deal", "--key", role, "--out", f"{name}.signature")
        openings += ["--commitment", f"{name}.opening", "--party-input", f"{name}.signature"]
    signatures = [tmp_path / f"{name}.signature" for name in supplies.values()]
    run("prove", *card, *openings, "--policy", "threshold:1:0", "--output", "conflict", "--agreement", "deal", "--out", "receipt")

    receipt, given = tmp_path / "receipt", {"accept_dev": True}  # type: Tuple[Path, Dict[str, Any]]
    deal = {"agreement": tmp_path / "deal", "party_inputs": signatures}  # type: Dict[str, Any]
    held = provenn.verify(receipt, committed.card, **given, **deal, parties=list(keys.values()))
    assert held.agreement is not None and all(party["named"] for party in held.agreement["parties"])
    assert held.agreement["digest"] in held._repr_html_()
    assert provenn.verify(receipt, committed.card, **given).agreement is None
    whole = provenn.bundle(receipt, committed.card, agreement=deal["agreement"], party_inputs=signatures)
    assert provenn.verify(whole, parties=[keys["lender"]], **given).agreement is not None

    def code(receipt: Any, card: Any, **named: Any) -> str:
        with pytest.raises(provenn.ProvennError) as refused:
            provenn.verify(receipt, card, **given, **named)
        return refused.value.code

    stranger = run("party", "key", "--name", "other.example", "--out", "other")["key"]
    assert code(receipt, committed.card, **deal, parties=[stranger]) == "agreement-stranger"
    assert code(receipt, committed.card, agreement=tmp_path / "half", party_inputs=signatures) == "agreement-unsigned"
    assert code(receipt, committed.card, agreement=deal["agreement"]) == "input-unsigned"
    assert code(receipt, committed.card, parties=[keys["lender"]]) == "no-agreement"
    assert code(whole, None) == "model-not-named"
    with pytest.raises(TypeError):
        provenn.verify(receipt, committed.card, party_inputs=signatures, **given)


def test_files_are_those_of_the_program(committed: provenn.Committed, rows: Any, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    committed.save(folder)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"model.card": 0o644, "srs.vk": 0o644, "model.private": 0o600}
    with pytest.raises(provenn.ProvennError) as refused:
        committed.save(folder)
    assert refused.value.code == "output-exists"
    # The program proves with what the package kept, and verifies what the package proved.
    numpy.save(tmp_path / "row.npy", rows[:1])
    program = [sys.executable, "-m", "provenn"]
    card, row, out = str(folder / "model.card"), str(tmp_path / "row.npy"), str(tmp_path / "by-program.bin")
    subprocess.run([*program, "prove", "--card", card, "--input", row, "--out", out], check=True, capture_output=True)
    assert provenn.verify(out, card, accept_dev=True).output == 0
    provenn.load(folder).prove(rows[0]).save(tmp_path / "by-package.bin")
    named = ["--card", card, "--receipt", str(tmp_path / "by-package.bin"), "--accept-dev"]
    ran = subprocess.run([*program, "verify", *named, "--any-model"], check=True, capture_output=True, text=True)
    assert ran.stdout.startswith("VALID under development parameters")
    ran = subprocess.run([*program, "verify", *named], capture_output=True, text=True)
    assert ran.returncode == 3 and "error[model-not-named]" in ran.stderr
    ran = subprocess.run([*program, "verify", *named, "--any-model", "--quiet"], check=True, capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("", "")
    ran = subprocess.run([*program, "verify", "--nothing", "--json"], capture_output=True, text=True)
    assert ran.returncode == 2 and json.loads(ran.stdout)["error"]["code"] == "usage"
    assert subprocess.run([*program, "serve"], capture_output=True).returncode == 2


def test_committed_inputs_have_openings(fixtures: Path, rows: Any, tmp_path: Path) -> None:
    hidden = provenn.commit((fixtures / "models/linear_30.onnx").read_bytes(), calibration=fixtures / ROWS, committed=True)
    receipt = hidden.prove(rows[0])
    assert receipt.claim.inputs[0].values is None and receipt.claim.inputs[0].points
    assert receipt.opening and receipt.opening not in repr(receipt)
    receipt.save(tmp_path / "receipt.bin")
    assert stat.S_IMODE((tmp_path / "receipt.opening.json").stat().st_mode) == 0o600
    assert provenn.verify(tmp_path / "receipt.bin", hidden.card, accept_dev=True).output == receipt.output


def test_outputs_are_shown_whole(fixtures: Path, rows: Any) -> None:
    model = fixtures / "models/linear_30.onnx"
    whole = provenn.commit(model, calibration=rows, outputs="whole")
    receipt = whole.prove(rows[0], policy="scores")
    assert provenn.verify(receipt, whole.card, accept_dev=True).output == receipt.output
    with pytest.raises(provenn.ProvennError):
        whole.prove(rows[0], policy="label")
    with pytest.raises(provenn.ProvennError) as refused:
        provenn.commit(model, calibration=rows, outputs="all")
    assert refused.value.code == "usage"


def test_before_and_beside(committed: provenn.Committed, receipt: provenn.Receipt, rows: Any, fixtures: Path) -> None:
    model = fixtures / "models/linear_30.onnx"
    inspection = provenn.inspect(model, calibration=rows)
    assert inspection.k == committed.card.k and inspection.forecast.receipt_bytes > 1000 and "balanced" in inspection.choices
    audit = provenn.audit(committed.card, model)
    assert audit.model_id == committed.card.model_id and not audit.weights_compared
    with pytest.raises(provenn.ProvennError) as refused:
        provenn.audit(committed.card, fixtures / "models/breast_cancer_mlp.onnx")
    assert refused.value.code == "recipe"
    explanation = provenn.explain(receipt, committed.card)
    assert explanation.output == receipt.output and all(bound for _, _, bound in explanation.fields)
    for shown in (committed, committed.card, receipt, inspection, audit, explanation):
        assert shown._repr_html_().startswith("<div>")


def test_other_threads_run_meanwhile(committed: provenn.Committed, rows: Any) -> None:
    times: List[float] = []
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(0.005):
            times.append(time.monotonic())

    thread = threading.Thread(target=tick)
    thread.start()
    meanwhile = 0
    for _ in range(50):
        started = time.monotonic()
        committed.prove(rows[0])
        proven = time.monotonic()
        meanwhile = max(meanwhile, len([at for at in times if started < at < proven]))
        if meanwhile > 2:
            break
    ended.set()
    thread.join()
    # A proof takes tens of milliseconds: there would be none or one in each if it kept them from running.
    assert meanwhile > 2


def test_bytes_and_protos_are_models(fixtures: Path, rows: Any) -> None:
    onnx = pytest.importorskip("onnx")
    path = fixtures / "models/linear_30.onnx"
    of = [provenn.inspect(model, rows).report for model in (path, path.read_bytes(), onnx.load(path))]
    assert of[0] == of[1] == of[2]
    made = provenn.commit(onnx.load(path), calibration=rows, progress=True)
    assert provenn.verify(made.prove(rows[0], progress=True), made.card, accept_dev=True).output in (0, 1)


def test_errors_of_a_callback_are_raised(committed: provenn.Committed, rows: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        committed.prove(rows[0], progress=lambda name, share: 1 / 0)


def test_what_notebooks_show_is_escaped(fixtures: Path, rows: Any) -> None:
    about = {"name": "<script>alert(1)</script>"}
    card = provenn.commit(fixtures / "models/linear_30.onnx", calibration=rows, about=about).card
    assert "<script>" not in card._repr_html_() and "&lt;script&gt;" in card._repr_html_()


def test_graphs() -> None:
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]
    colours = provenn.color.find(edges, 3)
    assert all(colours[u] != colours[v] for u, v in edges)
    receipt = provenn.color.prove(edges, colours, 3, audience="alice")
    verdict = provenn.color.verify(receipt, edges, k=3, accept_dev=True, audience="alice", draw=True)
    assert (verdict.colours, verdict.vertices, verdict.edges, verdict.dev) == (3, 5, 5, True)
    assert verdict.drawing and "<svg" in verdict._repr_html_()
    with pytest.raises(provenn.ProvennError) as refused:
        provenn.color.verify(receipt, edges[:-1], accept_dev=True)
    assert refused.value.code == "graph-mismatch"
    with pytest.raises(provenn.ProvennError):
        provenn.color.prove(edges, [0, 0, 1, 0, 1], 3)


def test_estimators(tmp_path: Path) -> None:
    pytest.importorskip("skl2onnx")
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    x, y = load_iris(return_X_y=True)
    x = x.astype("float32")
    model = LogisticRegression(max_iter=2000).fit(x, y)
    committed = provenn.commit(model, calibration=x)
    for row in x[[3, 75, 140]]:
        proven = provenn.verify(committed.prove(row), committed.card, accept_dev=True)
        assert proven.output == model.predict(row[None])[0]
    with pytest.raises(provenn.ProvennError) as refused:
        provenn.commit(LogisticRegression(), calibration=x)
    assert refused.value.code == "model-type"
    with pytest.raises(provenn.ProvennError) as refused:
        provenn.commit(42, calibration=x)
    assert refused.value.code == "model-type"


def test_who_verifies_loads_little(committed: provenn.Committed, receipt: provenn.Receipt, tmp_path: Path) -> None:
    committed.card.save(tmp_path)
    receipt.save(tmp_path / "receipt.bin")
    code = """if True:
        import sys, time
        started = time.process_time()
        import provenn
        provenn.verify
        seconds = time.process_time() - started
        assert provenn.verify("receipt.bin", "model.card", accept_dev=True).dev
        assert not {"numpy", "provenn.owner", "provenn.models", "provenn.color", "provenn._native"} & set(sys.modules)
        assert seconds < 0.1, seconds
    """
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    code = "import sys, provenn.service; assert not {'provenn._native', 'provenn._verify'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_library_that_verifies_has_no_code_that_proves() -> None:
    # Places in sources that a panic would name are in a library if the code around them is.
    place = re.compile(rb"(?:prover|circuits)/src/[a-z_/]+\.rs")
    verify, native = (set(place.findall(Path(str(lib.__file__)).read_bytes())) for lib in (_verify, _native))
    assert b"prover/src/prove.rs" in native and any(name.startswith(b"circuits/") for name in native)
    # Parameters: an opening is checked with them.
    assert all(name.startswith(b"prover/src/srs") for name in verify), verify
