#!/bin/sh
# Makes the Python environment that run.py measures ezkl in. PEER_VENV names the folder (default target/peer-venv).
set -eu
cd "$(dirname "$0")/../.."
venv="${PEER_VENV:-target/peer-venv}"
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet ezkl==23.0.5 numpy==2.4.6 onnx==1.23.2 onnxruntime==1.31.1
echo "ready: $venv/bin/python benches/peer/run.py --help"
