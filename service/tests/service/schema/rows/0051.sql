INSERT INTO identity (one, id, marked) VALUES (1, 'the-first', 1);
