package jose

import (
	"fmt"
	"strings"
	"testing"
)

func TestOneObject(t *testing.T) {
	rows := []struct {
		name, data string
		want       bool
	}{
		{"empty object", `{}`, true},
		{"whitespace", " {\r\n\t\"a\" : 1 } \n", true},
		{"same name at two depths", `{"a":{"a":{"a":1}}}`, true},
		{"same name in two siblings", `{"x":{"a":1},"y":{"a":1},"z":[{"a":1},{"a":1}]}`, true},
		{"name as a value", `{"a":"b","b":"a","c":["a","b"]}`, true},
		{"structure in a string", `{"a":"{\"b\":1,\"b\":2}","c":"\\"}`, true},
		{"names that end in a backslash", `{"a\\":1,"a":2}`, true},
		{"512 members", members512, true},

		{"nothing", ``, false},
		{"whitespace only", " \n", false},
		{"list", `[{}]`, false},
		{"string", `"{}"`, false},
		{"null", `null`, false},
		{"two objects", `{}{}`, false},
		{"text behind", `{}x`, false},
		{"trailing comma", `{"a":1,}`, false},
		{"unfinished", `{"a":1`, false},
		{"comment", `{/**/}`, false},
		{"byte order mark", "\ufeff{}", false},
		{"not UTF-8", "{\"a\":\"\xff\"}", false},
		{"duplicate", `{"a":1,"a":1}`, false},
		{"duplicate with whitespace", `{"a":1,"a" :1}`, false},
		{"duplicate apart", `{"a":{"b":[{}]},"c":[1,{"a":2}],"a":1}`, false},
		{"duplicate deep", `{"x":[{"y":{"a":1,"a":2}}]}`, false},
		{"duplicate by escape", `{"sub":1,"\u0073ub":2}`, false},
		{"duplicate quote", `{"a\"":1,"a\u0022":2}`, false},
		{"duplicate empty name", `{"":1,"":2}`, false},
		{"duplicate but for case", `{"sub":1,"SUB":2}`, false},
		{"duplicate but for the Kelvin sign", `{"kid":1,"` + "\u212a" + `id":2}`, false},
		{"duplicate half surrogates", `{"\ud800":1,"\ud801":2}`, false},
		{"513 members", `{"x":0,` + members512[1:], false},
		{"513 members deep", `{"a":[{"x":0,` + members512[1:] + `]}`, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := oneObject([]byte(row.data)); got != row.want {
				t.Errorf("oneObject(%.60q) = %v", row.data, got)
			}
		})
	}
}

// members512 is an object with as many members as one may have.
var members512 = func() string {
	list := make([]string, maxMembers)
	for i := range list {
		list[i] = fmt.Sprintf(`"m%d":0`, i)
	}
	return "{" + strings.Join(list, ",") + "}"
}()
