package scapi

import (
	"math"
	"testing"
)

func TestCountAddresses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		list string
		want Opt[float64]
	}{
		"an empty list is unknown":                {"", Opt[float64]{}},
		"a host name alone is unknown":            {"gw.example.org", Opt[float64]{}},
		"a host name beside an address is left":   {"gw.example.org,10.0.0.1", Some(1.0)},
		"one address":                             {"10.0.0.1", Some(1.0)},
		"a block":                                 {"10.0.0.0/8", Some(16777216.0)},
		"a block written with host bits":          {"192.168.0.77/24", Some(256.0)},
		"a block of one address":                  {"192.168.0.77/32", Some(1.0)},
		"an odd block":                            {"10.0.0.0/13", Some(524288.0)},
		"the whole of IPv4":                       {"0.0.0.0/0", Some(4294967296.0)},
		"a range":                                 {"10.0.0.250-10.0.1.5", Some(12.0)},
		"a range of last octets":                  {"10.0.0.1-20", Some(20.0)},
		"a reversed range is no range":            {"10.0.0.9-10.0.0.1", Opt[float64]{}},
		"blanks and new lines separate too":       {"10.0.0.1\n10.0.0.2, 10.0.0.3;10.0.0.4", Some(4.0)},
		"the same address twice counts once":      {"10.0.0.1,10.0.0.1", Some(1.0)},
		"an address inside a block counts once":   {"10.0.0.0/24,10.0.0.7", Some(256.0)},
		"overlapping ranges are merged":           {"10.0.0.1-10.0.0.9,10.0.0.5-10.0.0.20", Some(20.0)},
		"neighbours are added":                    {"10.0.0.0/25,10.0.0.128/25", Some(256.0)},
		"a range inside another does not shorten": {"10.0.0.0/16,10.0.0.1-10.0.0.2,10.0.255.0-10.1.0.0", Some(65537.0)},
		"an IPv6 block":                           {"2001:db8::/64", Some(math.Exp2(64))},
		"an IPv6 range across the lower half":     {"2001:db8::ffff:ffff:ffff:ffff-2001:db8:0:1::", Some(2.0)},
		"the whole of IPv6":                       {"::/0", Some(math.Exp2(128))},
		"both families are added":                 {"10.0.0.0/24,2001:db8::1,::ffff:10.0.0.9", Some(257.0)},
		"a range from one family to another":      {"10.0.0.1-2001:db8::1", Opt[float64]{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := countAddresses(tc.list); got != tc.want {
				t.Errorf("countAddresses(%q) = %+v, want %+v", tc.list, got, tc.want)
			}
		})
	}
}

func FuzzCountAddresses(f *testing.F) {
	for _, seed := range []string{"10.0.0.1-20,10.0.0.0/8", "::/0", "fe80::1%eth0", "1.2.3.4-", "-", "10.0.0.0/33", "::ffff:1.2.3.4/100"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		n, ok := countAddresses(list).Get()
		if ok && (n < 1 || math.IsInf(n, 0) || math.IsNaN(n)) {
			t.Errorf("countAddresses(%q) = %v", list, n)
		}
		if twice, _ := countAddresses(list + "," + list).Get(); twice != n {
			t.Errorf("countAddresses(%q) = %v, the same list twice %v", list, n, twice)
		}
	})
}
