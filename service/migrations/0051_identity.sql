-- The database's id, of which the object store keeps a copy: one that is empty, or another database's, is told by it.
CREATE TABLE identity (
    one BIGINT PRIMARY KEY, -- 1: there is one row
    id TEXT NOT NULL,
    marked BIGINT NOT NULL  -- 1: the object store has had the copy
);
