package gingorm

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"shop/cmd/shopbench/internal/dataset"
	"shop/cmd/shopbench/internal/yardstick"
)

// Fill creates the tables in an empty database and loads the products.
func Fill(ctx context.Context, options yardstick.Options, products []dataset.Product) (err error) {
	db, err := open(options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	return db.load(ctx, products)
}

// Serve answers from a filled database until ctx ends.
func Serve(ctx context.Context, options yardstick.Options) (err error) {
	db, err := open(options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	return options.Serve(ctx, routes(db))
}

func routes(db *database) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.GET("/", func(c *gin.Context) { c.Status(http.StatusOK) })
	router.GET("/product/:id", db.getProduct)
	router.GET("/products/", db.listProducts)
	router.POST("/user/:id/cart/", db.addToCart)
	router.DELETE("/user/:id/cart/", db.emptyCart)
	router.POST("/user/:id/checkout", db.checkOut)
	router.POST("/invoices/:id/pay", db.pay)
	router.POST("/log", db.log)
	return router
}

func (d *database) getProduct(c *gin.Context) {
	id, ok := pathID(c)
	if !ok {
		return
	}
	var product Product
	if err := d.reads.WithContext(c.Request.Context()).First(&product, "id = ?", id).Error; err != nil {
		refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, product.wire())
}

func (d *database) listProducts(c *gin.Context) {
	var rows []Product
	query := d.reads.WithContext(c.Request.Context()).Limit(yardstick.PageSize)
	q := c.Query("q")
	switch {
	case q != "" && d.onPostgres:
		query = query.Where("search @@ websearch_to_tsquery('simple', ?)", q).
			Clauses(clause.OrderBy{Expression: clause.Expr{
				SQL: "ts_rank(search, websearch_to_tsquery('simple', ?)) DESC, id", Vars: []any{q},
			}})
	case q != "":
		query = query.Joins("JOIN products_search ON products_search.rowid = products.rowid").
			Where("products_search MATCH ?", q).Order("products_search.rank")
	default:
		query = query.Order("id")
		if cursor := c.Query("cursor"); cursor != "" {
			after, err := uuid.Parse(cursor)
			if err != nil {
				c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
				return
			}
			query = query.Where("id > ?", after)
		}
	}
	if err := query.Find(&rows).Error; err != nil {
		refuse(c, err)
		return
	}
	products := make([]yardstick.Product, len(rows))
	for i, row := range rows {
		products[i] = row.wire()
	}
	if q != "" {
		c.JSON(http.StatusOK, yardstick.Page{Items: products})
		return
	}
	c.JSON(http.StatusOK, yardstick.PageOf(products))
}

func (d *database) log(c *gin.Context) {
	raw, err := io.ReadAll(c.Request.Body)
	if err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
		return
	}
	entries, err := yardstick.ParseLog(raw)
	if err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
		return
	}
	rows := make([]LogEntry, len(entries))
	for i, e := range entries {
		id, err := uuid.NewV7()
		if err != nil {
			refuse(c, err)
			return
		}
		rows[i] = LogEntry{ID: id, UserID: e.UserID, Action: e.Action, Data: e.Data, At: e.At.UTC()}
	}
	if err := d.writes.WithContext(c.Request.Context()).Create(&rows).Error; err != nil {
		refuse(c, err)
		return
	}
	c.JSON(http.StatusCreated, yardstick.Logged{Count: len(rows)})
}

func pathID(c *gin.Context) (uuid.UUID, bool) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
	}
	return id, err == nil
}

func refuse(c *gin.Context, err error) {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		status = http.StatusNotFound
	case errors.Is(err, errConflict):
		status = http.StatusConflict
	}
	c.JSON(status, gin.H{"error": err.Error()})
}
