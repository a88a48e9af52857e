package console

import "strings"

// browserName says which browser and system a session is in, from what the
// browser calls itself. It only helps people to know their own: anybody can
// claim anything.
func browserName(agent string) string {
	name := first(agent, [][2]string{
		{"Firefox/", "Firefox"}, {"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	})
	system := first(agent, [][2]string{
		{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Mac OS", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	})
	switch {
	case name == "" && system == "":
		return "an unknown browser"
	case system == "":
		return name
	case name == "":
		return "a browser on " + system
	}
	return name + " on " + system
}

func first(text string, of [][2]string) string {
	for _, o := range of {
		if strings.Contains(text, o[0]) {
			return o[1]
		}
	}
	return ""
}
