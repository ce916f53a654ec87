INSERT INTO cosignatures (log, size, witness, note, line) VALUES ('log.new+00000000+key', 1, 'witness+00000000+key', 'a note', 'a line');
