package exporter

import (
	"bytes"
	"compress/flate"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// piece is how many samples are made into a family at a time to be encoded.
const piece = 1000

// segment is what one load of a slot brought, in the forms that are asked for.
// Compressed text is always among them: everything else can be made of it.
type segment struct {
	mu    sync.Mutex
	forms [forms]*encoded
	asked [forms]bool
}

// encoding is held while a load is encoded: twenty at once would want twenty
// times the memory, and be no sooner ready.
var encoding sync.Mutex

// newSegment encodes in the forms that the one before it was asked for; nil:
// in the one that Prometheus asks for.
func newSegment(pieces iter.Seq[*dto.MetricFamily], before *segment) (*segment, error) {
	wanted := [forms]bool{gzipOpenMetrics: true}
	if before != nil {
		before.mu.Lock()
		wanted = before.asked
		before.mu.Unlock()
	}
	wanted[gzipText] = true
	encoding.Lock()
	defer encoding.Unlock()
	s := &segment{}
	for f := range forms {
		if !wanted[f] {
			continue
		}
		var err error
		if s.forms[f], err = encode(f, pieces); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// in returns the segment in a form, which is made if it was not asked for before.
func (s *segment) in(f form) (*encoded, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[f] = true
	if s.forms[f] != nil {
		return s.forms[f], nil
	}
	families, err := s.families()
	if err != nil {
		return nil, err
	}
	s.forms[f], err = encode(f, slices.Values(families))
	return s.forms[f], err
}

// families returns what is in the segment, sorted by name.
func (s *segment) families() ([]*dto.MetricFamily, error) {
	text := s.forms[gzipText] // never changes
	r := flate.NewReader(io.MultiReader(bytes.NewReader(text.bytes), strings.NewReader(gzipTrailer)))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	byName, err := parser.TextToMetricFamilies(r)
	if err != nil {
		return nil, err
	}
	families := slices.Collect(maps.Values(byName))
	sortFamilies(families)
	return families, nil
}
