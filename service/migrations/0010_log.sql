-- The transparency log. The order of its entries is fixed here, before anything is derived from it; tiles and checkpoints
-- are functions of this table and can be made again.
CREATE TABLE log_entries (
    idx BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,   -- card | receipt
    digest TEXT NOT NULL, -- SHA-256 of the canonical bytes
    created BIGINT NOT NULL
);
CREATE INDEX log_entries_by_digest ON log_entries (digest);

-- One row.
CREATE TABLE log_head (
    id BIGINT PRIMARY KEY,
    entries BIGINT NOT NULL,  -- rows of log_entries; its update puts publications in order
    size BIGINT NOT NULL,     -- entries under the signed checkpoint
    checkpoint TEXT NOT NULL, -- the signed note, empty at first
    key TEXT NOT NULL         -- the log's public key, fixed by the first start
);
INSERT INTO log_head (id, entries, size, checkpoint, key) VALUES (1, 0, 0, '', '');
