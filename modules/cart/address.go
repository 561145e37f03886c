package cart

// Address is where something is sent. Every field may be empty: each is one
// line of text of at most MaxAddressText characters. Country is a code of ISO
// 3166-1 alpha-2 ("DE").
type Address struct {
	Name, Line1, Line2, PostalCode, City, Region, Country string
}

// MaxAddressText is how many characters each field of an Address may have.
const MaxAddressText = 200
