INSERT INTO ledger (job, tenant, model, input, requester, policy, microbits, again) VALUES
    ('job-2', 'alice', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '7777777777777777777777777777777777777777777777777777777777777777', 'key-1', 'label', 1000000, 0),
    ('job-3', 'alice', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '7777777777777777777777777777777777777777777777777777777777777777', 'key-1', 'label', 1000000, 0),
    ('job-5', 'alice', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '7777777777777777777777777777777777777777777777777777777777777777', 'key-1', 'label', 1000000, 0);
INSERT INTO budgets (tenant, scope, subject, microbits) VALUES ('alice', 'model', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 50000000);
INSERT INTO input_digests (tenant, model, input, digest) VALUES ('alice', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', '7777777777777777777777777777777777777777777777777777777777777777');
