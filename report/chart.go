package report

import "github.com/securitycenter-exporter/securitycenter_exporter/internal/legible"

// The geometry of charts, in the units of their drawings.
const (
	chartWidth  = 760
	labelWidth  = 230 // of the names, to the left
	valueWidth  = 80  // of the numbers, to the right
	barHeight   = 18
	barDistance = 24
	labelRunes  = 30 // that fit
)

// bar is a bar of a chart: segments one behind the other.
type bar struct {
	Label, Value string
	Whole        float64 // the value of the full width, where bars are shares; 0: that of the longest bar
	Segments     []segment
}

// segment is a part of a bar.
type segment struct {
	Class string // whose colour it has
	Value float64
	Title string
}

// chart is horizontal bars below each other, as they are drawn.
type chart struct {
	Title         string
	Width, Height float64
	Bars          []drawnBar
	Legend        []string // severities among the segments
}

type drawnBar struct {
	Label, Value                     string
	Y, Height, TextY, LabelX, ValueX float64
	Segments                         []drawnSegment
}

type drawnSegment struct {
	Class, Title string
	X, Width     float64
}

// newChart lays the bars out; nil where there is nothing to be drawn.
func newChart(title string, bars ...bar) *chart {
	longest := 0.0
	for _, b := range bars {
		longest = max(longest, b.sum())
	}
	if longest == 0 {
		return nil
	}
	c := &chart{Title: title, Width: chartWidth, Height: float64(barDistance * len(bars))}
	left, width := float64(labelWidth), float64(chartWidth-labelWidth-valueWidth)
	if len(bars) == 1 && bars[0].Label == "" {
		left, width = 0, chartWidth
	}
	found := map[string]bool{}
	for i, b := range bars {
		whole := b.Whole
		if whole <= 0 {
			whole = longest
		}
		y, x := float64(barDistance*i), left
		drawn := drawnBar{Label: legible.Text(b.Label, labelRunes), Value: b.Value, Y: y, Height: barHeight, TextY: y + barHeight*0.75, LabelX: left - 8}
		for _, s := range b.Segments {
			if s.Value <= 0 {
				continue
			}
			drawn.Segments = append(drawn.Segments, drawnSegment{s.Class, s.Title, x, width * s.Value / whole})
			x += width * s.Value / whole
			found[s.Class] = true
		}
		drawn.ValueX = x + 8
		c.Bars = append(c.Bars, drawn)
	}
	for _, s := range severities {
		if found[s] {
			c.Legend = append(c.Legend, s)
		}
	}
	return c
}

func (b bar) sum() float64 {
	sum := 0.0
	for _, s := range b.Segments {
		sum += s.Value
	}
	return sum
}
