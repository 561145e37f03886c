package id

// alphabet is Crockford's base32 in lower case, as the TypeID specification
// (v0.3) has it.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// encodedLen is how many characters 128 bits take; the first holds 3 bits.
const encodedLen = 26

// appendBase32 writes 128 bits as 26 characters, most significant first.
func appendBase32(b []byte, raw [16]byte) []byte {
	var text [encodedLen]byte
	var acc uint32
	bits, at := uint(0), encodedLen-1
	for n := len(raw) - 1; n >= 0; n-- {
		acc |= uint32(raw[n]) << bits
		bits += 8
		for bits >= 5 {
			text[at] = alphabet[acc&31]
			acc >>= 5
			bits -= 5
			at--
		}
	}
	text[at] = alphabet[acc&31]
	return append(b, text[:]...)
}

// decodeBase32 is the inverse; it refuses other characters and values above
// 128 bits.
func decodeBase32(text string) (raw [16]byte, ok bool) {
	if text[0] > '7' {
		return raw, false
	}
	var acc uint32
	bits, at := uint(0), len(raw)-1
	for n := len(text) - 1; n >= 0; n-- {
		v := digits[text[n]]
		if v == noDigit {
			return raw, false
		}
		acc |= uint32(v) << bits
		bits += 5
		if bits >= 8 && at >= 0 {
			raw[at] = byte(acc)
			acc >>= 8
			bits -= 8
			at--
		}
	}
	return raw, true
}

// noDigit is the value of a character outside the alphabet.
const noDigit = 255

// digits are the values of all characters.
var digits = func() (values [256]byte) {
	for c := range values {
		values[c] = noDigit
	}
	for v, c := range []byte(alphabet) {
		values[c] = byte(v)
	}
	return values
}()
