package rdsapi

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
)

// paging has the members that every paged action has. A marker has the last item's key, so
// that it holds when items come and go.
type paging struct {
	MaxRecords *int
	Marker     *string
}

// page cuts a list that is sorted by key, which is unique.
func page[T any](list []T, p paging, key func(T) string) (part []T, marker string, err error) {
	limit := 100
	if p.MaxRecords != nil {
		limit = *p.MaxRecords
	}
	if limit < 20 || limit > 100 {
		return nil, "", invalidValue("Invalid value %d for MaxRecords. Must be between 20 and 100", limit)
	}
	part = list
	if p.Marker != nil && *p.Marker != "" {
		after, ok := markedKey[T](*p.Marker)
		if !ok {
			return nil, "", invalidValue("The request contains an invalid marker: %s", *p.Marker)
		}
		at, found := slices.BinarySearchFunc(list, after, func(item T, want string) int {
			return strings.Compare(key(item), want)
		})
		if found {
			at++
		}
		part = list[at:]
	}
	if len(part) > limit {
		part = part[:limit]
		marker = markerOf[T](key(part[limit-1]))
	}
	return part, marker, nil
}

// markerOf is the marker of a page of items of type T: a checksum of the type and the last key,
// so that neither what somebody has made up nor a marker of another list is taken for one, and
// the key.
func markerOf[T any](key string) string {
	sum := fnv.New32a()
	fmt.Fprintf(sum, "%T %s", *new(T), key)
	return base64.RawURLEncoding.EncodeToString(append(sum.Sum(nil), key...))
}

// markedKey is the key that a marker has.
func markedKey[T any](marker string) (key string, ok bool) {
	data, err := base64.RawURLEncoding.DecodeString(marker)
	if err != nil || len(data) < 4 {
		return "", false
	}
	key = string(data[4:])
	return key, markerOf[T](key) == marker
}

type filter struct {
	Name   *string
	Values []string `member:"Value"`
}

// wellFormed checks filters that an action takes and has no use for.
func wellFormed(filters []filter) error {
	for i, f := range filters {
		switch {
		case f.Name == nil:
			return missing(fmt.Sprintf("Filters.Filter.%d.Name", i+1))
		case f.Values == nil:
			return missing(fmt.Sprintf("Filters.Filter.%d.Values", i+1))
		}
	}
	return nil
}

// matchFilters keeps what matches one value of each filter. fields gives the
// value of an item for a filter's name; an unknown name is an error.
func matchFilters[T any](list []T, filters []filter, fields map[string]func(T) []string) ([]T, error) {
	if err := wellFormed(filters); err != nil {
		return nil, err
	}
	for _, f := range filters {
		field := fields[*f.Name]
		if field == nil {
			return nil, invalidValue("Unrecognized filter name: %s", *f.Name)
		}
		list = slices.DeleteFunc(slices.Clone(list), func(item T) bool {
			return !slices.ContainsFunc(field(item), func(v string) bool { return slices.Contains(f.Values, v) })
		})
	}
	return list, nil
}

// named is a list, or of it the one with a name that is given.
func named[T any](list []T, name string, find func(string) (T, error)) ([]T, error) {
	if name == "" {
		return list, nil
	}
	one, err := find(name)
	return []T{one}, err
}

// selected is the page of a list that the filters leave.
func selected[T any](list []T, filters []filter, p paging, key func(T) string, fields map[string]func(T) []string) (part []T, marker string, err error) {
	if list, err = matchFilters(list, filters, fields); err != nil {
		return nil, "", err
	}
	return page(list, p, key)
}
