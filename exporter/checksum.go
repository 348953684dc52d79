package exporter

import "hash/crc32"

// A CRC-32 is the remainder of a polynomial over GF(2), written with the power 0
// in the highest bit: text of n bytes behind it multiplies it by x to the 8n.
const (
	one     = uint32(1) << 31
	xToThe8 = one >> 8
)

// times multiplies two remainders.
func times(a, b uint32) (product uint32) {
	for ; a != 0; a <<= 1 {
		if a&one != 0 {
			product ^= b
		}
		low := b & 1
		b >>= 1
		if low != 0 {
			b ^= crc32.IEEE
		}
	}
	return product
}

// shiftBy returns x to the 8n.
func shiftBy(n int64) uint32 {
	power := one
	for square := xToThe8; n > 0; n >>= 1 {
		if n&1 != 0 {
			power = times(power, square)
		}
		square = times(square, square)
	}
	return power
}
