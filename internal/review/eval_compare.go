package review

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AtMost asks for a duration that is not longer.
func (e *Eval) AtMost(name string, limit time.Duration) Truth {
	return e.compare(name, "at most "+DurationText(limit), func(d any) bool {
		v, ok := d.(time.Duration)
		return ok && v <= limit
	})
}

// AtLeastOf asks for a duration that is not shorter than another one.
func (e *Eval) AtLeastOf(name, other string) Truth {
	limit, counts := e.value(other)
	e.log.note(e.qualified(other), limit, "")
	if counts.Presence != Known {
		return Truth{unknownTruth, []Fact{{Name: e.qualified(other), Value: limit, Says: other + " is unknown"}}}
	}
	least, _ := counts.Data.(time.Duration)
	return e.compare(name, "at least "+other+" ("+DurationText(least)+")", func(d any) bool {
		v, ok := d.(time.Duration)
		return ok && v >= least
	})
}

// Count asks for a number between least and most, both included.
func (e *Eval) Count(name string, least, most int) Truth {
	wanted := "at least " + strconv.Itoa(least)
	switch {
	case least == most:
		wanted = strconv.Itoa(most)
	case least <= 0:
		wanted = "at most " + strconv.Itoa(most)
	}
	return e.compare(name, wanted, func(d any) bool {
		n, ok := d.(int)
		if list, isList := d.([]string); isList {
			n, ok = len(list), true
		}
		return ok && n >= least && n <= most
	})
}

// AtLeast asks for a number that is not smaller.
func (e *Eval) AtLeast(name string, least int) Truth { return e.Count(name, least, int(^uint(0)>>1)) }

// Within asks for a time no longer ago than age, seen from the snapshot. A
// time that is not set is not within anything.
func (e *Eval) Within(name string, age time.Duration) Truth {
	return e.at(name, "within "+DurationText(age), func(t time.Time) bool { return !t.Before(e.run.snapshot.Taken.Add(-age)) })
}

// Before asks for a time longer ago than age, seen from the snapshot.
func (e *Eval) Before(name string, age time.Duration) Truth {
	return e.at(name, "more than "+DurationText(age)+" ago", func(t time.Time) bool { return t.Before(e.run.snapshot.Taken.Add(-age)) })
}

// Future asks for a time after the snapshot's.
func (e *Eval) Future(name string) Truth {
	return e.at(name, "in the future", func(t time.Time) bool { return t.After(e.run.snapshot.Taken) })
}

func (e *Eval) at(name, wanted string, test func(time.Time) bool) Truth {
	if shown, _ := e.value(name); shown.Presence == Unset {
		e.log.note(e.qualified(name), shown, wanted)
		return truthOf(false, Fact{Name: e.qualified(name), Value: shown, Wanted: wanted, Says: name + " is not set"})
	}
	return e.compare(name, wanted, func(d any) bool {
		t, ok := d.(time.Time)
		return ok && test(t)
	})
}

// Empty asks for a list without entries.
func (e *Eval) Empty(name string) Truth {
	return e.compare(name, "empty", func(d any) bool { return length(d) == 0 })
}

// NotEmpty asks for a list with an entry.
func (e *Eval) NotEmpty(name string) Truth {
	return e.compare(name, "not empty", func(d any) bool { return length(d) > 0 })
}

func length(d any) int {
	switch list := d.(type) {
	case []string:
		return len(list)
	case []Key:
		return len(list)
	}
	return 0
}

// Contains asks for a list with one entry.
func (e *Eval) Contains(name, entry string) Truth {
	return e.compare(name, "contains "+entry, func(d any) bool {
		list, _ := d.([]string)
		return slices.Contains(list, entry)
	})
}

// SubsetOf asks for a list with no entries but these.
func (e *Eval) SubsetOf(name string, entries ...string) Truth {
	return e.compare(name, "only "+textOf(entries), func(d any) bool {
		list, _ := d.([]string)
		return subset(list, entries)
	})
}

// Exactly asks for a list with these entries, in any order.
func (e *Eval) Exactly(name string, entries ...string) Truth {
	return e.compare(name, textOf(entries), func(d any) bool {
		list, _ := d.([]string)
		return subset(list, entries) && subset(entries, list)
	})
}

// SubsetOfValue asks for a list with no entries but those of another value.
func (e *Eval) SubsetOfValue(name, other string) Truth {
	shown, counts := e.value(other)
	e.log.note(e.qualified(other), shown, "")
	if counts.Presence != Known {
		return If(e.Empty(name), e.Empty(name), Truth{unknownTruth, []Fact{{Name: e.qualified(other), Value: shown, Says: other + " is unknown"}}})
	}
	entries, _ := counts.Data.([]string)
	return e.compare(name, "only entries of "+other, func(d any) bool {
		list, _ := d.([]string)
		return subset(list, entries)
	})
}

func subset(list, of []string) bool {
	for _, s := range list {
		if !slices.Contains(of, s) {
			return false
		}
	}
	return true
}

// EveryItem asks that nothing be wrong with any entry of a list, or with a
// word. Wrong says what is wrong with an entry, or "" if it is sound; wanted
// says in words what an entry must be.
func (e *Eval) EveryItem(name, wanted string, wrong func(entry string) string) Truth {
	var complaints []string
	t := e.compare(name, wanted, func(d any) bool {
		list, isList := d.([]string)
		if word, ok := d.(string); ok {
			list = []string{word}
		}
		for i, entry := range list {
			switch says := wrong(entry); {
			case says == "":
			case isList:
				complaints = append(complaints, fmt.Sprintf("entry %d of %s, %q, %s", i+1, name, entry, says))
			default:
				complaints = append(complaints, fmt.Sprintf("%s, %q, %s", name, entry, says))
			}
		}
		return len(complaints) == 0
	})
	if t.Fails() {
		t.facts[0].Says = strings.Join(complaints, "; ")
	}
	return t
}
