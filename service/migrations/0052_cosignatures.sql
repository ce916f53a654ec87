-- Cosignatures of known witnesses on the log's checkpoints.
CREATE TABLE cosignatures (
    log TEXT NOT NULL,     -- the log's key
    size BIGINT NOT NULL,  -- entries under the checkpoint
    witness TEXT NOT NULL, -- the witness's key
    note TEXT NOT NULL,    -- the checkpoint, signed by the log alone
    line TEXT NOT NULL,    -- the witness's signature
    PRIMARY KEY (log, size, witness)
);
