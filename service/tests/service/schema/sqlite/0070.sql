CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
CREATE TABLE tenants (
    name TEXT PRIMARY KEY,
    created BIGINT NOT NULL,
    submitted BIGINT NOT NULL DEFAULT 0, -- jobs ever; its update serializes the submissions of a tenant
    stored BIGINT NOT NULL DEFAULT 0     -- bytes of uploads
, reserved BIGINT NOT NULL DEFAULT 0);
CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (name),
    label TEXT NOT NULL,
    hash TEXT NOT NULL, -- SHA-256 of the secret, which has 256 random bits
    scopes TEXT NOT NULL, -- comma-separated
    created BIGINT NOT NULL,
    revoked BIGINT
, expires BIGINT, used BIGINT);
CREATE TABLE uploads (
    tenant TEXT NOT NULL REFERENCES tenants (name),
    kind TEXT NOT NULL, -- model | input
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    summary TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (tenant, kind, sha256)
);
CREATE TABLE models (
    tenant TEXT NOT NULL REFERENCES tenants (name),
    id TEXT NOT NULL,
    source TEXT NOT NULL, -- SHA-256 of the ONNX file
    key_digest TEXT NOT NULL,
    srs_id TEXT NOT NULL,
    description TEXT NOT NULL,
    forecast TEXT NOT NULL,
    files TEXT NOT NULL, -- name -> SHA-256
    created BIGINT NOT NULL, counted BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, id)
);
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (name),
    kind TEXT NOT NULL,      -- commit | opening | proof
    statement TEXT NOT NULL, -- digest of what is asked for
    request TEXT NOT NULL,
    priority BIGINT NOT NULL,
    not_after BIGINT,        -- the result is worthless afterwards
    state TEXT NOT NULL,     -- queued | witness | proving | verifying | done | failed | cancelled | expired
    stage TEXT NOT NULL,
    attempt BIGINT NOT NULL DEFAULT 0,
    token BIGINT NOT NULL DEFAULT 0, -- fencing: grows with each lease
    owner TEXT,
    lease_until BIGINT,
    pushed BIGINT NOT NULL,  -- when, and
    task TEXT NOT NULL,      -- as which task, the job engine was told last
    forecast TEXT NOT NULL,
    created BIGINT NOT NULL,
    started BIGINT,
    finished BIGINT,
    changed BIGINT NOT NULL,
    seq BIGINT NOT NULL DEFAULT 0, -- events so far
    peak_bytes BIGINT,
    cpu_ms BIGINT,
    result TEXT,
    error TEXT
, not_before BIGINT NOT NULL DEFAULT 0, faults BIGINT NOT NULL DEFAULT 0, retry TEXT, removed BIGINT, level BIGINT NOT NULL DEFAULT 1, whole TEXT, parts BIGINT NOT NULL DEFAULT 0, parts_done BIGINT NOT NULL DEFAULT 0, blob TEXT);
CREATE TABLE events (
    job TEXT NOT NULL REFERENCES jobs (id),
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (job, seq)
);
CREATE TABLE idempotency (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL, -- digest of the request
    job TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (tenant, key)
);
CREATE TABLE receipts (
    tenant TEXT NOT NULL,
    statement TEXT NOT NULL,
    job TEXT NOT NULL,
    model TEXT NOT NULL,
    blob TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (tenant, statement)
);
CREATE TABLE log_entries (
    idx BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,   -- card | receipt
    digest TEXT NOT NULL, -- SHA-256 of the canonical bytes
    created BIGINT NOT NULL
);
CREATE TABLE log_head (
    id BIGINT PRIMARY KEY,
    entries BIGINT NOT NULL,  -- rows of log_entries; its update puts publications in order
    size BIGINT NOT NULL,     -- entries under the signed checkpoint
    checkpoint TEXT NOT NULL, -- the signed note, empty at first
    key TEXT NOT NULL         -- the log's public key, fixed by the first start
, stopped TEXT NOT NULL DEFAULT '');
CREATE TABLE registry (
    tenant TEXT NOT NULL REFERENCES tenants (name),
    name TEXT NOT NULL,
    version BIGINT NOT NULL, -- from 1
    model TEXT NOT NULL,
    status TEXT NOT NULL,    -- active | deprecated | revoked
    reason TEXT NOT NULL,
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    PRIMARY KEY (tenant, name, version)
);
CREATE TABLE budgets (
    tenant TEXT NOT NULL REFERENCES tenants (name),
    scope TEXT NOT NULL,     -- model | input | requester: all of a model's receipts, those of each input, of each requester;
    subject TEXT NOT NULL,   -- the model; or key: all receipts of a key, which is the subject
    microbits BIGINT NOT NULL,
    PRIMARY KEY (tenant, scope, subject)
);
CREATE TABLE graphs (
    tenant TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    graph TEXT NOT NULL,
    PRIMARY KEY (tenant, sha256)
);
CREATE TABLE spent (
    tenant TEXT NOT NULL,
    scope TEXT NOT NULL,   -- as in budgets
    subject TEXT NOT NULL, -- the model, or the key
    part TEXT NOT NULL,    -- the input or the key of scopes that have one for each, else empty
    microbits BIGINT NOT NULL,
    PRIMARY KEY (tenant, scope, subject, part)
);
CREATE TABLE accounts (
    tenant TEXT NOT NULL,
    model TEXT NOT NULL,
    input TEXT NOT NULL,
    requester TEXT NOT NULL,
    policy TEXT NOT NULL,
    receipts BIGINT NOT NULL,       -- published
    settled BIGINT NOT NULL,        -- millionths of a bit of what ended
    reserved BIGINT NOT NULL,       -- of what is under way
    settled_first BIGINT NOT NULL,  -- those of settled and reserved that no other key was charged with before
    reserved_first BIGINT NOT NULL,
    PRIMARY KEY (tenant, model, input, requester, policy)
);
CREATE TABLE turns (
    tenant TEXT PRIMARY KEY REFERENCES tenants (name),
    served BIGINT NOT NULL -- grows with each job that is begun: who was served longest ago has the least
);
CREATE TABLE objects (
    tenant TEXT NOT NULL REFERENCES tenants (name),
    kind TEXT NOT NULL,    -- model | input | private | receipt
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    named BIGINT NOT NULL, -- rows that name it; at 0 it is removed next, and counts until then
    PRIMARY KEY (tenant, kind, sha256)
);
CREATE TABLE reservations (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (name),
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    owner TEXT NOT NULL,
    ends BIGINT NOT NULL
);
CREATE TABLE "ledger" (
    job TEXT NOT NULL, -- may be removed
    tenant TEXT NOT NULL,
    model TEXT NOT NULL,
    input TEXT NOT NULL,
    requester TEXT NOT NULL,
    policy TEXT NOT NULL,
    microbits BIGINT NOT NULL,
    again BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT 'reserved',
    PRIMARY KEY (job, requester)
);
CREATE TABLE log_keys (
    key TEXT PRIMARY KEY,
    checkpoint TEXT NOT NULL, -- the newest note that it is known to have signed, empty if there is none
    ended BIGINT NOT NULL
);
CREATE TABLE identity (
    one BIGINT PRIMARY KEY, -- 1: there is one row
    id TEXT NOT NULL,
    marked BIGINT NOT NULL  -- 1: the object store has had the copy
);
CREATE TABLE cosignatures (
    log TEXT NOT NULL,     -- the log's key
    size BIGINT NOT NULL,  -- entries under the checkpoint
    witness TEXT NOT NULL, -- the witness's key
    note TEXT NOT NULL,    -- the checkpoint, signed by the log alone
    line TEXT NOT NULL,    -- the witness's signature
    PRIMARY KEY (log, size, witness)
);
CREATE TABLE "openings" (
    tenant TEXT NOT NULL,
    model TEXT NOT NULL,
    input TEXT NOT NULL,
    name TEXT NOT NULL,
    points TEXT NOT NULL, -- JSON list
    blob TEXT NOT NULL,   -- the secret opening
    created BIGINT NOT NULL,
    counted BIGINT NOT NULL,
    PRIMARY KEY (tenant, model, input, name)
);
CREATE TABLE "input_digests" (
    tenant TEXT NOT NULL,
    model TEXT NOT NULL,
    input TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (tenant, model, input, name)
);
CREATE TABLE joint_inputs (
    tenant TEXT NOT NULL,
    model TEXT NOT NULL,
    joint TEXT NOT NULL, -- digest of names and digests, the input of accounts
    input TEXT NOT NULL, -- digest of the integers of one
    PRIMARY KEY (tenant, model, joint, input)
);
CREATE TABLE parameters (
    id TEXT PRIMARY KEY, -- SRS id, as in a claim
    key TEXT NOT NULL    -- the bytes of srs.vk in hexadecimal
);
CREATE TABLE agreements (
    tenant TEXT NOT NULL,
    digest TEXT NOT NULL,      -- of the terms, as claims name them
    file TEXT NOT NULL,        -- SHA-256 of the upload
    model TEXT NOT NULL,
    roles TEXT NOT NULL,       -- JSON list
    not_after BIGINT NOT NULL, -- unix seconds
    created BIGINT NOT NULL,
    revoked BIGINT,
    reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, digest)
);
CREATE INDEX models_by_id ON models (id);
CREATE INDEX models_by_key ON models (key_digest);
CREATE INDEX models_by_srs ON models (srs_id);
CREATE INDEX jobs_open ON jobs (state, lease_until) WHERE state IN ('queued', 'witness', 'proving', 'verifying');
CREATE INDEX jobs_changed ON jobs (changed);
CREATE UNIQUE INDEX receipts_by_job ON receipts (job);
CREATE INDEX log_entries_by_digest ON log_entries (digest);
CREATE UNIQUE INDEX registry_by_model ON registry (tenant, model);
CREATE INDEX registry_by_id ON registry (model);
CREATE INDEX jobs_by_tenant ON jobs (tenant, id);
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state IN ('witness', 'proving', 'verifying');
CREATE INDEX jobs_queued ON jobs (pushed) WHERE state = 'queued';
CREATE INDEX jobs_ending ON jobs (not_after) WHERE state IN ('queued', 'witness', 'proving', 'verifying') AND not_after IS NOT NULL;
CREATE INDEX idempotency_by_age ON idempotency (created);
CREATE INDEX jobs_turn ON jobs (tenant, priority DESC, id) WHERE state = 'queued';
CREATE INDEX jobs_task ON jobs (task) WHERE state = 'queued';
CREATE INDEX models_by_source ON models (tenant, source, created);
CREATE INDEX uploads_by_age ON uploads (tenant, kind, created);
CREATE INDEX accounts_by_input ON accounts (tenant, input, model, requester, policy);
CREATE INDEX accounts_by_requester ON accounts (tenant, requester, model, input, policy);
CREATE INDEX objects_unnamed ON objects (tenant) WHERE named = 0;
CREATE INDEX models_uncounted ON models (tenant) WHERE counted = 0;
CREATE INDEX reservations_by_object ON reservations (tenant, kind, sha256);
CREATE INDEX reservations_by_owner ON reservations (owner);
CREATE INDEX reservations_by_end ON reservations (ends);
CREATE UNIQUE INDEX jobs_statement ON jobs (tenant, kind, statement)
    WHERE state NOT IN ('failed', 'cancelled', 'expired') AND removed IS NULL;
CREATE INDEX ledger_by_model ON ledger (tenant, model, input);
CREATE INDEX ledger_by_requester ON ledger (tenant, requester, model);
CREATE INDEX inputs_by_age ON uploads (created) WHERE kind = 'input';
CREATE INDEX receipts_by_age ON receipts (created);
CREATE INDEX receipts_of_tenant_by_age ON receipts (tenant, created);
CREATE INDEX idempotency_by_job ON idempotency (job);
CREATE INDEX receipts_by_blob ON receipts (tenant, blob);
CREATE INDEX openings_uncounted ON openings (tenant) WHERE counted = 0;
CREATE INDEX openings_by_input ON openings (tenant, input);
CREATE INDEX openings_by_blob ON openings (tenant, blob);
CREATE INDEX joint_inputs_by_input ON joint_inputs (tenant, input);
CREATE INDEX jobs_ended ON jobs (finished)
    WHERE finished IS NOT NULL AND (kind NOT IN ('proof', 'colouring') OR state <> 'done' OR removed IS NOT NULL);
CREATE INDEX agreements_by_digest ON agreements (digest);
CREATE INDEX agreements_by_age ON agreements (tenant, created);
CREATE INDEX jobs_parts ON jobs (whole) WHERE whole IS NOT NULL;
CREATE INDEX jobs_blobs ON jobs (tenant, blob) WHERE blob IS NOT NULL;
CREATE INDEX jobs_open_by_tenant ON jobs (tenant, whole) WHERE state IN ('queued', 'witness', 'proving', 'verifying');
CREATE INDEX jobs_running ON jobs (tenant) WHERE state IN ('witness', 'proving', 'verifying') AND owner IS NOT NULL;
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (1, 'service', '2026-01-01 00:00:00', 1, X'59DBA98B9CA1970D76EE6E9F37D72AD87F947E7DF9EFC78A762F349AF1C99F227681720E840582E81F32A782DCA3D931', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (10, 'log', '2026-01-01 00:00:00', 1, X'0C98D72E79C568D4A0CBC3ED8894E747F7EFD690AB1F786FDA328A1524E99F99C81BE19F0FE4B703B0973E5AE5F752FE', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (11, 'registry', '2026-01-01 00:00:00', 1, X'099ACEC5B41080AEDDD51BEA4141CB9F621A47CB54A13BC9A50AA39004DDED65AB4A42BE83FE54598F9A7353D9979154', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (12, 'ledger', '2026-01-01 00:00:00', 1, X'374FD711C9554BF988D376877469141556C9C9623D8C1BE4BD85B7836F143C75F732C200CB52A4D7332A0F17D7385DE2', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (20, 'page', '2026-01-01 00:00:00', 1, X'DF79744337F8FD78E44F2A32A3C74929ADBA1E45341DAD6C047C0047D75F356D4AE7F5A9881112B00F330FFCFA456E95', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (30, 'keys', '2026-01-01 00:00:00', 1, X'71207979DC3B7E32AAF44561BD78C54500940DD9DB69B6B98D5007C7B66C4213AF80FE7A1B9D48FCA249179C0EFF1B19', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (31, 'sums', '2026-01-01 00:00:00', 1, X'5BFEBEE4574C2B194DE0AFE1D6A0CDF5B4A6D1EA0B69E2779CB224FEEDF1EE66A74975F88FFF63ABE55942633B0442D7', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (32, 'retries', '2026-01-01 00:00:00', 1, X'F7069F604C172F9024ECD563B209FA67D660D25E9FCF1B53FDE595CE27E2417BA6A056D9C5FC5510E00717E101FBB392', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (33, 'turns', '2026-01-01 00:00:00', 1, X'7EB45AA2270AD3A0DE4D657F917E65FAD70EFE68EE53C18140C70B478EBDAD678DFC2AD250CF18CB54FDE00313B9DFB2', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (34, 'lists', '2026-01-01 00:00:00', 1, X'8D2908F78ADCD69C811D49A999C7F9ABE8B5A67DE470D9F09424CB37F52CCDCE4CB90284166F4D8ECCC828821A7B2DB9', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (36, 'accounts', '2026-01-01 00:00:00', 1, X'B9047C44A106F06D1167A1F84A63F853FCC11D5AD78C137FE74B1DC93312A2DB729F50164E4DB90BCD086C7448B5CEBE', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (40, 'storage', '2026-01-01 00:00:00', 1, X'42ED6BC4346493C44A5F675EE59B99B9F66663B07803972FE56591A4B48E2F6BEF79638597E155933BBFEE3D58B639AE', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (41, 'removal', '2026-01-01 00:00:00', 1, X'7995D2C7E7297B54F681BAAA36D86353AC911D1215556DEA6DAD6D5BC97AC371B6C925A9379BFE0B4C182E9938529331', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (42, 'retention', '2026-01-01 00:00:00', 1, X'2B3BFA39DFFF5017CAB873CA1841A5DFF057F0047AC91EEF76DAF4D020F832C954A2059CBC4BC0257606AE0BF39E38F7', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (43, 'gc', '2026-01-01 00:00:00', 1, X'B3F6D7990F3C01044CD5B9FD60666225F5BE90FC7347F712D65D3A05293C4BEDD1D088E29A9EB7BCF3A94D0D44822A67', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (50, 'log stop', '2026-01-01 00:00:00', 1, X'C57A2FC9FF11E8C616C0082DE5C2EEECF5BB1E734FEAE71CAAE0882499569BABF5603A961DEED7A7E64963F5FA31BB1F', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (51, 'identity', '2026-01-01 00:00:00', 1, X'024D45D0FFF0917C8DE73D91719103C64A2F4708DBBA4996CF2AFBD4566BAFBBE1D96507EE2A7036FD12C7DB545C68B2', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (52, 'cosignatures', '2026-01-01 00:00:00', 1, X'CDF8F32EC1335BD46C30A2D1155FA4EE6A2C9E57EFCCCE239D5D9B87162F375ADDED13B6E76D5C9E20DF8172C6BCC3ED', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (60, 'several inputs', '2026-01-01 00:00:00', 1, X'6CAF0C68618275784EB54D909D0E51CB6D68C6AF3AF0BF00FF46D73E57ED29E02A11EBA2EB2D3DB609632814D46C1189', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (61, 'colourings', '2026-01-01 00:00:00', 1, X'BBB83CE448954EA3DD869ACDC18DAC82418AFB5CC74B0842616C7105D5C12D7E4F1BBF73CFA5923500BC309C04FEC752', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (62, 'agreements', '2026-01-01 00:00:00', 1, X'44F1F4EE697ACA9B3A28957D35459A5C1B06DCCBFE1CF1DA9BD0115859402AD09D9713B94E85D00AF03DDA617D65CE04', 0);
INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) VALUES (70, 'segments', '2026-01-01 00:00:00', 1, X'263FC089A95A052B46687376C56450B3CD4FC8914D4403253CD819CCFF29274B814057EC289F513A8A472C3EAE3D7300', 0);
INSERT INTO tenants (name, created, submitted, stored, reserved) VALUES ('alice', 1, 6, 5300, 50);
INSERT INTO tenants (name, created, submitted, stored, reserved) VALUES ('bob', 2, 0, 0, 0);
INSERT INTO keys (id, tenant, label, hash, scopes, created, revoked, expires, used) VALUES ('key-1', 'alice', 'it''s hers', '1111111111111111111111111111111111111111111111111111111111111111', 'read,upload,commit,prove,publish,govern', 1, NULL, NULL, NULL);
INSERT INTO keys (id, tenant, label, hash, scopes, created, revoked, expires, used) VALUES ('key-2', 'bob', '', '2222222222222222222222222222222222222222222222222222222222222222', 'read', 2, 3, NULL, NULL);
INSERT INTO keys (id, tenant, label, hash, scopes, created, revoked, expires, used) VALUES ('key-3', 'bob', 'ends', '3333333333333333333333333333333333333333333333333333333333333333', 'read,publish', 22, NULL, 9000000000000, 23);
INSERT INTO uploads (tenant, kind, sha256, bytes, summary, created) VALUES ('alice', 'input', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 100, '{"shape":[30]}', 4);
INSERT INTO uploads (tenant, kind, sha256, bytes, summary, created) VALUES ('alice', 'model', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 200, '{"nodes":3}', 3);
INSERT INTO models (tenant, id, source, key_digest, srs_id, description, forecast, files, created, counted) VALUES ('alice', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', '{"input":"committed"}', '{"cpu_seconds":1.5}', '{"card.bin":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}', 5, 0);
INSERT INTO jobs (id, tenant, kind, statement, request, priority, not_after, state, stage, attempt, token, owner, lease_until, pushed, task, forecast, created, started, finished, changed, seq, peak_bytes, cpu_ms, result, error, not_before, faults, retry, removed, level, whole, parts, parts_done, blob) VALUES ('job-1', 'alice', 'commit', 's1', '{"calibration":"x"}', 0, NULL, 'done', 'verify', 1, 1, 'worker', NULL, 7, 'task-1', '{}', 7, 8, 9, 9, 2, 1000, 20, '{"model_id":"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"}', NULL, 0, 0, NULL, NULL, 1, NULL, 0, 0, NULL);
INSERT INTO jobs (id, tenant, kind, statement, request, priority, not_after, state, stage, attempt, token, owner, lease_until, pushed, task, forecast, created, started, finished, changed, seq, peak_bytes, cpu_ms, result, error, not_before, faults, retry, removed, level, whole, parts, parts_done, blob) VALUES ('job-2', 'alice', 'proof', 's2', '{"policy":"label"}', 0, NULL, 'done', 'verify', 2, 2, 'worker', NULL, 10, 'task-2', '{}', 10, 11, 12, 12, 1, 1000, 30, '{}', NULL, 0, 0, NULL, NULL, 1, NULL, 0, 0, NULL);
INSERT INTO jobs (id, tenant, kind, statement, request, priority, not_after, state, stage, attempt, token, owner, lease_until, pushed, task, forecast, created, started, finished, changed, seq, peak_bytes, cpu_ms, result, error, not_before, faults, retry, removed, level, whole, parts, parts_done, blob) VALUES ('job-3', 'alice', 'proof', 's3', '{"policy":"label"}', 5, 9000000000000, 'queued', 'queued', 0, 0, NULL, NULL, 13, 'task-3', '{}', 13, NULL, NULL, 13, 0, NULL, NULL, NULL, NULL, 24, 1, 'no-space', NULL, 1, NULL, 0, 0, NULL);
INSERT INTO jobs (id, tenant, kind, statement, request, priority, not_after, state, stage, attempt, token, owner, lease_until, pushed, task, forecast, created, started, finished, changed, seq, peak_bytes, cpu_ms, result, error, not_before, faults, retry, removed, level, whole, parts, parts_done, blob) VALUES ('job-4', 'alice', 'proof', 's4', '{"policy":"scores"}', 0, NULL, 'proving', 'proof', 1, 1, 'worker', 15, 14, 'task-4', '{}', 14, 14, NULL, 14, 1, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, 1, NULL, 0, 0, NULL);
INSERT INTO jobs (id, tenant, kind, statement, request, priority, not_after, state, stage, attempt, token, owner, lease_until, pushed, task, forecast, created, started, finished, changed, seq, peak_bytes, cpu_ms, result, error, not_before, faults, retry, removed, level, whole, parts, parts_done, blob) VALUES ('job-5', 'alice', 'proof', 's5', '{"policy":"label"}', 0, NULL, 'failed', 'witness', 1, 1, 'worker', NULL, 16, 'task-5', '{}', 16, 16, 17, 17, 1, NULL, NULL, NULL, '{"type":"urn:provenn:error:x","title":"x","status":422,"detail":"out of range","code":"x"}', 0, 0, NULL, NULL, 1, NULL, 0, 0, NULL);
INSERT INTO jobs (id, tenant, kind, statement, request, priority, not_after, state, stage, attempt, token, owner, lease_until, pushed, task, forecast, created, started, finished, changed, seq, peak_bytes, cpu_ms, result, error, not_before, faults, retry, removed, level, whole, parts, parts_done, blob) VALUES ('job-6', 'alice', 'opening', 's6', '{}', 0, 19, 'expired', 'queued', 0, 0, NULL, NULL, 18, 'task-6', '{}', 18, NULL, 19, 19, 0, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, 1, NULL, 0, 0, NULL);
INSERT INTO jobs (id, tenant, kind, statement, request, priority, not_after, state, stage, attempt, token, owner, lease_until, pushed, task, forecast, created, started, finished, changed, seq, peak_bytes, cpu_ms, result, error, not_before, faults, retry, removed, level, whole, parts, parts_done, blob) VALUES ('job-7', 'bob', 'proof', 's7', '{}', 5, NULL, 'proving', 'segments', 0, 2, NULL, NULL, 40, 'task-7', 'null', 40, NULL, NULL, 40, 0, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, 1, NULL, 2, 1, '8888888888888888888888888888888888888888888888888888888888888888');
INSERT INTO jobs (id, tenant, kind, statement, request, priority, not_after, state, stage, attempt, token, owner, lease_until, pushed, task, forecast, created, started, finished, changed, seq, peak_bytes, cpu_ms, result, error, not_before, faults, retry, removed, level, whole, parts, parts_done, blob) VALUES ('job-7.01', 'bob', 'segment', 's7-1', '{}', 5, NULL, 'done', 'done', 0, 1, NULL, NULL, 40, 'task-7-1', 'null', 40, NULL, NULL, 41, 0, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, 2, 'job-7', 0, 0, '9999999999999999999999999999999999999999999999999999999999999999');
INSERT INTO jobs (id, tenant, kind, statement, request, priority, not_after, state, stage, attempt, token, owner, lease_until, pushed, task, forecast, created, started, finished, changed, seq, peak_bytes, cpu_ms, result, error, not_before, faults, retry, removed, level, whole, parts, parts_done, blob) VALUES ('job-7.02', 'bob', 'segment', 's7-2', '{}', 5, NULL, 'queued', 'queued', 0, 0, NULL, NULL, 1000, 'task-7-2', 'null', 40, NULL, NULL, 40, 0, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, 99, 'job-7', 0, 0, NULL);
INSERT INTO events (job, seq, at, body) VALUES ('job-1', 1, 8, '{"state":"proving","stage":"commit"}');
INSERT INTO events (job, seq, at, body) VALUES ('job-1', 2, 9, '{"state":"done","stage":"verify"}');
INSERT INTO events (job, seq, at, body) VALUES ('job-2', 1, 12, '{"state":"done","stage":"verify"}');
INSERT INTO events (job, seq, at, body) VALUES ('job-4', 1, 14, '{"state":"proving","stage":"proof"}');
INSERT INTO events (job, seq, at, body) VALUES ('job-5', 1, 17, '{"state":"failed","stage":"witness"}');
INSERT INTO idempotency (tenant, key, body, job, created) VALUES ('alice', 'once', '9999999999999999999999999999999999999999999999999999999999999999', 'job-2', 10);
INSERT INTO receipts (tenant, statement, job, model, blob, bytes, created) VALUES ('alice', 's2', 'job-2', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '8888888888888888888888888888888888888888888888888888888888888888', 5000, 12);
INSERT INTO log_entries (idx, kind, digest, created) VALUES (0, 'card', 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', 9);
INSERT INTO log_entries (idx, kind, digest, created) VALUES (1, 'receipt', '8888888888888888888888888888888888888888888888888888888888888888', 12);
INSERT INTO log_head (id, entries, size, checkpoint, key, stopped) VALUES (1, 2, 1, 'a note', 'log.test+00000000+key', 'restored');
INSERT INTO registry (tenant, name, version, model, status, reason, created, changed) VALUES ('alice', 'linear', 1, 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 'deprecated', 'there is a better one', 20, 21);
INSERT INTO budgets (tenant, scope, subject, microbits) VALUES ('alice', 'model', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 50000000);
INSERT INTO graphs (tenant, sha256, graph) VALUES ('alice', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '{"nodes":[]}');
INSERT INTO spent (tenant, scope, subject, part, microbits) VALUES ('alice', 'input', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '7777777777777777777777777777777777777777777777777777777777777777', 2000000);
INSERT INTO spent (tenant, scope, subject, part, microbits) VALUES ('alice', 'key', 'key-1', '', 2000000);
INSERT INTO spent (tenant, scope, subject, part, microbits) VALUES ('alice', 'model', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '', 2000000);
INSERT INTO spent (tenant, scope, subject, part, microbits) VALUES ('alice', 'requester', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 'key-1', 2000000);
INSERT INTO accounts (tenant, model, input, requester, policy, receipts, settled, reserved, settled_first, reserved_first) VALUES ('alice', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '7777777777777777777777777777777777777777777777777777777777777777', 'key-1', 'label', 1, 1000000, 1000000, 1000000, 1000000);
INSERT INTO turns (tenant, served) VALUES ('alice', 7);
INSERT INTO objects (tenant, kind, sha256, bytes, named) VALUES ('alice', 'input', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 100, 1);
INSERT INTO objects (tenant, kind, sha256, bytes, named) VALUES ('alice', 'model', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 200, 1);
INSERT INTO objects (tenant, kind, sha256, bytes, named) VALUES ('alice', 'receipt', '8888888888888888888888888888888888888888888888888888888888888888', 5000, 1);
INSERT INTO reservations (id, tenant, kind, sha256, bytes, owner, ends) VALUES ('room-1', 'alice', 'input', '7777777777777777777777777777777777777777777777777777777777777777', 50, 'process-1', 9000000000000);
INSERT INTO ledger (job, tenant, model, input, requester, policy, microbits, again, state) VALUES ('job-2', 'alice', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '7777777777777777777777777777777777777777777777777777777777777777', 'key-1', 'label', 1000000, 0, 'spent');
INSERT INTO ledger (job, tenant, model, input, requester, policy, microbits, again, state) VALUES ('job-3', 'alice', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '7777777777777777777777777777777777777777777777777777777777777777', 'key-1', 'label', 1000000, 0, 'reserved');
INSERT INTO ledger (job, tenant, model, input, requester, policy, microbits, again, state) VALUES ('job-5', 'alice', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '7777777777777777777777777777777777777777777777777777777777777777', 'key-1', 'label', 1000000, 0, 'released');
INSERT INTO log_keys (key, checkpoint, ended) VALUES ('log.old+00000000+key', 'an older note', 25);
INSERT INTO identity (one, id, marked) VALUES (1, 'the-first', 1);
INSERT INTO cosignatures (log, size, witness, note, line) VALUES ('log.new+00000000+key', 1, 'witness+00000000+key', 'a note', 'a line');
INSERT INTO openings (tenant, model, input, name, points, blob, created, counted) VALUES ('alice', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', '', '["point"]', '0000000000000000000000000000000000000000000000000000000000000000', 6, 0);
INSERT INTO input_digests (tenant, model, input, name, digest) VALUES ('alice', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', '', '7777777777777777777777777777777777777777777777777777777777777777');
INSERT INTO joint_inputs (tenant, model, joint, input) VALUES ('alice', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '6666666666666666666666666666666666666666666666666666666666666666', '7777777777777777777777777777777777777777777777777777777777777777');
INSERT INTO parameters (id, key) VALUES ('9999999999999999999999999999999999999999999999999999999999999999', 'ffff');
INSERT INTO agreements (tenant, digest, file, model, roles, not_after, created, revoked, reason) VALUES ('alice', '7777777777777777777777777777777777777777777777777777777777777777', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '["borrower","lender"]', 2000000000, 20, 30, 'over');
