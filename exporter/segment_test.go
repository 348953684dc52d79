package exporter

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/google/go-cmp/cmp"

	"github.com/securitycenter-exporter/securitycenter_exporter/collector"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// segment returns what a slot of hq holds.
func (b *bench) segment(collector string) *segment {
	b.t.Helper()
	chosen := b.exporter.target("hq").chosen([]string{collector})
	if len(chosen) != 1 {
		b.t.Fatalf("%d collectors are called %s", len(chosen), collector)
	}
	s := chosen[0]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data.segment
}

// held says in which forms the segment is held.
func (s *segment) held() (held [forms]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for f := range forms {
		held[f] = s.forms[f] != nil
	}
	return held
}

func TestALoadIsEncodedOnceInTheFormsThatAreAskedFor(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, feedsEvery("5m", "4h"), nil)
		b.settle()
		loads := func() *segment {
			before := b.segment("feeds")
			time.Sleep(5 * time.Minute)
			b.scrape("/probe?target=hq", wayOfAsking{asksOpenMetrics, "gzip", true}) // starts it, and is answered with the old data
			synctest.Wait()
			if b.segment("feeds") == before {
				t.Fatal("nothing was loaded")
			}
			return b.segment("feeds")
		}
		if d := cmp.Diff([forms]bool{gzipText: true, gzipOpenMetrics: true}, b.segment("feeds").held()); d != "" {
			t.Errorf("before anybody asked (-want +got):\n%s", d)
		}
		b.scrape("/probe?target=hq", wayOfAsking{asksText, "", true})
		if d := cmp.Diff([forms]bool{plainText: true, gzipText: true, gzipOpenMetrics: true}, b.segment("feeds").held()); d != "" {
			t.Errorf("after somebody asked for text (-want +got):\n%s", d)
		}
		if d := cmp.Diff([forms]bool{plainText: true, gzipText: true, gzipOpenMetrics: true}, loads().held()); d != "" {
			t.Errorf("after the next load, before anybody asked (-want +got):\n%s", d)
		}
		s := b.segment("feeds")
		kept := s.forms[gzipOpenMetrics]
		for range 3 {
			b.scrape("/probe?target=hq", wayOfAsking{asksOpenMetrics, "gzip", true})
		}
		if b.segment("feeds") != s || s.forms[gzipOpenMetrics] != kept {
			t.Error("a scrape has encoded what a load had encoded")
		}
		if d := cmp.Diff([forms]bool{gzipText: true, gzipOpenMetrics: true}, loads().held()); d != "" {
			t.Errorf("after a load since which nobody asked for text (-want +got):\n%s", d)
		}
	})
}

func TestDataThatIsTooOldIsLetGo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, feedsEvery("1m", "10m"), nil)
		b.settle()
		for _, how := range waysOfAsking[:4] {
			b.scrape("/probe?target=hq", how)
		}
		b.consoles["hq"].Inject(sctest.Fault{Effect: sctest.HTMLPage(http.StatusInternalServerError)})
		held := weak.Make(b.segment("feeds"))
		time.Sleep(9 * time.Minute)
		b.probe("hq").want(t, "before", map[string]float64{feedStale: 0})
		synctest.Wait()
		time.Sleep(time.Minute)
		b.probe("hq").want(t, "after", map[string]float64{feedStale: absent, of("series", "feeds"): 0})
		synctest.Wait()
		runtime.GC()
		if held.Value() != nil {
			t.Error("the data is still held")
		}
	})
}

func TestHealthIsEncodedAnewOnlyWhenItChanges(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		b := newBench(t, feedsEvery("5m", "4h"), nil)
		b.settle()
		b.probe("hq")
		synctest.Wait()
		part := func() *encoded {
			hq := b.exporter.target("hq")
			parts, err := hq.parts(t.Context(), nil, gzipText)
			if err != nil {
				t.Fatal(err)
			}
			return parts[len(parts)-1]
		}
		first := part()
		time.Sleep(time.Minute)
		if part() != first {
			t.Error("it was encoded although nothing had changed")
		}
		for range 2 * maxHealths {
			for f := range forms {
				if _, err := b.exporter.target("hq").parts(t.Context(), []string{"feeds"}, f); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(4 * time.Minute)
		part() // starts a load
		synctest.Wait()
		if part() == first {
			t.Error("a load has not changed it")
		}
		if n := len(b.exporter.target("hq").healths.kept); n > maxHealths {
			t.Errorf("%d are kept", n)
		}
	})
}

func TestPartsJoinToOneStreamWhoseSumIsRight(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var want strings.Builder
		var parts []*encoded
		for range random.IntN(6) {
			e := newEncoder(gzipText)
			for range random.IntN(4) {
				text := strings.Repeat(string(rune('a'+random.IntN(26))), random.IntN(100_000)+random.IntN(3))
				want.WriteString(text)
				if err := e.write([]byte(text)); err != nil {
					t.Fatal(err)
				}
			}
			part, err := e.finish()
			if err != nil {
				t.Fatal(err)
			}
			e.release()
			parts = append(parts, part)
		}
		r, err := gzip.NewReader(bytes.NewReader(slices.Concat(gzipText.join(parts)...)))
		if err != nil {
			t.Fatal(err)
		}
		r.Multistream(false)
		got, err := io.ReadAll(r) // it checks sum and length
		if err != nil || string(got) != want.String() {
			t.Fatalf("%d bytes, want %d: %v", len(got), want.Len(), err)
		}
	}
}

func TestAFamilyInPiecesIsWrittenAsAWhole(t *testing.T) {
	t.Parallel()
	f := &collector.Family{Name: "large", Help: "Has # signs.\nAnd lines.", Labels: []string{"id"}}
	after := &collector.Family{Name: "next_total", Help: "Next.", Counter: true}
	m := collector.NewMetrics(collector.Settings{})
	for i := range 2*piece + 1 {
		m.Set(f, float64(i), strings.Repeat("# ", i%3)+string(rune(0x4e00+i)))
	}
	m.Set(after, 1)
	snapshot := m.Snapshot([]*collector.Family{f, after})
	for form := range forms {
		whole, err := encode(form, slices.Values(snapshot.Families()))
		if err != nil {
			t.Fatal(err)
		}
		pieces, err := encode(form, snapshot.Pieces(piece))
		if err != nil || !bytes.Equal(whole.bytes, pieces.bytes) && !form.gzip() || whole.sum != pieces.sum || whole.length != pieces.length {
			t.Errorf("form %d: %d bytes of text, want %d as in one piece: %v", form, pieces.length, whole.length, err)
		}
	}
	s, err := newSegment(snapshot.Pieces(piece), nil)
	if err != nil {
		t.Fatal(err)
	}
	families, err := s.families()
	if err != nil || len(families) != 2 || len(families[0].Metric) != 2*piece+1 || families[1].Metric[0].GetCounter().GetValue() != 1 {
		t.Errorf("%d families: %v", len(families), err)
	}
}
