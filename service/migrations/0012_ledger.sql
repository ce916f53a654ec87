-- What receipts let out: one row per proof job and key that asked for it, written when it asks. It counts as reserved while the job is under way, as
-- settled once it is done and not at all if it failed, was cancelled or expired; so there is nothing to settle or release.
CREATE TABLE ledger (
    job TEXT NOT NULL REFERENCES jobs (id),
    tenant TEXT NOT NULL,
    model TEXT NOT NULL,
    input TEXT NOT NULL,     -- digest of the input's integers
    requester TEXT NOT NULL, -- id of the key that asked
    policy TEXT NOT NULL,
    microbits BIGINT NOT NULL,
    again BIGINT NOT NULL, -- 1: another key had asked before; the model and the input are charged once
    PRIMARY KEY (job, requester)
);
CREATE INDEX ledger_by_model ON ledger (tenant, model, input);
CREATE INDEX ledger_by_requester ON ledger (tenant, requester, model);

CREATE TABLE budgets (
    tenant TEXT NOT NULL REFERENCES tenants (name),
    scope TEXT NOT NULL,     -- model | input | requester: all of a model's receipts, those of each input, of each requester;
    subject TEXT NOT NULL,   -- the model; or key: all receipts of a key, which is the subject
    microbits BIGINT NOT NULL,
    PRIMARY KEY (tenant, scope, subject)
);

-- Digest of an uploaded input's integers under a model: equal for all files that say the same.
CREATE TABLE input_digests (
    tenant TEXT NOT NULL,
    model TEXT NOT NULL,
    input TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (tenant, model, input)
);
