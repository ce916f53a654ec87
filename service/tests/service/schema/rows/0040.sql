INSERT INTO reservations (id, tenant, kind, sha256, bytes, owner, ends) VALUES
    ('room-1', 'alice', 'input', '7777777777777777777777777777777777777777777777777777777777777777', 50, 'process-1', 9000000000000);
UPDATE tenants SET reserved = 50 WHERE name = 'alice';
