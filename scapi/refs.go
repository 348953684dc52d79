package scapi

import (
	"strings"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/internal/wire"
)

// Ref names another object of the console.
type Ref struct{ ID, Name string }

// UserRef names a user. SecurityCenter 4 tells only the id.
type UserRef struct {
	ID, Username string
	Name         string // first and last name
}

// wireUser is a user as REST refers to him.
type wireUser struct{ ID, Username, Firstname, Lastname wire.Str }

// userRef is the user that is told: whole, or by his id.
func userRef(object wireUser, flat wire.Ref) UserRef {
	ref := wire.Ref{ID: object.ID}
	if !ref.Set() {
		return UserRef{ID: refID(wire.Ref{}, flat)}
	}
	return UserRef{
		ID:       string(object.ID),
		Username: string(object.Username),
		Name:     strings.TrimSpace(string(object.Firstname) + " " + string(object.Lastname)),
	}
}

// refOf is what a wire reference leads to; empty if it is not set.
func refOf(object, flat wire.Ref) Ref {
	switch {
	case object.Set():
		return Ref{string(object.ID), string(object.Name)}
	case flat.Set():
		return Ref{string(flat.ID), string(flat.Name)}
	}
	return Ref{}
}

// refID is the id of the reference that is set.
func refID(object, flat wire.Ref) string {
	switch {
	case object.Set():
		return string(object.ID)
	case flat.Set():
		return string(flat.ID)
	}
	return ""
}

func refsOf(list wire.List[wire.Ref]) []Ref {
	var refs []Ref
	for _, w := range list.Items {
		if w.Set() {
			refs = append(refs, refOf(w, wire.Ref{}))
		}
	}
	return refs
}

func idsOf(list wire.List[wire.Ref]) []string {
	var ids []string
	for _, w := range list.Items {
		if w.Set() {
			ids = append(ids, string(w.ID))
		}
	}
	return ids
}
