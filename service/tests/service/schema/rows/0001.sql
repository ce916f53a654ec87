INSERT INTO tenants (name, created, submitted, stored) VALUES ('alice', 1, 6, 300), ('bob', 2, 0, 0);
INSERT INTO keys (id, tenant, label, hash, scopes, created, revoked) VALUES
    ('key-1', 'alice', 'it''s hers', '1111111111111111111111111111111111111111111111111111111111111111', 'read,upload,commit,prove', 1, NULL),
    ('key-2', 'bob', '', '2222222222222222222222222222222222222222222222222222222222222222', 'read', 2, 3);
INSERT INTO uploads (tenant, kind, sha256, bytes, summary, created) VALUES
    ('alice', 'model', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 200, '{"nodes":3}', 3),
    ('alice', 'input', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 100, '{"shape":[30]}', 4);
INSERT INTO models (tenant, id, source, key_digest, srs_id, description, forecast, files, created) VALUES
    ('alice', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', '{"input":"committed"}', '{"cpu_seconds":1.5}', '{"card.bin":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}', 5);
INSERT INTO openings (tenant, model, input, points, blob, created) VALUES ('alice', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', '["point"]', '0000000000000000000000000000000000000000000000000000000000000000', 6);
INSERT INTO jobs (id, tenant, kind, statement, request, priority, not_after, state, stage, attempt, token, owner, lease_until, pushed, task, forecast,
    created, started, finished, changed, seq, peak_bytes, cpu_ms, result, error) VALUES
    ('job-1', 'alice', 'commit', 's1', '{"calibration":"x"}', 0, NULL, 'done', 'verify', 1, 1, 'worker', NULL, 7, 'task-1', '{}', 7, 8, 9, 9, 2, 1000, 20, '{"model_id":"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"}', NULL),
    ('job-2', 'alice', 'proof', 's2', '{"policy":"label"}', 0, NULL, 'done', 'verify', 2, 2, 'worker', NULL, 10, 'task-2', '{}', 10, 11, 12, 12, 1, 1000, 30, '{}', NULL),
    ('job-3', 'alice', 'proof', 's3', '{"policy":"label"}', 5, 9000000000000, 'queued', 'queued', 0, 0, NULL, NULL, 13, 'task-3', '{}', 13, NULL, NULL, 13, 0, NULL, NULL, NULL, NULL),
    ('job-4', 'alice', 'proof', 's4', '{"policy":"scores"}', 0, NULL, 'proving', 'proof', 1, 1, 'worker', 15, 14, 'task-4', '{}', 14, 14, NULL, 14, 1, NULL, NULL, NULL, NULL),
    ('job-5', 'alice', 'proof', 's5', '{"policy":"label"}', 0, NULL, 'failed', 'witness', 1, 1, 'worker', NULL, 16, 'task-5', '{}', 16, 16, 17, 17, 1, NULL, NULL, NULL,
        '{"type":"urn:provenn:error:x","title":"x","status":422,"detail":"out of range","code":"x"}'),
    ('job-6', 'alice', 'opening', 's6', '{}', 0, 19, 'expired', 'queued', 0, 0, NULL, NULL, 18, 'task-6', '{}', 18, NULL, 19, 19, 0, NULL, NULL, NULL, NULL);
INSERT INTO events (job, seq, at, body) VALUES
    ('job-1', 1, 8, '{"state":"proving","stage":"commit"}'), ('job-1', 2, 9, '{"state":"done","stage":"verify"}'),
    ('job-2', 1, 12, '{"state":"done","stage":"verify"}'), ('job-4', 1, 14, '{"state":"proving","stage":"proof"}'),
    ('job-5', 1, 17, '{"state":"failed","stage":"witness"}');
INSERT INTO idempotency (tenant, key, body, job, created) VALUES ('alice', 'once', '9999999999999999999999999999999999999999999999999999999999999999', 'job-2', 10);
INSERT INTO receipts (tenant, statement, job, model, blob, bytes, created) VALUES ('alice', 's2', 'job-2', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '8888888888888888888888888888888888888888888888888888888888888888', 5000, 12);
