package controls

import "testing"

func TestAreas(t *testing.T) {
	seen := map[string]string{}
	for _, a := range Areas {
		for _, id := range a.Controls {
			if _, ok := Control(id); !ok {
				t.Errorf("area %s names %s, which is no control", a.Name, id)
			}
			if other := seen[id]; other != "" {
				t.Errorf("%s is in the areas %s and %s", id, other, a.Name)
			}
			seen[id] = a.Name
		}
	}
	for _, c := range All {
		if seen[c.ID] == "" {
			t.Errorf("%s is in no area", c.ID)
		}
		if AreaOf(c.ID).Name != seen[c.ID] {
			t.Errorf("AreaOf(%s) = %q, want %q", c.ID, AreaOf(c.ID).Name, seen[c.ID])
		}
	}
	if AreaOf("no-such-control").Name != "" {
		t.Error("a control that does not exist has an area")
	}
}
