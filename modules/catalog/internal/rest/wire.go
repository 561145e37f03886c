// Package rest is the catalog's HTTP face.
package rest

import (
	"time"

	"shop/modules/catalog"
	"shop/platform/id"
	"shop/platform/money"
)

// Price is an amount of money on the wire.
type Price struct {
	Amount   int64  `json:"amount" minimum:"0" maximum:"1000000000000" doc:"Minor units: cents for EUR." example:"1999"`
	Currency string `json:"currency" minLength:"3" maxLength:"3" pattern:"^[A-Z]{3}$" doc:"ISO 4217." example:"EUR"`
}

// NewProduct is the body of a create.
type NewProduct struct {
	SKU         string            `json:"sku" minLength:"1" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"printable ASCII without spaces" doc:"Your own number of the product, unique." example:"MUG-BLUE-300"`
	Name        string            `json:"name" minLength:"1" maxLength:"200" example:"Blue mug"`
	Description string            `json:"description,omitempty" maxLength:"20000" example:"Holds 300 ml and survives the dishwasher."`
	Price       Price             `json:"price"`
	Stock       int64             `json:"stock,omitempty" minimum:"0" maximum:"1000000000" doc:"How many can be bought." example:"120"`
	Category    string            `json:"category,omitempty" maxLength:"100" example:"Kitchen"`
	Attributes  map[string]string `json:"attributes,omitempty" nullable:"false" doc:"Whatever else describes the product; at most 50." example:"{\"colour\":\"blue\"}"`
	Images      []string          `json:"images,omitempty" maxItems:"20" nullable:"false" doc:"URLs." example:"[\"https://img.example.com/mug-blue.jpg\"]"`
}

// ChangedProduct is the body of a change: what is left out stays.
type ChangedProduct struct {
	SKU         *string            `json:"sku,omitempty" minLength:"1" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"printable ASCII without spaces" example:"MUG-BLUE-300"`
	Name        *string            `json:"name,omitempty" minLength:"1" maxLength:"200" example:"Blue mug"`
	Description *string            `json:"description,omitempty" maxLength:"20000" example:"Holds 300 ml."`
	Price       *Price             `json:"price,omitempty"`
	Stock       *int64             `json:"stock,omitempty" minimum:"0" maximum:"1000000000" doc:"How many can be bought, counted anew." example:"120"`
	Category    *string            `json:"category,omitempty" maxLength:"100" example:"Kitchen"`
	Attributes  *map[string]string `json:"attributes,omitempty" doc:"Replaces all attributes." example:"{\"colour\":\"blue\"}"`
	Images      *[]string          `json:"images,omitempty" maxItems:"20" doc:"Replaces all images." example:"[\"https://img.example.com/mug-blue.jpg\"]"`
}

// Product is a product as it is answered.
type Product struct {
	ID          id.Product        `json:"id" example:"prod_01h455vb4pex5vsknk084sn02q"`
	SKU         string            `json:"sku" example:"MUG-BLUE-300"`
	Name        string            `json:"name" example:"Blue mug"`
	Description string            `json:"description" example:"Holds 300 ml and survives the dishwasher."`
	Price       Price             `json:"price"`
	Stock       int64             `json:"stock" doc:"How many can still be bought." example:"120"`
	Category    string            `json:"category" example:"Kitchen"`
	Attributes  map[string]string `json:"attributes" nullable:"false" example:"{\"colour\":\"blue\"}"`
	Images      []string          `json:"images" nullable:"false" example:"[\"https://img.example.com/mug-blue.jpg\"]"`
	Version     int64             `json:"version" doc:"Counts changes by administrators." example:"1"`
	Revision    int64             `json:"revision" doc:"Counts every change, those of the stock included." example:"1"`
	CreatedAt   time.Time         `json:"created_at" example:"2026-11-02T09:30:00.000000Z"`
	UpdatedAt   time.Time         `json:"updated_at" example:"2026-11-02T09:30:00.000000Z"`
	DeletedAt   *time.Time        `json:"deleted_at,omitempty" doc:"When it was taken off sale; missing while it is on sale." example:"2026-12-24T18:00:00.000000Z"`
}

// Category is a category and how many products it has.
type Category struct {
	Name  string `json:"name" example:"Kitchen"`
	Count int64  `json:"count" example:"12"`
}

func priceOf(a money.Amount) Price { return Price{Amount: a.Minor, Currency: string(a.Currency)} }

func (p Price) value() money.Amount { return money.Of(p.Amount, money.Currency(p.Currency)) }

func productOf(p catalog.Product) Product {
	wire := Product{
		ID: p.ID, SKU: p.SKU, Name: p.Name, Description: p.Description, Price: priceOf(p.Price),
		Stock: p.Stock, Category: p.Category, Attributes: p.Attributes, Images: p.Images,
		Version: p.Version, Revision: p.Revision, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}
	if wire.Attributes == nil {
		wire.Attributes = map[string]string{}
	}
	if wire.Images == nil {
		wire.Images = []string{}
	}
	if !p.DeletedAt.IsZero() {
		wire.DeletedAt = &p.DeletedAt
	}
	return wire
}

// value is the product as the face has it.
func (p Product) value() catalog.Product {
	value := catalog.Product{
		ID: p.ID, SKU: p.SKU, Name: p.Name, Description: p.Description, Price: p.Price.value(),
		Stock: p.Stock, Category: p.Category, Attributes: p.Attributes, Images: p.Images,
		Version: p.Version, Revision: p.Revision, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}
	if p.DeletedAt != nil {
		value.DeletedAt = *p.DeletedAt
	}
	return value
}

// newProductOf is the inverse of input.
func newProductOf(in catalog.CreateProductInput) NewProduct {
	return NewProduct{
		SKU: in.SKU, Name: in.Name, Description: in.Description, Price: priceOf(in.Price), Stock: in.Stock,
		Category: in.Category, Attributes: in.Attributes, Images: in.Images,
	}
}

// changedProductOf is the body that asks for a change.
func changedProductOf(in catalog.UpdateProductInput) ChangedProduct {
	change := ChangedProduct{
		SKU: in.SKU, Name: in.Name, Description: in.Description, Stock: in.Stock,
		Category: in.Category, Attributes: in.Attributes, Images: in.Images,
	}
	if in.Price != nil {
		price := priceOf(*in.Price)
		change.Price = &price
	}
	return change
}

// input is the face's input of a new product.
func (p NewProduct) input() catalog.CreateProductInput {
	return catalog.CreateProductInput{
		SKU: p.SKU, Name: p.Name, Description: p.Description, Price: p.Price.value(), Stock: p.Stock,
		Category: p.Category, Attributes: p.Attributes, Images: p.Images,
	}
}
