-- Whose turn it is. Conditions of partial indexes are repeated by the queries word for word.

CREATE INDEX jobs_turn ON jobs (tenant, priority DESC, id) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (tenant) WHERE state IN ('witness', 'proving', 'verifying');
CREATE INDEX jobs_task ON jobs (task) WHERE state = 'queued';

-- Apart from tenants, whose rows submissions lock.
CREATE TABLE turns (
    tenant TEXT PRIMARY KEY REFERENCES tenants (name),
    served BIGINT NOT NULL -- grows with each job that is begun: who was served longest ago has the least
);
