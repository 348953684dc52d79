package errlist

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestErrorsAreJoinedOnOneLineAndASharedCauseIsSaidOnce(t *testing.T) {
	refused := errors.New("refused")
	again := fmt.Errorf("%w", refused)
	var many []error
	for i := range 14 {
		many = append(many, Of(fmt.Sprint("scanner ", i+1), again))
	}
	for name, tc := range map[string]struct {
		errs []error
		want string
	}{
		"none":                       {nil, "<nil>"},
		"nothing but nil":            {[]error{nil, nil}, "<nil>"},
		"one":                        {[]error{nil, refused}, "refused"},
		"two":                        {[]error{refused, io.EOF}, "refused; EOF"},
		"the same twice":             {[]error{refused, io.EOF, again}, "refused; EOF"},
		"two who share a cause":      {[]error{Of("account a", refused), io.EOF, Of("account b", again)}, "account a, account b: refused; EOF"},
		"two of different causes":    {[]error{Of("account a", refused), Of("account b", io.EOF)}, "account a: refused; account b: EOF"},
		"one who says what is known": {[]error{refused, Of("account a", refused)}, "refused; account a: refused"},
		"one who has two":            {[]error{Of("account a", refused), Of("account b", io.EOF), Of("account a", io.ErrNoProgress)}, "account a: refused; multiple Read calls return no data or error; account b: EOF"},
		"one who has the same twice": {[]error{Of("account a", refused), Of("account a", again)}, "account a: refused"},
		"parts that share a cause":   {[]error{Of("disk", Of("scanner 1", refused)), Of("disk", Of("scanner 2", again)), Of("memory", Of("scanner 1", refused))}, "disk: scanner 1, scanner 2: refused; memory: scanner 1: refused"},
		"many":                       {many, "scanner 1, scanner 2, scanner 3, 11 more: refused"},
	} {
		if got := fmt.Sprint(Join(tc.errs...)); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestAJoinedErrorWrapsAll(t *testing.T) {
	err := Join(Of("account a", io.EOF), Of("account b", io.EOF), fmt.Errorf("read: %w", io.ErrNoProgress))
	if !errors.Is(err, io.EOF) || !errors.Is(err, io.ErrNoProgress) || errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%v wraps the wrong errors", err)
	}
}
