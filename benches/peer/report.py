"""The Markdown table of a run: one row per model and metric, one column per system, then ratios to Provenn."""

# Stages that make up each phase, for ezkl and for Provenn. gen_srs is left out: a universal set-up is not redone
# per model. Proving includes the witness on both sides.
PHASES = {
    "set-up": (["gen_settings", "calibrate_settings", "compile_circuit", "setup"], ["commit"]),
    "prove": (["gen_witness", "prove"], ["prove"]),
    "verify": (["verify"], ["verify"]),
}
SYSTEMS = ["ezkl", "ezkl tiny", "provenn"]
SIZES = {"proof": "proof bytes", "verifier_data": "verifier data bytes", "prover_data": "prover data bytes"}


def stages(system, result, phase):
    """The phase's measurements, or the status of the stage that stopped it."""
    found = [result["stages"].get(s) for s in PHASES[phase][system == "provenn"]]
    bad = next((s["status"] for s in found if s and s["status"] != "ok"), None)
    if bad or None in found:
        return bad
    return found


def metric(system, result, phase, name):
    found = stages(system, result, phase)
    if not isinstance(found, list):
        return found
    if name == "rss_mb":
        return max(s[name] for s in found)
    return sum(s.get("call_" + name, s[name]) for s in found)


def rows(systems):
    def row(label, value):
        return label, {s: value(s, r) for s, r in systems.items()}

    for phase in PHASES:
        for name, label in (("wall_s", "wall s"), ("cpu_s", "CPU s"), ("rss_mb", "memory MB")):
            yield row(f"{phase}, {label}", lambda s, r, n=name, p=phase: metric(s, r, p, n))
    for size, label in SIZES.items():
        yield row(label, lambda s, r, n=size: r["sizes"].get(n))
    yield row("max error, proved row", lambda s, r: r.get("error"))
    yield row("max error, unseen rows", lambda s, r: r.get("unseen_error"))
    yield row("unseen rows without a witness", lambda s, r: r.get("unseen_refused") or None)


def shown(value):
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.2e}" if abs(value) < 1e-2 else f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def ratio(peer, own):
    if isinstance(peer, (int, float)) and isinstance(own, (int, float)) and own > 0:
        return f"{peer / own:.3g}x"
    return "-"


def table(results):
    head = ["model", "metric", *SYSTEMS, "ezkl / provenn", "ezkl tiny / provenn"]
    lines = [head, ["---"] * len(head)]
    for model, entry in results.items():
        name = f"{model} ({entry['parameters']:,} parameters)"
        ks = ", ".join(f"{s} k={r['logrows']}" for s, r in entry["systems"].items() if "logrows" in r)
        for label, values in rows(entry["systems"]):
            if all(v is None for v in values.values()):
                continue
            own = values.get("provenn")
            cells = [shown(values.get(s)) for s in SYSTEMS]
            lines.append([name, label, *cells, *(ratio(values.get(s), own) for s in SYSTEMS[:2])])
            name = ks
            ks = ""
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
