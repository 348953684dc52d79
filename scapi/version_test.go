package scapi

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

func FuzzVersion(f *testing.F) {
	for _, seed := range []string{"6.4.0", "4.8.1.2", " 5.13 ", "", "6.x", "-1.2", "5..1", "99999999999999999999.1", "6.4.0 (build 7)", "٦.٤"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v := parseVersion(text)
		for _, part := range v {
			if part < 0 {
				t.Errorf("%q: %v", text, v)
			}
		}
		if v.known() == v.before(slices.Clone(v)...) && v.known() {
			t.Errorf("%q is older than itself", text)
		}
		if !v.known() && v.before(99) {
			t.Errorf("%q tells no version, and is older than one", text)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"120", "-1", "", "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 9999 07:28:00 GMT", "9999999999999999999999", " 5 ", "1e9", "0x10"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		wait, ok := retryAfter(http.Header{"Retry-After": {text}})
		if wait < 0 || !ok && wait != 0 {
			t.Errorf("%q: %s, %t", text, wait, ok)
		}
		if date, err := http.ParseTime(text); err == nil && (!ok || wait-max(time.Until(date), 0) > time.Minute) {
			t.Errorf("%q: %s, %t", text, wait, ok)
		}
	})
}
