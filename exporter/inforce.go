package exporter

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/securitycenter-exporter/securitycenter_exporter/config"
)

// inForce is the configuration in force.
type inForce struct {
	at      time.Time // when it was loaded
	hash    uint64
	refused error     // what is wrong with a newer one; nil: there is none
	tried   time.Time // when that was refused
}

// hashBits is how many bits of a hash are kept: a metric holds whole numbers up to
// 53 bits.
const hashBits = 48

// hashOf returns a hash of what --config.check prints: secrets are no part of it.
func hashOf(c *config.Config) (uint64, error) {
	text, err := c.Masked()
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(text)
	return binary.BigEndian.Uint64(sum[:8]) >> (64 - hashBits), nil
}

// configInForce is what the landing page says of the configuration.
func (e *Exporter) configInForce() landingConfig {
	e.mu.RLock()
	defer e.mu.RUnlock()
	c := landingConfig{At: e.inForce.at, Hash: e.inForce.hash, Tried: e.inForce.tried}
	if e.inForce.refused != nil {
		c.Refused = firstLine(e.inForce.refused.Error())
	}
	return c
}
