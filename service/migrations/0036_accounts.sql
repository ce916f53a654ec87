-- Accounts of an input or a key in the order of the list, so that a page of them needs no sorting.
DROP INDEX accounts_by_input;
DROP INDEX accounts_by_requester;
CREATE INDEX accounts_by_input ON accounts (tenant, input, model, requester, policy);
CREATE INDEX accounts_by_requester ON accounts (tenant, requester, model, input, policy);
