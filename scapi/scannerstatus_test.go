package scapi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

func TestScannerStatus(t *testing.T) {
	t.Parallel()
	yes, no, unknown := scapi.Some(true), scapi.Some(false), scapi.Opt[bool]{}
	for name, tc := range map[string]struct {
		status scapi.ScannerStatus
		names  []string
		usable scapi.Opt[bool]
	}{
		"no bit at all is not usable":                   {0, nil, no},
		"working is usable":                             {1, []string{"working"}, yes},
		"working while it updates is usable":            {8193, []string{"working", "updating_status"}, yes},
		"only updating its status is unknown":           {8192, []string{"updating_status"}, unknown},
		"only transitional bits are unknown":            {128 | 256 | 512 | 1024 | 8192, []string{"reloading", "plugins_out_of_sync", "updating_plugins", "updating_status", "other"}, unknown},
		"updating with a connection error is not":       {8194, []string{"connection_error", "updating_status"}, no},
		"working but disabled by the user is not":       {16385, []string{"working", "user_disabled"}, no},
		"certificate mismatch is not":                   {8, []string{"certificate_mismatch"}, no},
		"working without resources is not":              {1 | 524288, []string{"working", "other"}, no},
		"an unknown bit alone is not usable":            {262144, []string{"other"}, no},
		"an unknown bit beside working does not matter": {262144 | 1, []string{"working", "other"}, yes},
		"two bits without names are one other":          {2048 | 4096 | 1<<40, []string{"other"}, no},
		"licence invalid and upgrade required are named": {32768 | 131072,
			[]string{"requires_upgrade", "license_invalid"}, no},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.names, tc.status.Names()); diff != "" {
				t.Errorf("Names of %d (-want +got):\n%s", tc.status, diff)
			}
			if got := tc.status.Usable(); got != tc.usable {
				t.Errorf("Usable of %d is %+v, want %+v", tc.status, got, tc.usable)
			}
		})
	}
}

func TestScannerStatusWordsHaveThePublishedOrder(t *testing.T) {
	t.Parallel()
	want := []string{"working", "connection_error", "connection_timeout", "certificate_mismatch", "protocol_error",
		"authentication_error", "invalid_configuration", "reloading", "plugins_out_of_sync", "updating_plugins",
		"updating_status", "user_disabled", "requires_upgrade", "license_invalid", "other"}
	if diff := cmp.Diff(want, scapi.ScannerStatusWords()); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
}
