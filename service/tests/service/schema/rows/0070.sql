-- A proof in two segments, of which one is proven. The other waits for a worker of a later version.
INSERT INTO jobs (id, tenant, kind, statement, request, priority, state, stage, token, pushed, task, forecast, created, changed, seq, parts, parts_done, blob)
VALUES ('job-7', 'bob', 'proof', 's7', '{}', 5, 'proving', 'segments', 2, 40, 'task-7', 'null', 40, 40, 0, 2, 1, '8888888888888888888888888888888888888888888888888888888888888888');
INSERT INTO jobs (id, tenant, kind, statement, request, priority, state, stage, token, pushed, task, forecast, created, changed, level, whole, blob)
VALUES ('job-7.01', 'bob', 'segment', 's7-1', '{}', 5, 'done', 'done', 1, 40, 'task-7-1', 'null', 40, 41, 2, 'job-7', '9999999999999999999999999999999999999999999999999999999999999999'),
    ('job-7.02', 'bob', 'segment', 's7-2', '{}', 5, 'queued', 'queued', 0, 1000, 'task-7-2', 'null', 40, 40, 99, 'job-7', NULL);
