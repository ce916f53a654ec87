-- The service's truth. Plain types only, so that SQLite and PostgreSQL share this file: times are unix milliseconds,
-- digests are lower-case hexadecimal, flags are 0 or 1, documents are JSON text.

CREATE TABLE tenants (
    name TEXT PRIMARY KEY,
    created BIGINT NOT NULL,
    submitted BIGINT NOT NULL DEFAULT 0, -- jobs ever; its update serializes the submissions of a tenant
    stored BIGINT NOT NULL DEFAULT 0     -- bytes of uploads
);

CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (name),
    label TEXT NOT NULL,
    hash TEXT NOT NULL, -- SHA-256 of the secret, which has 256 random bits
    scopes TEXT NOT NULL, -- comma-separated
    created BIGINT NOT NULL,
    revoked BIGINT
);

CREATE TABLE uploads (
    tenant TEXT NOT NULL REFERENCES tenants (name),
    kind TEXT NOT NULL, -- model | input
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    summary TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (tenant, kind, sha256)
);

-- Committed models.
CREATE TABLE models (
    tenant TEXT NOT NULL REFERENCES tenants (name),
    id TEXT NOT NULL,
    source TEXT NOT NULL, -- SHA-256 of the ONNX file
    key_digest TEXT NOT NULL,
    srs_id TEXT NOT NULL,
    description TEXT NOT NULL,
    forecast TEXT NOT NULL,
    files TEXT NOT NULL, -- name -> SHA-256
    created BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX models_by_id ON models (id);
CREATE INDEX models_by_key ON models (key_digest);
CREATE INDEX models_by_srs ON models (srs_id);

-- Commitments to inputs, one per model and input: all receipts about an input show the same points.
CREATE TABLE openings (
    tenant TEXT NOT NULL,
    model TEXT NOT NULL,
    input TEXT NOT NULL,
    points TEXT NOT NULL, -- JSON list
    blob TEXT NOT NULL,   -- the secret opening
    created BIGINT NOT NULL,
    PRIMARY KEY (tenant, model, input)
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
);
-- At most one job per statement that is under way or done.
CREATE UNIQUE INDEX jobs_statement ON jobs (tenant, kind, statement) WHERE state NOT IN ('failed', 'cancelled', 'expired');
CREATE INDEX jobs_open ON jobs (state, lease_until) WHERE state IN ('queued', 'witness', 'proving', 'verifying');
CREATE INDEX jobs_changed ON jobs (changed);

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

-- Published receipts: at most one per statement.
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
CREATE UNIQUE INDEX receipts_by_job ON receipts (job);
