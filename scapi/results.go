package scapi

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"securitycenter_exporter/scapi/internal/wire"
)

// results is the answer to one analysis request.
type results struct {
	rows [][]byte
	// listed is true if there was a list of rows, be it empty.
	listed bool
	// total is what the console calls the number of rows of the whole answer:
	// a string, a number, -1, or missing.
	total Opt[int64]
	// colon is the text matchingDataElementCount, totals separated by colons.
	colon string
	err   error
}

// UnmarshalJSON reads the usual object with results, and the answer of iplist:
// {"0":"192.0.2.1","1":"192.0.2.3-192.0.2.5","results":null}, whose addresses
// become rows with the column ip.
func (r *results) UnmarshalJSON(b []byte) error {
	*r = results{}
	var object struct {
		Total   wire.Int                    `json:"totalRecords"`
		Colon   wire.Str                    `json:"matchingDataElementCount"`
		Results *wire.List[json.RawMessage] `json:"results"` // nil: missing or null
	}
	if r.err = wire.Decode(b, &object); r.err != nil {
		return nil //nolint:nilerr // kept in r, so that the envelope around it stays readable
	}
	r.total, r.colon = optInt(object.Total), string(object.Colon)
	if object.Results == nil {
		var lost bool
		if r.rows, lost = addressRows(b); lost {
			r.err = errors.New("an object without results")
		}
		return nil
	}
	r.listed, r.err = true, object.Results.Err()
	r.rows = make([][]byte, 0, len(object.Results.Raw))
	for _, raw := range object.Results.Raw {
		r.rows = append(r.rows, raw)
	}
	return nil
}

// Err is not nil if the answer is none to an analysis request.
func (r *results) Err() error { return r.err }

// addressRows makes rows of the numbered members of an object, in their order.
// Lost is true for an object that has neither those, nor results, nor a total.
func addressRows(b []byte) (rows [][]byte, lost bool) {
	var members wire.Map[json.RawMessage]
	if members.UnmarshalJSON(b) != nil || len(members) == 0 {
		return nil, false // one of the ways to say nothing
	}
	addresses := map[int]wire.Str{}
	var order []int
	for name, value := range members {
		n, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		var address wire.Str
		_ = wire.Decode(value, &address) // no text: empty, and skipped
		addresses[n], order = address, append(order, n)
	}
	slices.Sort(order)
	for _, n := range order {
		if row, err := json.Marshal(map[string]wire.Str{"ip": addresses[n]}); err == nil && addresses[n] != "" {
			rows = append(rows, row)
		}
	}
	_, hasResults := members["results"]
	_, hasTotal := members["totalRecords"]
	return rows, len(order) == 0 && !hasResults && !hasTotal
}
