INSERT INTO agreements (tenant, digest, file, model, roles, not_after, created, revoked, reason)
VALUES ('alice', '7777777777777777777777777777777777777777777777777777777777777777', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',
    'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', '["borrower","lender"]', 2000000000, 20, 30, 'over');
