INSERT INTO registry (tenant, name, version, model, status, reason, created, changed) VALUES
    ('alice', 'linear', 1, 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 'deprecated', 'there is a better one', 20, 21);
