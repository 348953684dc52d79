package findings

import (
	"maps"
	"sync"
	"time"
)

// refusalTTL is how long a filter that the console called invalid is not sent
// again, unless the console's version changes first.
const refusalTTL = 24 * time.Hour

// filterMemory remembers which optional filters the console takes.
type filterMemory struct {
	mu    sync.Mutex
	known map[string]filterVerdict
}

type filterVerdict struct {
	supported bool
	version   string // of the console when it judged
	at        time.Time
}

// refused reports whether the filter was refused lately by this version.
func (m *filterMemory) refused(name, version string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.known[name]
	return ok && !v.supported && v.version == version && time.Since(v.at) < refusalTTL
}

func (m *filterMemory) judge(name, version string, supported bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[string]filterVerdict{}
	}
	m.known[name] = filterVerdict{supported, version, time.Now()}
}

// SupportedFilters returns which optional filters the console took and which
// it refused, of those that were tried.
func (c *Console) SupportedFilters() map[string]bool {
	c.filters.mu.Lock()
	defer c.filters.mu.Unlock()
	supported := make(map[string]bool, len(c.filters.known))
	for name := range maps.Keys(c.filters.known) {
		supported[name] = c.filters.known[name].supported
	}
	return supported
}
