-- What the page shows.

-- Graphs of uploaded models, without weights.
CREATE TABLE graphs (
    tenant TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    graph TEXT NOT NULL,
    PRIMARY KEY (tenant, sha256)
);

-- A tenant's jobs, newest first: identifiers grow with time.
CREATE INDEX jobs_by_tenant ON jobs (tenant, id);
