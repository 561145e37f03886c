DROP TABLE money_movements;
DROP TABLE credit_notes;
DROP TRIGGER payments_charged ON payments;
DROP TRIGGER invoices_issued ON invoices;
DROP TRIGGER invoices_issued_later ON invoices;
DROP TRIGGER invoices_voided ON invoices;
DROP TRIGGER invoices_written_off ON invoices;
DROP TRIGGER invoices_number ON invoices;
DROP TRIGGER invoices_kept ON invoices;
DROP TRIGGER invoices_begin ON invoices;
DROP TRIGGER invoices_transition ON invoices;
DROP TRIGGER invoices_snapshot ON invoices;
DROP FUNCTION enter_refund();
DROP FUNCTION enter_charge();
DROP FUNCTION enter_invoice();
DROP FUNCTION number_document();
DROP TABLE document_series;

ALTER TABLE invoice_lines
    DROP CONSTRAINT invoice_lines_unit_price_check,
    DROP CONSTRAINT invoice_lines_line_total_check,
    ADD CONSTRAINT invoice_lines_unit_price_check CHECK (unit_price >= 0),
    ADD CONSTRAINT invoice_lines_line_total_check CHECK (line_total >= 0),
    DROP COLUMN kind;
ALTER TABLE invoices
    DROP CONSTRAINT invoices_draft_check,
    DROP CONSTRAINT invoices_refunded_check,
    DROP CONSTRAINT invoices_status_check,
    DROP CONSTRAINT invoices_paid_at_check,
    ADD CONSTRAINT invoices_status_check CHECK (status IN ('open', 'paying', 'paid', 'void')),
    ADD CONSTRAINT invoices_paid_at_check CHECK ((status = 'paid') = (paid_at IS NOT NULL)),
    DROP COLUMN series,
    DROP COLUMN number,
    DROP COLUMN reference,
    DROP COLUMN buyer,
    DROP COLUMN ship_to,
    DROP COLUMN tax_rate,
    DROP COLUMN tax_included,
    DROP COLUMN tax_amount,
    DROP COLUMN discount,
    DROP COLUMN shipping,
    DROP COLUMN refunded,
    DROP COLUMN refunding,
    DROP COLUMN pay_until,
    DROP COLUMN opened_at,
    DROP COLUMN voided_at;

CREATE TRIGGER invoices_begin BEFORE INSERT ON invoices FOR EACH ROW
    WHEN (NEW.status <> 'open')
    EXECUTE FUNCTION refuse_change('an invoice begins as open');
CREATE TRIGGER invoices_transition BEFORE UPDATE ON invoices FOR EACH ROW
    WHEN (NEW.status <> OLD.status AND OLD.status || ' > ' || NEW.status NOT IN (
        'open > paying', 'paying > open', 'paying > paid', 'open > void'))
    EXECUTE FUNCTION refuse_change('an invoice may not change its status so');
CREATE TRIGGER invoices_snapshot BEFORE UPDATE ON invoices FOR EACH ROW
    WHEN (NEW.id <> OLD.id OR NEW.user_id <> OLD.user_id OR NEW.currency <> OLD.currency OR NEW.total <> OLD.total)
    EXECUTE FUNCTION refuse_change('an invoice may not change what it is for');
