#!/usr/bin/env python3
"""Provenn and ezkl side by side on the same ONNX file and sample, one process per stage.

    benches/peer/setup.sh                                  once: the Python environment with ezkl
    cargo build --release -p provenn-service               once: the binary
    python3 benches/peer/run.py --models linear_30 digits_mlp lenet5 --json target/peer.json

Both systems prove a private input, a public output and weights fixed at commitment time; both are calibrated on the
same rows, the proved one among them. Time and memory are of whole processes (wait4), except that for ezkl the time
of starting Python is left out, which favours ezkl. Only the standard library is imported here, so that the parent
stays small (its resident set counts towards its children's).
"""

import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import sys

import measure
import report

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FIXTURES = ROOT / "fixtures"

# Provenn's stages. {model} {calibration} {sample} name prepared files, {out} an empty folder.
OURS = {
    "commit": "{provenn} commit {model} --calibration {calibration} --input committed --out {out}",
    "prove": "{provenn} prove --card {out}/model.card --input {sample} --policy scores --out {out}/receipt.bin",
    "verify": "{provenn} verify --card {out}/model.card --receipt {out}/receipt.bin --accept-dev --any-model",
}
# Untimed: prints one JSON object on stdout whose OUTPUT_FIELD is the list of proven scores.
OURS_EXPLAIN, OUTPUT_FIELD = "{provenn} explain {out}/receipt.bin --card {out}/model.card --json", "output"
# What each size is made of, as file names in {out}.
OURS_SIZES = {"proof": ["receipt.bin"], "verifier_data": ["model.card"], "prover_data": ["model.private"]}

PEER_STAGES = [
    "gen_settings", "calibrate_settings", "compile_circuit", "gen_srs", "setup", "gen_witness", "prove", "verify",
]
PEER_SIZES = {"verifier_data": ["vk.key", "settings.json", "kzg.srs"], "prover_data": ["pk.key", "model.compiled"]}
PEER_VARIANTS = {"ezkl": {}, "ezkl tiny": {"decomp_base": 128, "decomp_legs": 4}}

# Trained fixtures and the data sets of their inputs; every other name is one of fixtures/reference.py.
TRAINED = {
    "linear_30": "breast_cancer",
    "breast_cancer_mlp": "breast_cancer",
    "digits_mlp": "digits_flat",
    "digits_cnn": "digits",
}
ROWS = 8  # calibration rows beside the proved one, and unseen rows


def prepare(model, work, options):
    work.mkdir(parents=True)
    if model in TRAINED:
        onnx = FIXTURES / "models" / f"{model}.onnx"
        data, calibration = (FIXTURES / "data" / f"{TRAINED[model]}_{p}.npy" for p in ("test", "calibration"))
    else:
        onnx, data, calibration = work / "generated.onnx", work / "data.npy", work / "fit.npy"
        for rows, seed, path in ((ROWS + 1, 1, data), (ROWS, 2, calibration)):
            command = [options.python, FIXTURES / "reference.py", model, "--out", onnx]
            command += ["--samples", str(rows), "--data-seed", str(seed), "--data", path]
            required(measure.run(command, work / "reference.log", 300), model, "reference")
    command = [options.python, HERE / "stages.py", "prepare", work, onnx, data, calibration, str(ROWS)]
    required(measure.run(command, work / "prepare.log", 300), model, "prepare")
    return json.loads((work / "prepare.json").read_text())


def required(measured, model, stage):
    if measured.status != "ok":
        sys.exit(f"{model}: {stage}: {measured.status}\n{measured.tail}")


def peer(model, variant, expected, work, options):
    folder = work / variant.replace(" ", "_")
    folder.mkdir()
    result = {"stages": {}, "sizes": {}}
    for stage in [*PEER_STAGES, "unseen"]:
        argument = {"gen_settings": json.dumps(PEER_VARIANTS[variant]), "unseen": str(ROWS)}.get(stage)
        command = [options.python, HERE / "stages.py", stage, folder, *([argument] if argument else [])]
        measured = measure.run(command, folder / f"{stage}.log", options.limit, options.memory_gib)
        entry = dataclasses.asdict(measured)
        log(model, variant, stage, entry)
        result["stages"][stage] = entry
        if measured.status != "ok":
            if stage != "unseen":
                break
            continue
        inner = json.loads((folder / f"{stage}.json").read_text())
        entry["call_wall_s"], entry["call_cpu_s"] = inner["wall_s"], inner["cpu_s"]
        if stage == "gen_srs":
            result["logrows"] = inner["logrows"]
        if stage == "gen_witness":
            result["error"] = distance(inner["outputs"], expected["proved"])
        if stage == "prove":
            result["sizes"]["proof"] = inner["proof_bytes"]
        if stage == "unseen":
            pairs = [(a, b) for a, b in zip(inner["result"], expected["unseen"]) if isinstance(a, list)]
            result["unseen_rows"], result["unseen_refused"] = ROWS, ROWS - len(pairs)
            result["unseen_error"] = max((distance(a, b) for a, b in pairs), default=None)
    result["sizes"] |= sizes(folder, PEER_SIZES)
    return result


def ours(model, expected, work, options):
    folder = work / "provenn"
    folder.mkdir()
    names = {
        "provenn": options.provenn, "out": folder, "model": work / "model.onnx",
        "calibration": work / "calibration.npy", "sample": work / "sample.json",
    }  # fmt: skip
    result = {"stages": {}, "sizes": {}}

    def stage(name, template):
        command = [part.format(**names) for part in template.split()]
        return measure.run(command, work / f"provenn_{name}.log", options.limit, options.memory_gib)

    for name, template in OURS.items():
        entry = dataclasses.asdict(stage(name, template))
        log(model, "provenn", name, entry)
        result["stages"][name] = entry
        if entry["status"] != "ok":
            break
    else:
        explained = stage("explain", OURS_EXPLAIN)
        if explained.status == "ok":
            receipt = json.loads((work / "provenn_explain.log").read_text())
            result["error"] = distance(receipt[OUTPUT_FIELD], expected["proved"])
    result["sizes"] |= sizes(folder, OURS_SIZES)
    return result


def distance(got, expected):
    if len(got) != len(expected):
        raise ValueError(f"{len(got)} outputs, expected {len(expected)}")
    return max(abs(a - b) for a, b in zip(got, expected))


def sizes(folder, groups):
    groups = {name: [folder / f for f in files] for name, files in groups.items()}
    return {n: sum(p.stat().st_size for p in g) for n, g in groups.items() if all(p.exists() for p in g)}


def log(model, system, stage, entry):
    print(
        f"{model} / {system} / {stage}: {entry['status']}, {entry['wall_s']:.2f} s wall, "
        f"{entry['cpu_s']:.2f} s CPU, {entry['rss_mb']:.0f} MB",
        file=sys.stderr,
    )
    if entry["tail"]:
        print(entry["tail"], file=sys.stderr)


def arguments():
    venv = pathlib.Path(os.environ.get("PEER_VENV", ROOT / "target" / "peer-venv"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["linear_30", "digits_mlp", "lenet5"], metavar="NAME")
    parser.add_argument("--only", choices=["peer", "ours"])
    parser.add_argument("--json", type=pathlib.Path, help="write every measurement to this file")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "target" / "peer", help="emptied at the start")
    parser.add_argument("--provenn", default=ROOT / "target" / "release" / "provenn", help="the binary")
    parser.add_argument("--python", default=venv / "bin" / "python", help="Python of the peer environment")
    parser.add_argument("--limit", type=float, default=900, metavar="SECONDS", help="per stage (default 900)")
    parser.add_argument("--memory-gib", type=float, help="per stage; no limit by default")
    parser.add_argument("--tiny-parameters", type=int, default=20_000, help="largest model tried as 'ezkl tiny' too")
    parser.add_argument("--keep", action="store_true", help="keep keys and proofs (gigabytes)")
    return parser.parse_args()


def main():
    options = arguments()
    results = {}
    for model in options.models:
        work = options.work / model
        shutil.rmtree(work, ignore_errors=True)
        expected = prepare(model, work, options)
        entry = {"parameters": expected["parameters"], "outputs": expected["proved"], "systems": {}}
        results[model] = entry
        if options.only != "ours":
            for variant in PEER_VARIANTS:
                if variant == "ezkl" or expected["parameters"] <= options.tiny_parameters:
                    entry["systems"][variant] = peer(model, variant, expected, work, options)
        if options.only != "peer":
            entry["systems"]["provenn"] = ours(model, expected, work, options)
        if options.json:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps(results, indent=1) + "\n")
        if not options.keep:
            shutil.rmtree(work)
    print(report.table(results))
    stages = [s for m in results.values() for y in m["systems"].values() for s in y["stages"].values()]
    return 0 if all(s["status"] == "ok" for s in stages) else 1


if __name__ == "__main__":
    sys.exit(main())
