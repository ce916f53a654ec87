-- Why the log signs nothing, and the keys that it had before.

ALTER TABLE log_head ADD COLUMN stopped TEXT NOT NULL DEFAULT ''; -- restored | behind | contradicted, empty while it signs

CREATE TABLE log_keys (
    key TEXT PRIMARY KEY,
    checkpoint TEXT NOT NULL, -- the newest note that it is known to have signed, empty if there is none
    ended BIGINT NOT NULL
);
