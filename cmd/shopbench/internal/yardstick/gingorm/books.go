package gingorm

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"shop/cmd/shopbench/internal/yardstick"
)

// sold gives an invoice its number and stores it and what follows from it.
func sold(tx *gorm.DB, invoice *Invoice) error {
	var series DocumentSeries
	err := tx.Model(&series).Clauses(clause.Returning{}).Where("series = ?", "invoices").Update("last", gorm.Expr("last + 1")).Error
	if err != nil {
		return err
	}
	invoice.Number = series.Last
	if err := tx.Create(invoice).Error; err != nil {
		return err
	}
	now := time.Now().UTC()
	movements := make([]StockMovement, len(invoice.Lines))
	for i, l := range invoice.Lines {
		movements[i] = StockMovement{ID: uuid.Must(uuid.NewV7()), ProductID: l.ProductID, Delta: -l.Quantity, InvoiceID: invoice.ID, At: now}
	}
	if err := tx.Create(&movements).Error; err != nil {
		return err
	}
	money := MoneyMovement{ID: uuid.Must(uuid.NewV7()), InvoiceID: invoice.ID, Receivable: invoice.Total, At: now}
	if err := tx.Create(&money).Error; err != nil {
		return err
	}
	return tell(tx, *invoice, "Invoice", "checked_out", now)
}

// orderLine is a line of an order as its row keeps it.
type orderLine struct {
	ProductID   uuid.UUID `json:"product_id"`
	Description string    `json:"description"`
	Quantity    int64     `json:"quantity"`
}

// paid stores what follows from a payment.
func paid(tx *gorm.DB, invoice Invoice) error {
	now := time.Now().UTC()
	charge := Charge{
		ID: uuid.Must(uuid.NewV7()), InvoiceID: invoice.ID, Amount: invoice.Total, Currency: invoice.Currency, Outcome: "succeeded",
	}
	if err := tx.Create(&charge).Error; err != nil {
		return err
	}
	money := MoneyMovement{ID: uuid.Must(uuid.NewV7()), InvoiceID: invoice.ID, Receivable: -invoice.Total, Cash: invoice.Total, At: now}
	if err := tx.Create(&money).Error; err != nil {
		return err
	}
	ordered := make([]orderLine, len(invoice.Lines))
	for i, l := range invoice.Lines {
		ordered[i] = orderLine{l.ProductID, l.Description, l.Quantity}
	}
	lines, err := json.Marshal(ordered)
	if err != nil {
		return err
	}
	order := Order{
		ID: uuid.Must(uuid.NewV7()), InvoiceID: invoice.ID, UserID: invoice.UserID, State: "paid", Lines: lines,
		Total: invoice.Total, Currency: invoice.Currency,
	}
	if err := tx.Create(&order).Error; err != nil {
		return err
	}
	return tell(tx, invoice, "Receipt", "paid", now)
}

// tell writes the e-mail and the statistics.
func tell(tx *gorm.DB, invoice Invoice, subject, action string, now time.Time) error {
	email := Email{ID: uuid.Must(uuid.NewV7()), UserID: invoice.UserID, Subject: subject, Status: "queued"}
	email.TextBody, email.HTMLBody = yardstick.Letter(subject, invoice.Number, yardstick.Money{Amount: invoice.Total, Currency: invoice.Currency})
	if err := tx.Create(&email).Error; err != nil {
		return err
	}
	data, err := json.Marshal(map[string]any{"invoice_id": invoice.ID})
	if err != nil {
		return err
	}
	entry := LogEntry{ID: uuid.Must(uuid.NewV7()), UserID: invoice.UserID, Action: action, Data: data, At: now}
	if err := tx.Create(&entry).Error; err != nil {
		return err
	}
	return tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "hour"}, {Name: "action"}},
		DoUpdates: clause.Assignments(map[string]any{"entries": gorm.Expr("log_hours.entries + 1")}),
	}).Create(&LogHour{Hour: now.Truncate(time.Hour), Action: action, Entries: 1}).Error
}
