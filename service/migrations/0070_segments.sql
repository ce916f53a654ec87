-- The segments of a proof are jobs of their own, which any worker takes: their rows are there while the proof is under way. Workers take what
-- they know.

-- What a worker has to know to do it: it takes no job of a higher level.
ALTER TABLE jobs ADD COLUMN level BIGINT NOT NULL DEFAULT 1;
ALTER TABLE jobs ADD COLUMN whole TEXT; -- of a segment: the proof that it is a part of
ALTER TABLE jobs ADD COLUMN parts BIGINT NOT NULL DEFAULT 0; -- of a proof whose model was run: its segments,
ALTER TABLE jobs ADD COLUMN parts_done BIGINT NOT NULL DEFAULT 0; -- and those that are proven
ALTER TABLE jobs ADD COLUMN blob TEXT; -- while it is under way: the secret run of such a proof, the piece that a segment made

CREATE INDEX jobs_parts ON jobs (whole) WHERE whole IS NOT NULL;
CREATE INDEX jobs_blobs ON jobs (tenant, blob) WHERE blob IS NOT NULL;

-- Counts of jobs leave segments out, turns those that nobody has.
DROP INDEX jobs_open_by_tenant;
CREATE INDEX jobs_open_by_tenant ON jobs (tenant, whole) WHERE state IN ('queued', 'witness', 'proving', 'verifying');
DROP INDEX jobs_running;
CREATE INDEX jobs_running ON jobs (tenant) WHERE state IN ('witness', 'proving', 'verifying') AND owner IS NOT NULL;
