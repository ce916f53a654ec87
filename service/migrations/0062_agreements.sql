-- Agreements that receipts are made under. The file is an upload.
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
CREATE INDEX agreements_by_digest ON agreements (digest);
CREATE INDEX agreements_by_age ON agreements (tenant, created);
