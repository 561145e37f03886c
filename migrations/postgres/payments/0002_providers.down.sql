DROP TABLE webhooks;
DROP TABLE sandbox_refunds;
ALTER TABLE sandbox_charges DROP COLUMN refunded;
