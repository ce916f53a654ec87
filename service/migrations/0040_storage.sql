-- One count of a tenant's bytes: `stored` is the sum of its objects, `reserved` that of its reservations. Both change in the
-- transactions that change what they sum.

ALTER TABLE tenants ADD COLUMN reserved BIGINT NOT NULL DEFAULT 0;

-- Objects in the store.
CREATE TABLE objects (
    tenant TEXT NOT NULL REFERENCES tenants (name),
    kind TEXT NOT NULL,    -- model | input | private | receipt
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    named BIGINT NOT NULL, -- rows that name it; at 0 it is removed next, and counts until then
    PRIMARY KEY (tenant, kind, sha256)
);
CREATE INDEX objects_unnamed ON objects (tenant) WHERE named = 0;

INSERT INTO objects SELECT tenant, kind, sha256, bytes, 1 FROM uploads;
INSERT INTO objects SELECT tenant, 'receipt', blob, MAX(bytes), COUNT(*) FROM receipts GROUP BY tenant, blob;
UPDATE tenants SET stored = (SELECT COALESCE(SUM(bytes), 0) FROM objects WHERE objects.tenant = tenants.name);

-- Sizes of the files of committed models and of openings are not known here: the service asks the object store for them and counts.
ALTER TABLE models ADD COLUMN counted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE openings ADD COLUMN counted BIGINT NOT NULL DEFAULT 0;
CREATE INDEX models_uncounted ON models (tenant) WHERE counted = 0;
CREATE INDEX openings_uncounted ON openings (tenant) WHERE counted = 0;

-- Bytes that are being received or made. An object that one names is not removed. A process prolongs its own; those of a process
-- that died end.
CREATE TABLE reservations (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (name),
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    owner TEXT NOT NULL,
    ends BIGINT NOT NULL
);
CREATE INDEX reservations_by_object ON reservations (tenant, kind, sha256);
CREATE INDEX reservations_by_owner ON reservations (owner);
CREATE INDEX reservations_by_end ON reservations (ends);
