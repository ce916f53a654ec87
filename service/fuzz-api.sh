#!/usr/bin/env bash
# schemathesis against a running service with one model and one proof. Usage: fuzz-api.sh PROVENN
set -euo pipefail
binary=$(realpath "$1") port=18099
service=http://127.0.0.1:$port
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'kill $pid; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "schemathesis==4.32.5"
PROVENN_LIMITS__REQUESTS_PER_SECOND=100000 PROVENN_LIMITS__BURST=100000 \
PROVENN_LIMITS__ADDRESS_REQUESTS_PER_SECOND=100000 PROVENN_LIMITS__ADDRESS_BURST=100000 \
    "$binary" serve --data "$work/data" --listen 127.0.0.1:$port 2>"$work/log" & pid=$!
until curl -sf $service/readyz >/dev/null; do sleep 0.2; done

key=$(cat "$work/data/first.key")
call() { curl -sf -H "Authorization: Bearer $key" "$@"; }
digest() { sha256sum "$1" | cut -d' ' -f1; }
field() { python3 -c "import json,sys; print(json.load(sys.stdin)$1)"; }
model=fixtures/models/linear_30.onnx rows=fixtures/data/breast_cancer_calibration.npy input=fixtures/inputs/linear_30.json
call -T $model $service/v1/models/"$(digest $model)" >/dev/null
for file in $rows $input; do call -T $file $service/v1/inputs/"$(digest $file)" >/dev/null; done
job=$(call -d "{\"calibration\": \"$(digest $rows)\"}" $service/v1/models/"$(digest $model)"/commit | field '["id"]')
call $service/v1/jobs/"$job"/events >/dev/null
id=$(call $service/v1/jobs/"$job" | field '["result"]["model_id"]')
job=$(call -d "{\"model\": \"$id\", \"input\": \"$(digest $input)\", \"policy\": \"label\"}" $service/v1/proofs | field '["id"]')
call $service/v1/proofs/"$job"/events >/dev/null
card=$(call $service/v1/models/"$id")

cat >"$work/schemathesis.toml" <<END
headers = { Authorization = "Bearer $key" }
# Uploads are addressed by their digest and bodies name existing objects: no schema can say that.
[checks]
positive_data_acceptance.enabled = false
END
operation() {
  printf '[[operations]]\ninclude-path = "%s"\nparameters = { "path.%s" = "%s" }\n' "$1" "$2" "$3" >>"$work/schemathesis.toml"
}
for path in /v1/jobs/{id} /v1/jobs/{id}/events /v1/proofs/{id} /v1/proofs/{id}/events /v1/proofs/{id}/receipt; do operation $path id "$job"; done
for path in /v1/models/{id}/card /v1/models/{id}/graph; do operation $path id "$id"; done
call -d "{\"model\": \"$id\"}" $service/v1/registry/default/linear >/dev/null
operation "/v1/log/proofs/{sha256}" sha256 "$(call $service/v1/proofs/"$job" | field '["result"]["receipt_sha256"]')"
operation "/v1/ledger/models/{id}" id "$id"
operation "/v1/srs/{id}" id "$(field '["srs_id"]' <<<"$card")"
operation "/v1/keys/{digest}" digest "$(field '["key_digest"]' <<<"$card")"
operation "/v1/inputs/{sha256}/commit" sha256 "$(digest $input)"
operation "/v1/models/{id}/commit" id "$(digest $model)"

# It keeps a cache in the folder it runs in.
cd "$work"
venv/bin/schemathesis --config-file "$work/schemathesis.toml" run "$service/openapi.json" \
    --max-examples 100 --phases examples,coverage,fuzzing --continue-on-failure --seed 1
! grep -E "panicked|ERROR" "$work/log"
