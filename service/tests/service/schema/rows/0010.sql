INSERT INTO log_entries (idx, kind, digest, created) VALUES (0, 'card', 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', 9), (1, 'receipt', '8888888888888888888888888888888888888888888888888888888888888888', 12);
UPDATE log_head SET entries = 2, size = 1, checkpoint = 'a note', key = 'log.test+00000000+key' WHERE id = 1;
