package gingorm

import (
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"shop/cmd/shopbench/internal/yardstick"
)

var errConflict = errors.New("the state does not allow it")

func (d *database) addToCart(c *gin.Context) {
	user, ok := pathID(c)
	if !ok {
		return
	}
	var in yardstick.CartInput
	if err := c.ShouldBindJSON(&in); err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
		return
	}
	id, err := uuid.NewV7()
	if err != nil {
		refuse(c, err)
		return
	}
	item := CartItem{ID: id, UserID: user, ProductID: in.ProductID, Quantity: in.Quantity, Version: 1}
	err = d.writes.WithContext(c.Request.Context()).Omit("Product").Clauses(
		clause.OnConflict{
			Columns: []clause.Column{{Name: "user_id"}, {Name: "product_id"}},
			DoUpdates: clause.Assignments(map[string]any{
				"quantity":   gorm.Expr("cart_items.quantity + excluded.quantity"),
				"version":    gorm.Expr("cart_items.version + 1"),
				"updated_at": time.Now().UTC(),
			}),
		},
		clause.Returning{Columns: []clause.Column{{Name: "id"}, {Name: "quantity"}}},
	).Create(&item).Error
	if err != nil {
		refuse(c, err)
		return
	}
	c.JSON(http.StatusCreated, yardstick.CartItem{ID: item.ID, ProductID: item.ProductID, Quantity: item.Quantity})
}

func (d *database) emptyCart(c *gin.Context) {
	user, ok := pathID(c)
	if !ok {
		return
	}
	if err := d.writes.WithContext(c.Request.Context()).Where("user_id = ?", user).Delete(&CartItem{}).Error; err != nil {
		refuse(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

func (d *database) checkOut(c *gin.Context) {
	user, ok := pathID(c)
	if !ok {
		return
	}
	var invoice Invoice
	err := d.writes.WithContext(c.Request.Context()).Transaction(func(tx *gorm.DB) error {
		var items []CartItem
		err := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Preload("Product").
			Where("user_id = ?", user).Order("product_id").Find(&items).Error
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return errConflict
		}
		if invoice, err = invoiceOf(user, items); err != nil {
			return err
		}
		for _, item := range items {
			taken := tx.Model(&Product{}).Where("id = ? AND stock >= ?", item.ProductID, item.Quantity).
				Updates(map[string]any{
					"stock":   gorm.Expr("stock - ?", item.Quantity),
					"version": gorm.Expr("version + 1"),
				})
			if taken.Error != nil {
				return taken.Error
			}
			if taken.RowsAffected != 1 {
				return errConflict
			}
		}
		if err := sold(tx, &invoice); err != nil {
			return err
		}
		return tx.Where("user_id = ?", user).Delete(&CartItem{}).Error
	})
	if err != nil {
		refuse(c, err)
		return
	}
	c.JSON(http.StatusCreated, yardstick.CheckedOut{InvoiceID: invoice.ID})
}

func (d *database) pay(c *gin.Context) {
	id, ok := pathID(c)
	if !ok {
		return
	}
	var in yardstick.PayInput
	if err := c.ShouldBindJSON(&in); err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
		return
	}
	var invoice Invoice
	err := d.writes.WithContext(c.Request.Context()).Transaction(func(tx *gorm.DB) error {
		err := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Preload("Lines").First(&invoice, "id = ?", id).Error
		if err != nil {
			return err
		}
		if invoice.Status != "open" {
			return errConflict
		}
		paymentID, err := uuid.NewV7()
		if err != nil {
			return err
		}
		payment := Payment{
			ID: paymentID, InvoiceID: id, Method: in.PaymentMethod, Amount: invoice.Total, Currency: invoice.Currency,
		}
		if err := tx.Create(&payment).Error; err != nil {
			return err
		}
		err = tx.Model(&invoice).Updates(map[string]any{"status": "paid", "version": gorm.Expr("version + 1")}).Error
		if err != nil {
			return err
		}
		return paid(tx, invoice)
	})
	if err != nil {
		refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, yardstick.Invoice{
		ID: id, Status: "paid", Total: yardstick.Money{Amount: invoice.Total, Currency: invoice.Currency},
	})
}

func invoiceOf(user uuid.UUID, items []CartItem) (Invoice, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Invoice{}, err
	}
	invoice := Invoice{
		ID: id, UserID: user, Status: "open", Currency: items[0].Product.PriceCurrency, Version: 1,
		Lines: make([]InvoiceLine, len(items)),
	}
	for i, item := range items {
		lineID, err := uuid.NewV7()
		if err != nil {
			return Invoice{}, err
		}
		invoice.Lines[i] = InvoiceLine{
			ID: lineID, InvoiceID: id, ProductID: item.ProductID, Description: item.Product.Name,
			Quantity: item.Quantity, UnitPrice: item.Product.PriceAmount,
		}
		invoice.Total += item.Product.PriceAmount * item.Quantity
	}
	return invoice, nil
}
