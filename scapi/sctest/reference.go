package sctest

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// reference is a reference to an object, unset one to none: its id is a number.
func reference(id, name string) object { return object{"id": id, "name": name, "description": ""} }

func unset() object { return object{"id": -1, "name": "", "description": ""} }

func userReference(id int) object {
	return object{"id": strconv.Itoa(id), "username": fmt.Sprintf("user%d", id), "firstname": "", "lastname": ""}
}

// references are bare ones: [{"id":"1"}].
func references(ids []string) []object {
	list := make([]object, len(ids))
	for i, id := range ids {
		list[i] = object{"id": id}
	}
	return list
}

// groupNames are the groups of the console, by their ids.
var groupNames = []string{"Full Access", "Server Team"}

// groupReferences are references to groups.
func groupReferences(ids []string) []object {
	list := make([]object, len(ids))
	for i, id := range ids {
		list[i] = reference(id, "")
		if n, err := strconv.Atoi(id); err == nil && n >= 0 && n < len(groupNames) {
			list[i]["name"] = groupNames[n]
		}
	}
	return list
}

// idsOf reads [{"id":1},{"id":"2"}]; an empty value, which PHP may write for an empty list, holds none: nil.
func idsOf(value json.RawMessage) ([]string, error) {
	if text := string(value); text == "" || text == `""` || text == "{}" || text == "null" {
		return nil, nil
	}
	ids, err := rawFilter{FilterName: "id", Value: value}.records()
	if len(ids) == 0 {
		return nil, err
	}
	return ids, nil
}

// groupIDs are ids of groups that the console has.
func groupIDs(value json.RawMessage) ([]string, error) {
	ids, err := idsOf(value)
	for _, id := range ids {
		if n, err := strconv.Atoi(id); err != nil || n < 0 || n >= len(groupNames) {
			return nil, notFound("group", id)
		}
	}
	return ids, err
}

// fields are the members of a request's object.
type fields map[string]json.RawMessage

func (f fields) has(key string) bool { _, ok := f[key]; return ok }

// text returns a member that is a string, a number or a boolean; empty when it is missing.
func (f fields) text(key string) string {
	if !f.has(key) {
		return ""
	}
	return rawFilter{Value: f[key]}.text()
}
