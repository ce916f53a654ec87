-- What age removes. Entries of the ledger and of the log stay: the ledger does not refer to jobs any more.

CREATE TABLE ledger_kept (
    job TEXT NOT NULL, -- may be removed
    tenant TEXT NOT NULL,
    model TEXT NOT NULL,
    input TEXT NOT NULL,
    requester TEXT NOT NULL,
    policy TEXT NOT NULL,
    microbits BIGINT NOT NULL,
    again BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT 'reserved',
    PRIMARY KEY (job, requester)
);
INSERT INTO ledger_kept SELECT job, tenant, model, input, requester, policy, microbits, again, state FROM ledger;
DROP TABLE ledger;
ALTER TABLE ledger_kept RENAME TO ledger;
CREATE INDEX ledger_by_model ON ledger (tenant, model, input);
CREATE INDEX ledger_by_requester ON ledger (tenant, requester, model);

CREATE INDEX inputs_by_age ON uploads (created) WHERE kind = 'input';
CREATE INDEX receipts_by_age ON receipts (created);
CREATE INDEX receipts_of_tenant_by_age ON receipts (tenant, created);
CREATE INDEX idempotency_by_job ON idempotency (job);
-- A proof stays while its receipt does. Conditions of partial indexes are repeated by the queries word for word.
CREATE INDEX jobs_ended ON jobs (finished) WHERE finished IS NOT NULL AND (kind <> 'proof' OR state <> 'done' OR removed IS NOT NULL);
