package main

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearest returns the word that was probably meant: one that begins so, or one
// of few other letters. Empty: none.
func nearest(word string, words []string) string {
	word = strings.ToLower(word)
	most := 2 // letters of others; of two that are swapped both count
	switch {
	case len(word) < 4:
		most = 1
	case len(word) > 8:
		most = len(word) / 3
	}
	best, distance := "", most+1
	for _, w := range words {
		lower := strings.ToLower(w)
		d := levenshtein.ComputeDistance(word, lower)
		if len(word) > 2 && strings.HasPrefix(lower, word) {
			d = 1
		}
		if d < distance {
			best, distance = w, d
		}
	}
	return best
}

// didYouMean is what to say behind a complaint of a word, if anything.
func didYouMean(word string, words []string) string {
	if near := nearest(word, words); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}
