-- What may be removed.

-- When a job's result was. From then on the job does not stand for its statement.
ALTER TABLE jobs ADD COLUMN removed BIGINT;
DROP INDEX jobs_statement;
CREATE UNIQUE INDEX jobs_statement ON jobs (tenant, kind, statement)
    WHERE state NOT IN ('failed', 'cancelled', 'expired') AND removed IS NULL;

CREATE INDEX openings_by_input ON openings (tenant, input);
