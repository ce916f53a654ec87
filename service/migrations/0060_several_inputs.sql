-- Models with several inputs. An upload is one of them by its name, which is empty where a model has one input.

-- Commitments to inputs, one per model, upload and input of the model.
CREATE TABLE openings_by_name (
    tenant TEXT NOT NULL,
    model TEXT NOT NULL,
    input TEXT NOT NULL,
    name TEXT NOT NULL,
    points TEXT NOT NULL, -- JSON list
    blob TEXT NOT NULL,   -- the secret opening
    created BIGINT NOT NULL,
    counted BIGINT NOT NULL,
    PRIMARY KEY (tenant, model, input, name)
);
INSERT INTO openings_by_name SELECT tenant, model, input, '', points, blob, created, counted FROM openings;
DROP TABLE openings;
ALTER TABLE openings_by_name RENAME TO openings;
CREATE INDEX openings_uncounted ON openings (tenant) WHERE counted = 0;
CREATE INDEX openings_by_input ON openings (tenant, input);
CREATE INDEX openings_by_blob ON openings (tenant, blob);

-- Digest of an uploaded input's integers under a model, as one of its inputs.
CREATE TABLE input_digests_by_name (
    tenant TEXT NOT NULL,
    model TEXT NOT NULL,
    input TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (tenant, model, input, name)
);
INSERT INTO input_digests_by_name SELECT tenant, model, input, '', digest FROM input_digests;
DROP TABLE input_digests;
ALTER TABLE input_digests_by_name RENAME TO input_digests;

-- What the ledger calls an input that is several: the bits count for each of them.
CREATE TABLE joint_inputs (
    tenant TEXT NOT NULL,
    model TEXT NOT NULL,
    joint TEXT NOT NULL, -- digest of names and digests, the input of accounts
    input TEXT NOT NULL, -- digest of the integers of one
    PRIMARY KEY (tenant, model, joint, input)
);
CREATE INDEX joint_inputs_by_input ON joint_inputs (tenant, input);
