package money

import (
	"fmt"
	"strings"
)

// Currency is an ISO 4217 alphabetic code.
type Currency string

// twoDigits are the active ISO 4217 codes whose minor unit is a hundredth.
const twoDigits = " AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG "

// noDigits are the codes without a minor unit.
const noDigits = " BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF "

// threeDigits are the codes whose minor unit is a thousandth.
const threeDigits = " BHD IQD JOD KWD LYD OMR TND "

// ParseCurrency accepts an active ISO 4217 code in upper case.
func ParseCurrency(code string) (Currency, error) {
	c := Currency(code)
	if !c.Valid() {
		return "", fmt.Errorf("%w: expected an ISO 4217 code such as EUR", ErrCurrency)
	}
	return c, nil
}

// Valid reports whether c is an active ISO 4217 code.
func (c Currency) Valid() bool {
	return c.in(twoDigits) || c.in(noDigits) || c.in(threeDigits)
}

// Digits is how many decimal digits the minor unit takes: 2 for EUR, 0 for JPY.
func (c Currency) Digits() int {
	switch {
	case c.in(noDigits):
		return 0
	case c.in(threeDigits):
		return 3
	default:
		return 2
	}
}

func (c Currency) in(list string) bool {
	return len(c) == 3 && c != "   " && strings.Contains(list, " "+string(c)+" ")
}
