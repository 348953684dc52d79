package sctest

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
)

// selection is what a query chose: repositories, hosts and findings, at one moment. Once prepared it may be shared.
type selection struct {
	w         *world
	org       int // whose asset lists and audit files filters name
	now       int64
	mitigated bool
	repos     []bool // by repository
	tests     []func(*finding) bool
	hosts     []func(host int) bool
	counts    [][]int32 // hosts by repository and group, of those the host tests leave
	matched   [groups][]finding

	mu    sync.Mutex
	marks map[int]int // by the number of a matching host: its place in the order of addresses
}

func newSelection(w *world, now int64, mitigated bool, repos []bool) *selection {
	return &selection{w: w, now: now, mitigated: mitigated, repos: repos}
}

// prepare counts the hosts of each group, which are known without host tests, and finds what matches on them.
func (s *selection) prepare() {
	s.counts = s.w.counts
	if len(s.hosts) > 0 {
		s.counts = make([][]int32, len(s.w.repos))
		for r := range s.counts {
			s.counts[r] = make([]int32, groups)
		}
		for i, g := range s.w.groupOf {
			if s.hasHost(i) {
				s.counts[s.w.repoOf[i]][g]++
			}
		}
	}
	var scratch []finding
	for g := range groups {
		if s.size(g) > 0 {
			found := s.w.moment.findings(s.w, g, s.now, s.mitigated)
			scratch = s.matching(scratch[:0], found)
			if len(scratch) == len(found) {
				s.matched[g] = found
			} else {
				s.matched[g] = slices.Clone(scratch)
			}
		}
	}
}

// matching appends to buf the findings that pass every test.
func (s *selection) matching(buf, found []finding) []finding {
next:
	for i := range found {
		for _, test := range s.tests {
			if !test(&found[i]) {
				continue next
			}
		}
		buf = append(buf, found[i])
	}
	return buf
}

// narrowed is a prepared selection of the hosts that pass one test more.
func (s *selection) narrowed(test func(host int) bool) *selection {
	n := newSelection(s.w, s.now, s.mitigated, s.repos)
	n.org, n.tests, n.hosts = s.org, s.tests, append(slices.Clone(s.hosts), test)
	n.prepare()
	return n
}

// hasHost says whether the host is one of those asked for, whatever it shows.
func (s *selection) hasHost(i int) bool {
	if !s.repos[s.w.repoOf[i]] {
		return false
	}
	for _, test := range s.hosts {
		if !test(i) {
			return false
		}
	}
	return true
}

// of returns the findings of a group that match, none for a group without hosts.
func (s *selection) of(group int) []finding { return s.matched[group] }

// size returns the number of hosts of a group, over the repositories asked for.
func (s *selection) size(group int) int {
	n := 0
	for r, wanted := range s.repos {
		if wanted {
			n += int(s.counts[r][group])
		}
	}
	return n
}

// tally counts findings by severity.
type tally [5]int

func (t *tally) add(findings []finding, hosts int) {
	for i := range findings {
		t[findings[i].severity] += hosts
	}
}

func (t tally) total() int { return t[0] + t[1] + t[2] + t[3] + t[4] }

// score weighs the findings as an organisation does by default.
func (t tally) score() int { return t[1] + 3*t[2] + 10*t[3] + 40*t[4] }

// sums returns the findings and the hosts of everything that matches.
func (s *selection) sums() (all tally, hosts int) {
	for g := range groups {
		n := s.size(g)
		if n == 0 {
			continue
		}
		if found := s.of(g); len(found) > 0 {
			all.add(found, n)
			hosts += n
		}
	}
	return all, hosts
}

// tallyOf returns the findings of one host of the group.
func (s *selection) tallyOf(group int) tally {
	var t tally
	t.add(s.of(group), 1)
	return t
}

// walk yields the matching hosts in the order of their addresses (or backwards) until yield returns false.
func (s *selection) walk(backwards bool, yield func(host int) bool) {
	n := len(s.w.byIP)
	for k := range n {
		if backwards {
			k = n - 1 - k
		}
		if i := int(s.w.byIP[k]); s.matches(i) && !yield(i) {
			return
		}
	}
}

// matches says whether the host is asked for and shows something that is.
func (s *selection) matches(host int) bool {
	return len(s.of(int(s.w.groupOf[host]))) > 0 && s.hasHost(host)
}

// byAddress returns the hosts at [start, end) of all that match. It begins at the end of an earlier page, if it can.
func (s *selection) byAddress(start, end int) (page []int) {
	s.mu.Lock()
	at, k := 0, 0
	for row, place := range s.marks {
		if row <= start && row > at {
			at, k = row, place
		}
	}
	s.mu.Unlock()
	for ; k < len(s.w.byIP) && at < end; k++ {
		if i := int(s.w.byIP[k]); s.matches(i) {
			if at >= start {
				page = append(page, i)
			}
			at++
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.marks == nil || len(s.marks) >= maxMarks {
		s.marks = map[int]int{}
	}
	s.marks[at] = k
	return page
}

// maxMarks bounds what a selection remembers of its pages.
const maxMarks = 256

// page returns the hosts at [start, end) of all that match: by address, or by a number that depends on the group,
// and then by address.
func (s *selection) page(start, end int, key func(group int) int, backwards bool) []int {
	if end <= start {
		return nil
	}
	if key == nil && !backwards {
		return s.byAddress(start, end)
	}
	var page []int
	if key == nil {
		at := 0
		s.walk(backwards, func(i int) bool {
			if at >= start {
				page = append(page, i)
			}
			at++
			return at < end
		})
		return page
	}
	// How many hosts have each key value says which values the page covers; then one walk finds their hosts.
	sizes := map[int]int{}
	for g := range groups {
		if n := s.size(g); n > 0 && len(s.of(g)) > 0 {
			sizes[key(g)] += n
		}
	}
	order := make([]int, 0, len(sizes))
	for k := range sizes {
		order = append(order, k)
	}
	slices.SortFunc(order, func(a, b int) int {
		if backwards {
			return cmp.Compare(b, a)
		}
		return cmp.Compare(a, b)
	})
	at := map[int]int{} // where the next host of a key value belongs
	next := 0
	for _, k := range order {
		if next < end && next+sizes[k] > start {
			at[k] = next
		}
		next += sizes[k]
	}
	page = make([]int, max(0, min(end, next)-start))
	s.walk(false, func(i int) bool {
		k := key(int(s.w.groupOf[i]))
		if pos, wanted := at[k]; wanted {
			if pos >= start && pos < end {
				page[pos-start] = i
			}
			at[k] = pos + 1
		}
		return true
	})
	return page
}

// rows yields the findings at [start, end) of all that match, host by host.
func (s *selection) rows(start, end int, yield func(host int, f *finding)) {
	at := 0
	s.walk(false, func(i int) bool {
		found := s.of(int(s.w.groupOf[i]))
		if at+len(found) > start {
			for k := range found {
				if at+k >= start && at+k < end {
					yield(i, &found[k])
				}
			}
		}
		at += len(found)
		return at < end
	})
}

// selections keeps the latest prepared selections, because clients ask for many pages of one.
type selections struct {
	mu    sync.Mutex
	byKey map[string]*selection
}

const maxSelections = 4

// get returns the selection of that key, or makes it.
func (c *selections) get(key string, build func() (*selection, error)) (*selection, error) {
	c.mu.Lock()
	s := c.byKey[key]
	c.mu.Unlock()
	if s != nil {
		return s, nil
	}
	s, err := build()
	if err != nil {
		return nil, err
	}
	s.prepare()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey == nil || len(c.byKey) >= maxSelections {
		c.byKey = map[string]*selection{}
	}
	c.byKey[key] = s
	return s, nil
}

// selectionKey is the same for queries that choose the same: of the same data, by the same filters, while the asset
// lists are as they were after that many edits.
func selectionKey(org int, repos []bool, q question, now int64, edits, changes int) string {
	return fmt.Sprintf("%d %d %q %v %q %q %q %d %d", org, now, q.source, repos, q.scanID, q.view, q.filters, edits, changes)
}
