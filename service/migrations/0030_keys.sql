-- Keys that end, and when they were used last. Publishing and governing were part of `commit`: keys keep what they could do.

ALTER TABLE keys ADD COLUMN expires BIGINT;
ALTER TABLE keys ADD COLUMN used BIGINT;

UPDATE keys SET scopes = scopes || ',publish,govern' WHERE ',' || scopes || ',' LIKE '%,commit,%';
