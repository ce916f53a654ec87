-- Published models: versions under a name.
CREATE TABLE registry (
    tenant TEXT NOT NULL REFERENCES tenants (name),
    name TEXT NOT NULL,
    version BIGINT NOT NULL, -- from 1
    model TEXT NOT NULL,
    status TEXT NOT NULL,    -- active | deprecated | revoked
    reason TEXT NOT NULL,
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    PRIMARY KEY (tenant, name, version)
);
CREATE UNIQUE INDEX registry_by_model ON registry (tenant, model);
CREATE INDEX registry_by_id ON registry (model);
