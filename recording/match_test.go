package recording

import (
	"testing"
	"time"
)

func TestTheSameQuestionHasOneMeaning(t *testing.T) {
	now := time.Date(2026, 3, 2, 10, 20, 30, 0, time.UTC)
	later := now.Add(100*24*time.Hour + 50*time.Minute)
	const first = `{"tool":"sumip","startOffset":0,"filters":[{"filterName":"a","value":[{"id":"1"},{"id":"2"}]},{"filterName":"lastSeen","value":"1769767200-1772446830"}]}`
	const shuffled = `{"startOffset":"0","filters":[{"value":"1769767200-1772446830","filterName":"lastSeen"},{"filterName":"a","value":[{"id":"2"},{"id":"1"}]}],"tool":"sumip"}`
	const afterwards = `{"tool":"sumip","startOffset":0,"filters":[{"filterName":"a","value":[{"id":"1"},{"id":"2"}]},{"filterName":"lastSeen","value":"1778410800-1781086830"}]}`
	const other = `{"tool":"sumip","startOffset":0,"filters":[{"filterName":"a","value":[{"id":"1"},{"id":"2"}]},{"filterName":"lastSeen","value":"1771840800-1772446830"}]}`
	if Meaning("c", nil, []byte(first)) != Meaning("c", nil, []byte(shuffled)) {
		t.Error("the order of filters matters")
	}
	if Meaning("c", nil, []byte(first)) == Meaning("c", nil, []byte(afterwards)) || Meaning("c", nil, []byte(first)) == Meaning("c", nil, []byte(other)) {
		t.Error("windows do not matter")
	}
	if MeaningAt(now, "c", nil, []byte(first)) != MeaningAt(later, "c", nil, []byte(afterwards)) {
		t.Errorf("%s\n%s", MeaningAt(now, "c", nil, []byte(first)), MeaningAt(later, "c", nil, []byte(afterwards)))
	}
	if MeaningAt(now, "c", nil, []byte(first)) == MeaningAt(now, "c", nil, []byte(other)) {
		t.Error("30 days are 7")
	}
	if Meaning("c", map[string]string{"a": "1", "b": "2"}, nil) == Meaning("c", map[string]string{"a": "1"}, nil) || Meaning("c", nil, nil) != Meaning("c", nil, []byte("{}")) {
		t.Error("parameters do not matter, or an empty input does")
	}
}
