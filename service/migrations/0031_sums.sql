-- Running sums of the ledger, changed in the transactions that change what they sum: asking for a receipt takes as long with a million jobs as with none.

-- reserved: the job is under way; spent: it was begun and ended, or its receipt is published; released: it ended before anybody began it, or
-- by a fault of the service. What ended without a receipt before this was written counts as released.
ALTER TABLE ledger ADD COLUMN state TEXT NOT NULL DEFAULT 'reserved';

UPDATE ledger SET state = CASE (SELECT state FROM jobs j WHERE j.id = ledger.job)
    WHEN 'done' THEN 'spent' WHEN 'failed' THEN 'released' WHEN 'cancelled' THEN 'released' WHEN 'expired' THEN 'released' ELSE 'reserved' END;

-- What counts against budgets: reserved and spent.
CREATE TABLE spent (
    tenant TEXT NOT NULL,
    scope TEXT NOT NULL,   -- as in budgets
    subject TEXT NOT NULL, -- the model, or the key
    part TEXT NOT NULL,    -- the input or the key of scopes that have one for each, else empty
    microbits BIGINT NOT NULL,
    PRIMARY KEY (tenant, scope, subject, part)
);

INSERT INTO spent SELECT tenant, 'model', model, '', SUM(microbits) FROM ledger WHERE state <> 'released' AND again = 0 GROUP BY tenant, model;
INSERT INTO spent SELECT tenant, 'input', model, input, SUM(microbits) FROM ledger WHERE state <> 'released' AND again = 0 GROUP BY tenant, model, input;
INSERT INTO spent SELECT tenant, 'requester', model, requester, SUM(microbits) FROM ledger WHERE state <> 'released' GROUP BY tenant, model, requester;
INSERT INTO spent SELECT tenant, 'key', requester, '', SUM(microbits) FROM ledger WHERE state <> 'released' GROUP BY tenant, requester;

CREATE TABLE accounts (
    tenant TEXT NOT NULL,
    model TEXT NOT NULL,
    input TEXT NOT NULL,
    requester TEXT NOT NULL,
    policy TEXT NOT NULL,
    receipts BIGINT NOT NULL,       -- published
    settled BIGINT NOT NULL,        -- millionths of a bit of what ended
    reserved BIGINT NOT NULL,       -- of what is under way
    settled_first BIGINT NOT NULL,  -- those of settled and reserved that no other key was charged with before
    reserved_first BIGINT NOT NULL,
    PRIMARY KEY (tenant, model, input, requester, policy)
);
CREATE INDEX accounts_by_input ON accounts (tenant, input);
CREATE INDEX accounts_by_requester ON accounts (tenant, requester);

INSERT INTO accounts
    SELECT tenant, model, input, requester, policy, SUM(CASE WHEN state = 'spent' THEN 1 ELSE 0 END),
        SUM(CASE WHEN state = 'spent' THEN microbits ELSE 0 END), SUM(CASE WHEN state = 'reserved' THEN microbits ELSE 0 END),
        SUM(CASE WHEN state = 'spent' AND again = 0 THEN microbits ELSE 0 END), SUM(CASE WHEN state = 'reserved' AND again = 0 THEN microbits ELSE 0 END)
    FROM ledger WHERE state <> 'released' GROUP BY tenant, model, input, requester, policy;

-- Conditions of partial indexes are repeated by the queries word for word: each sweep looked at all jobs.
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state IN ('witness', 'proving', 'verifying');
CREATE INDEX jobs_queued ON jobs (pushed) WHERE state = 'queued';
CREATE INDEX jobs_ending ON jobs (not_after) WHERE state IN ('queued', 'witness', 'proving', 'verifying') AND not_after IS NOT NULL;
CREATE INDEX jobs_open_by_tenant ON jobs (tenant) WHERE state IN ('queued', 'witness', 'proving', 'verifying');
CREATE INDEX idempotency_by_age ON idempotency (created);
