INSERT INTO log_keys (key, checkpoint, ended) VALUES ('log.old+00000000+key', 'an older note', 25);
UPDATE log_head SET stopped = 'restored' WHERE id = 1;
