-- Receipts of colourings. No model stands for their parameters.

-- Verifier's parts of parameters.
CREATE TABLE parameters (
    id TEXT PRIMARY KEY, -- SRS id, as in a claim
    key TEXT NOT NULL    -- the bytes of srs.vk in hexadecimal
);

-- What made a receipt stays while that does. Conditions of partial indexes are repeated by the queries word for word.
DROP INDEX jobs_ended;
CREATE INDEX jobs_ended ON jobs (finished)
    WHERE finished IS NOT NULL AND (kind NOT IN ('proof', 'colouring') OR state <> 'done' OR removed IS NOT NULL);
