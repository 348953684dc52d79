package scapi

// ScannerStatus is the bit mask of a scanner's state. Several bits may be set;
// bits without a name exist and mean other things on other kinds of scanners.
type ScannerStatus int64

// The bits of a ScannerStatus.
const (
	ScannerWorking             ScannerStatus = 1 << 0
	ScannerConnectionError     ScannerStatus = 1 << 1
	ScannerConnectionTimeout   ScannerStatus = 1 << 2
	ScannerCertificateMismatch ScannerStatus = 1 << 3
	ScannerProtocolError       ScannerStatus = 1 << 4
	ScannerAuthenticationError ScannerStatus = 1 << 5
	ScannerInvalidConfig       ScannerStatus = 1 << 6
	ScannerReloading           ScannerStatus = 1 << 7
	ScannerPluginsOutOfSync    ScannerStatus = 1 << 8
	ScannerUpdatingPlugins     ScannerStatus = 1 << 10
	ScannerUpdatingStatus      ScannerStatus = 1 << 13
	ScannerUserDisabled        ScannerStatus = 1 << 14
	ScannerRequiresUpgrade     ScannerStatus = 1 << 15
	ScannerLicenseInvalid      ScannerStatus = 1 << 17
)

// Bits that forbid scanning, and bits that say only what a scanner is busy with.
const (
	scannerBroken = ScannerConnectionError | ScannerConnectionTimeout | ScannerCertificateMismatch |
		ScannerProtocolError | ScannerAuthenticationError | ScannerInvalidConfig |
		1<<11 | 1<<12 | // daemons of a log server down
		ScannerUserDisabled | ScannerRequiresUpgrade |
		1<<16 | // log server of another version
		ScannerLicenseInvalid |
		1<<19 // resource unavailable
	scannerTransitional = ScannerReloading | ScannerPluginsOutOfSync | 1<<9 | // results of a passive scanner ready
		ScannerUpdatingPlugins | ScannerUpdatingStatus
)

// scannerWords names the bits, in the order of the bits.
var scannerWords = [...]struct {
	bit  ScannerStatus
	word string
}{
	{ScannerWorking, "working"},
	{ScannerConnectionError, "connection_error"},
	{ScannerConnectionTimeout, "connection_timeout"},
	{ScannerCertificateMismatch, "certificate_mismatch"},
	{ScannerProtocolError, "protocol_error"},
	{ScannerAuthenticationError, "authentication_error"},
	{ScannerInvalidConfig, "invalid_configuration"},
	{ScannerReloading, "reloading"},
	{ScannerPluginsOutOfSync, "plugins_out_of_sync"},
	{ScannerUpdatingPlugins, "updating_plugins"},
	{ScannerUpdatingStatus, "updating_status"},
	{ScannerUserDisabled, "user_disabled"},
	{ScannerRequiresUpgrade, "requires_upgrade"},
	{ScannerLicenseInvalid, "license_invalid"},
}

// otherStatus is the word for all bits that have none of their own.
const otherStatus = "other"

// ScannerStatusWords returns every word that Names can return, in the order of
// the bits; "other", for bits without a word, is the last.
func ScannerStatusWords() []string {
	words := make([]string, 0, len(scannerWords)+1)
	for _, w := range scannerWords {
		words = append(words, w.word)
	}
	return append(words, otherStatus)
}

// Has reports whether all bits of bits are set in s.
func (s ScannerStatus) Has(bits ScannerStatus) bool { return s&bits == bits }

// Names returns the words of the bits that are set, in the order of
// ScannerStatusWords; a status of 0 has none.
func (s ScannerStatus) Names() []string {
	var names []string
	for _, w := range scannerWords {
		if s.Has(w.bit) {
			names = append(names, w.word)
			s &^= w.bit
		}
	}
	if s != 0 {
		names = append(names, otherStatus)
	}
	return names
}

// Unnamed returns the bits of s of which nothing is known.
func (s ScannerStatus) Unnamed() ScannerStatus {
	for _, w := range scannerWords {
		s &^= w.bit
	}
	return s &^ (scannerBroken | scannerTransitional)
}

// Usable reports whether the scanner can scan: it works and nothing forbids
// it. Absent while the console says no more than what the scanner is busy with.
func (s ScannerStatus) Usable() Opt[bool] {
	if s != 0 && s&^scannerTransitional == 0 {
		return Opt[bool]{}
	}
	return Some(s.Has(ScannerWorking) && s&scannerBroken == 0)
}
