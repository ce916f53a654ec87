"""One stage per process: `python stages.py STAGE FOLDER [ARGUMENTS]`, inside the peer environment.

`prepare` fixes the batch dimension and cuts calibration rows and the proved row for both systems; every other stage
is one ezkl call in FOLDER. Each writes FOLDER/STAGE.json; for ezkl calls it holds the time and CPU of the call alone,
without starting Python and importing ezkl.
"""

import asyncio
import inspect
import json
import os
import pathlib
import sys
import time


def prepare(folder, model, data, calibration, rows):
    import numpy as np
    import onnx
    import onnxruntime

    proto = onnx.load(model)
    for value in [*proto.graph.input, *proto.graph.output]:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_value = 1
    onnx.save(proto, folder / "model.onnx")
    samples, fit = np.load(data), np.load(calibration)
    proved, unseen = samples[:1], samples[1 : 1 + int(rows)]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    outputs = [session.run(None, {name: row[None]})[0].reshape(-1).tolist() for row in [*proved, *unseen]]
    fit = np.concatenate([proved, fit[: int(rows)]])
    np.save(folder / "calibration.npy", fit)
    np.save(folder / "sample.npy", proved)

    def values(x):
        return [v.item() for v in x.reshape(-1)]

    def write(file, content):
        (folder / file).write_text(json.dumps(content))

    write("sample.json", {"shape": list(proved.shape), "values": values(proved)})
    write("ezkl_calibration.json", {"input_data": [values(fit)]})
    write("ezkl_input.json", {"input_data": [values(proved)]})
    for i, row in enumerate(unseen):
        write(f"ezkl_unseen_{i}.json", {"input_data": [values(row)]})
    parameters = sum(int(np.prod(t.dims)) for t in proto.graph.initializer)
    return {"parameters": parameters, "proved": outputs[0], "unseen": outputs[1:]}


async def settled(value):
    return await value if inspect.isawaitable(value) else value


async def gen_settings(ezkl, variant):
    arguments = ezkl.PyRunArgs()
    arguments.input_visibility = "private"
    arguments.output_visibility = "public"
    arguments.param_visibility = "fixed"
    for name, value in json.loads(variant).items():
        setattr(arguments, name, value)
    return await settled(ezkl.gen_settings("../model.onnx", "settings.json", py_run_args=arguments))


async def calibrate_settings(ezkl, _):
    return await settled(
        ezkl.calibrate_settings(
            "../ezkl_calibration.json", "../model.onnx", "settings.json", "resources",
            lookup_safety_margin=2, scales=None, scale_rebase_multiplier=[1], max_logrows=None,
        )
    )


async def compile_circuit(ezkl, _):
    return await settled(ezkl.compile_circuit("../model.onnx", "model.compiled", "settings.json"))


async def gen_srs(ezkl, _):
    logrows = json.loads(pathlib.Path("settings.json").read_text())["run_args"]["logrows"]
    ezkl.gen_srs("kzg.srs", logrows)
    return True


async def setup(ezkl, _):
    return await settled(
        ezkl.setup("model.compiled", "vk.key", "pk.key", "kzg.srs", None, disable_selector_compression=False)
    )


async def gen_witness(ezkl, _):
    return await settled(ezkl.gen_witness("../ezkl_input.json", "model.compiled", "witness.json")) is not None


async def prove(ezkl, _):
    return bool(await settled(ezkl.prove("witness.json", "model.compiled", "pk.key", "proof.json", "kzg.srs")))


async def verify(ezkl, _):
    return await settled(ezkl.verify("proof.json", "settings.json", "vk.key", "kzg.srs", reduced_srs=True))


async def unseen(ezkl, rows):
    """Float outputs of the quantized circuit on rows it was not calibrated with (no proof)."""
    outputs = []
    for i in range(int(rows)):
        try:
            await settled(ezkl.gen_witness(f"../ezkl_unseen_{i}.json", "model.compiled", "unseen.json"))
            outputs.append(rescaled("unseen.json"))
        except Exception as error:  # a row outside the calibrated tables
            outputs.append(str(error)[:200])
    return outputs


def rescaled(path):
    witness = json.loads(pathlib.Path(path).read_text())
    return [float(v) for row in witness["pretty_elements"]["rescaled_outputs"] for v in row]


async def timed(stage, arguments):
    import ezkl

    wall, cpu = time.monotonic(), time.process_time()
    result = await globals()[stage](ezkl, *arguments)
    measured = {"wall_s": time.monotonic() - wall, "cpu_s": time.process_time() - cpu, "result": result}
    if stage == "gen_witness":
        measured["outputs"] = rescaled("witness.json")
    if stage == "gen_srs":
        measured["logrows"] = json.loads(pathlib.Path("settings.json").read_text())["run_args"]["logrows"]
    if stage == "prove":
        proof = json.loads(pathlib.Path("proof.json").read_text())
        measured["proof_bytes"] = len(bytes.fromhex(proof["hex_proof"].removeprefix("0x")))
    return measured


def main():
    stage, folder, *arguments = sys.argv[1:]
    folder = pathlib.Path(folder).resolve()
    if stage == "prepare":
        written = prepare(folder, *arguments)
    else:
        os.chdir(folder)
        written = asyncio.run(timed(stage, arguments or [None]))
    (folder / f"{stage}.json").write_text(json.dumps(written))
    # ezkl returns False, and raises nothing, from some stages
    return 0 if stage in ("prepare", "unseen") or written["result"] else 1


if __name__ == "__main__":
    sys.exit(main())
