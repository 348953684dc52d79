package findings

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestARefusalHoldsForOneVersionAndADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m filterMemory
		if m.refused("wasVuln", "6.4.0") {
			t.Error("refused before it was tried")
		}
		m.judge("wasVuln", "6.4.0", false)
		m.judge("pluginID", "6.4.0", true)
		for _, tt := range []struct {
			name, version string
			want          bool
		}{{"wasVuln", "6.4.0", true}, {"wasVuln", "6.5.0", false}, {"pluginID", "6.4.0", false}, {"other", "6.4.0", false}} {
			if got := m.refused(tt.name, tt.version); got != tt.want {
				t.Errorf("%s on %s refused: %v, want %v", tt.name, tt.version, got, tt.want)
			}
		}
		time.Sleep(24*time.Hour - time.Second)
		if !m.refused("wasVuln", "6.4.0") {
			t.Error("forgotten within a day")
		}
		time.Sleep(time.Second)
		if m.refused("wasVuln", "6.4.0") {
			t.Error("still refused after a day")
		}
		m.judge("wasVuln", "6.4.0", true)
		if m.refused("wasVuln", "6.4.0") {
			t.Error("refused although it was taken since")
		}
	})
}
