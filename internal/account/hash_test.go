package account

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
)

const phrase = "correct horse battery staple"

// Each hash was made by somebody else: the schemes' specifications and reference
// implementations, passlib 1.7.4 and Django 5.2.7.
func TestImport(t *testing.T) {
	b64 := func(digest string) string {
		b, err := hex.DecodeString(digest)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawStdEncoding.EncodeToString(b)
	}
	for _, c := range []struct{ name, scheme, password, hash string }{
		{"argon2 reference", "argon2id", "password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"},
		{"argon2 passlib", "argon2id", phrase, "$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gAwJW5vx5itn2V9KHlEUjyUCrpDYgKyQf0gMaHGx1h4"},
		{"argon2 Django", "argon2id", phrase, "argon2$argon2id$v=19$m=64,t=2,p=2$c2Vhc2FsdGFuZHBlcHBlcg$8xYSHdFq2J6MMzU/ND7IPZFBghhX76MaYwQz0RDfFAk"},
		{"bcrypt crypt_blowfish 2a", "bcrypt", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
		{"bcrypt crypt_blowfish empty", "bcrypt", "", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"},
		{"bcrypt passlib 2b", "bcrypt", phrase, "$2b$04$R.RyRSM5xvIwlJWDF9I4IOX6RgxhXiDD/irK3t5H4zOvg7CsVoBUW"},
		{"bcrypt passlib 2y", "bcrypt", phrase, "$2y$04$AAOyJKUSi8Pq2n4zNviJS.UCuLd45mdZjEyuObIDsy7CmoVaZ52Yi"},
		{"bcrypt Django", "bcrypt", phrase, "bcrypt$$2b$04$3Xo45chZfyrGT5WT/D4GWOsGU0igFe/rs0hVzGNDLjGkWuhgRytau"},
		{"bcrypt of exactly 72 bytes", "bcrypt", strings.Repeat("a", 72), "$2b$04$g4bGZZmfYiybLT8FJtJXiejudmcjLCKTUoa3iBJ6zk8NqD/NCrIIC"},
		{"scrypt RFC 7914 §12", "scrypt", "password", "$scrypt$ln=10,r=8,p=16$TmFDbA$" +
			b64("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")},
		{"scrypt passlib", "scrypt", phrase, "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$0Pz6RuN9WCY6OfE3FYH5Myx0JqvNjul84VbFyWLBf4g"},
		{"scrypt Django", "scrypt", phrase, "scrypt$16$seasaltandpepper$8$5$Ak/13ytoyY3OaynDPP1zTOOn8szX5EdlMlJKW/wCI2cIvfd7tFUCVP1gZBEUFOJmsyYnrH9Bt6vhAwoUae2CBA=="},
		{"pbkdf2-sha256 known answer", "pbkdf2-sha256", "password", "$pbkdf2-sha256$i=4096,l=32$c2FsdA$" +
			b64("c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a")},
		{"pbkdf2-sha512 known answer", "pbkdf2-sha512", "password", "$pbkdf2-sha512$i=1$c2FsdA$" +
			b64("867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce")},
		{"pbkdf2-sha256 passlib", "pbkdf2-sha256", phrase, "$pbkdf2-sha256$1000$8PHy8/T19vf4.fr7/P3./w$0A35jjZ8X.jm/Nj9sc4uzmU/RqA2wljSyf5enbVFSOY"},
		{"pbkdf2-sha512 passlib", "pbkdf2-sha512", phrase, "$pbkdf2-sha512$1000$8PHy8/T19vf4.fr7/P3./w$7Ny4dUakS7JIZAfjYpLQGSZsWvUihs7A6xXDgyqRrc3BkpXb3nL1/MvPpT3VxDAwU6FzpGn1KkCfA3fC7/680Q"},
		{"pbkdf2-sha256 Django", "pbkdf2-sha256", phrase, "pbkdf2_sha256$1000$seasaltandpepper$OX+zb7HXxZp2MBtwdeNTuh/jGCm5YXcIgVvU14QvQuQ="},
		{"pbkdf2-sha512 Django", "pbkdf2-sha512", phrase, "pbkdf2_sha512$1000$seasaltandpepper$a4XdRTYcSy1hS76CXiNdgRqiYswALjHTNHmrdXtVMO7Eie8JuSHmBgZFcP6iiu5EyVwCbHCfVbOOUoNMtYpggQ=="},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := ParseHash(c.hash)
			if err != nil || h.Scheme() != c.scheme {
				t.Fatalf("ParseHash: %v, %v", h, err)
			}
			if ok, err := VerifyPassword(c.hash, c.password); !ok || err != nil {
				t.Errorf("right password: %v, %v", ok, err)
			}
			for _, wrong := range []string{c.password + "x", c.password + "\x00", "x" + c.password} {
				if ok, err := VerifyPassword(c.hash, wrong); ok || err != nil {
					t.Errorf("%q: %v, %v", wrong, ok, err)
				}
			}
		})
	}
}

// bcrypt reads 72 bytes and begins again after a zero byte: neither may let
// another password in.
func TestBcryptIsNotTruncated(t *testing.T) {
	const seventyTwo = "$2b$04$g4bGZZmfYiybLT8FJtJXiejudmcjLCKTUoa3iBJ6zk8NqD/NCrIIC"
	if ok, _ := VerifyPassword(seventyTwo, strings.Repeat("a", 73)); ok {
		t.Error("73 bytes pass for 72")
	}
	if ok, _ := VerifyPassword("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U\x00U*U"); ok {
		t.Error("a password repeated after a zero byte passes")
	}
}

func TestParseHashRefusals(t *testing.T) {
	const salt, digest = "MDEyMzQ1Njc4OWFiY2RlZg", "gAwJW5vx5itn2V9KHlEUjyUCrpDYgKyQf0gMaHGx1h4"
	argon := func(params string) string { return "$argon2id$v=19$" + params + "$" + salt + "$" + digest }
	if _, err := ParseHash(argon("m=64,t=2,p=1")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, hash string
		want       error
	}{
		{"empty", "", ErrHashScheme},
		{"plain text", "hunter2", ErrHashScheme},
		{"hex digest", "5f4dcc3b5aa765d61d8327deb882cf99", ErrHashScheme},
		{"argon2i", "$argon2i$v=19$m=64,t=2,p=1$" + salt + "$" + digest, ErrHashScheme},
		{"bcrypt 2x", "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", ErrHashScheme},
		{"bcrypt_sha256", "bcrypt_sha256$$2b$04$4RzwGackNTWIH8LD5PNvjuA3vOjEDzbmRmDzhul7.R0WcO96CDlXC", ErrHashScheme},
		{"yescrypt", "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7", ErrHashScheme},
		{"crypt sha512", "$6$salt$digest", ErrHashScheme},
		{"too long", argon("m=64,t=2,p=1") + strings.Repeat("A", 512), ErrHashSyntax},
		{"argon2 version 16", "$argon2id$v=16$m=64,t=2,p=1$" + salt + "$" + digest, ErrHashSyntax},
		{"argon2 without version", "$argon2id$m=64,t=2,p=1$" + salt + "$" + digest, ErrHashSyntax},
		{"parameter missing", argon("m=64,t=2"), ErrHashSyntax},
		{"parameter twice", argon("m=64,m=64,t=2,p=1"), ErrHashSyntax},
		{"parameter unknown", argon("m=64,t=2,p=1,keyid=x"), ErrHashSyntax},
		{"no passes", argon("m=64,t=0,p=1"), ErrHashSyntax},
		{"no lanes", argon("m=64,t=2,p=0"), ErrHashSyntax},
		{"256 lanes", argon("m=65536,t=2,p=256"), ErrHashSyntax},
		{"too little memory", argon("m=7,t=2,p=1"), ErrHashSyntax},
		{"signed number", argon("m=+64,t=2,p=1"), ErrHashSyntax},
		{"leading zero", argon("m=064,t=2,p=1"), ErrHashSyntax},
		{"number beyond 31 bits", argon("m=4294967360,t=2,p=1"), ErrHashSyntax},
		{"short argon2 salt", "$argon2id$v=19$m=64,t=2,p=1$c2FsdA$" + digest, ErrHashSyntax},
		{"no salt", "$pbkdf2-sha256$i=1000$$" + digest, ErrHashSyntax},
		{"digest of one byte", "$argon2id$v=19$m=64,t=2,p=1$" + salt + "$gA", ErrHashSyntax},
		{"digest missing", "$argon2id$v=19$m=64,t=2,p=1$" + salt, ErrHashSyntax},
		{"padding", "$argon2id$v=19$m=64,t=2,p=1$" + salt + "==$" + digest, ErrHashSyntax},
		{"line break inside", "$argon2id$v=19$m=64,t=2,p=1$" + salt + "$\n" + digest, ErrHashSyntax},
		{"bits behind the last byte", strings.TrimSuffix(argon("m=64,t=2,p=1"), "4") + "5", ErrHashSyntax},
		{"a part too many", argon("m=64,t=2,p=1$x"), ErrHashSyntax},
		{"bcrypt cost 3", "$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", ErrHashSyntax},
		{"bcrypt cost in letters", "$2a$ab$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", ErrHashSyntax},
		{"bcrypt cut", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe", ErrHashSyntax},
		{"bcrypt alphabet", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe+", ErrHashSyntax},
		{"scrypt n no power of two", "scrypt$17$salt$8$5$" + digest + "=", ErrHashSyntax},
		{"scrypt r zero", "$scrypt$ln=4,r=0,p=1$" + salt + "$" + digest, ErrHashSyntax},
		{"scrypt ln 31", "$scrypt$ln=31,r=8,p=1$" + salt + "$" + digest, ErrHashSyntax},
		{"pbkdf2 length that lies", "$pbkdf2-sha256$i=1000,l=16$" + salt + "$" + digest, ErrHashSyntax},
		{"pbkdf2-sha256 digest of 64 bytes", "$pbkdf2-sha256$i=1000$" + salt + "$" + strings.Repeat("A", 86), ErrHashSyntax},
		{"pbkdf2 no rounds", "$pbkdf2-sha256$i=0$" + salt + "$" + digest, ErrHashSyntax},
		{"argon2 memory bomb", argon("m=2097152,t=1,p=1"), ErrHashCost},
		{"argon2 time bomb", argon("m=64,t=2147483647,p=1"), ErrHashCost},
		{"bcrypt 15", "$2a$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", ErrHashCost},
		{"scrypt 2^18", "$scrypt$ln=18,r=8,p=1$" + salt + "$" + digest, ErrHashCost},
		{"scrypt r bomb", "$scrypt$ln=1,r=2147483647,p=2147483647$" + salt + "$" + digest, ErrHashCost},
		{"scrypt p bomb", "$scrypt$ln=1,r=1,p=1073741823$" + salt + "$" + digest, ErrHashCost},
		{"pbkdf2 bomb", "$pbkdf2-sha256$i=2147483647$" + salt + "$" + digest, ErrHashCost},
		{"pbkdf2-sha512 bomb", "pbkdf2_sha512$2000000$salt$" + digest + "=", ErrHashCost},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := ParseHash(c.hash); !errors.Is(err, c.want) {
				t.Errorf("ParseHash(%q) = %v, want %v", c.hash, err, c.want)
			}
			if _, err := VerifyPassword(c.hash, "x"); !errors.Is(err, c.want) {
				t.Errorf("VerifyPassword: %v, want %v", err, c.want)
			}
		})
	}
	for _, affordable := range []string{
		"$2a$14$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "$scrypt$ln=17,r=8,p=1$" + salt + "$" + digest,
		"pbkdf2_sha256$1200000$salt$" + digest + "=", argon("m=65536,t=3,p=4"),
	} {
		if _, err := ParseHash(affordable); err != nil {
			t.Errorf("%s: %v", affordable, err)
		}
	}
}

func FuzzParseHash(f *testing.F) {
	for _, seed := range []string{
		"$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gAwJW5vx5itn2V9KHlEUjyUCrpDYgKyQf0gMaHGx1h4",
		"argon2$argon2id$v=19$m=64,t=2,p=2$c2Vhc2FsdGFuZHBlcHBlcg$8xYSHdFq2J6MMzU/ND7IPZFBghhX76MaYwQz0RDfFAk",
		"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$0Pz6RuN9WCY6OfE3FYH5Myx0JqvNjul84VbFyWLBf4g",
		"scrypt$16$seasaltandpepper$8$5$Ak/13ytoyY3OaynDPP1zTOOn8szX5EdlMlJKW/wCI2cIvfd7tFUCVP1gZBEUFOJmsyYnrH9Bt6vhAwoUae2CBA==",
		"$pbkdf2-sha256$1000$8PHy8/T19vf4.fr7/P3./w$0A35jjZ8X.jm/Nj9sc4uzmU/RqA2wljSyf5enbVFSOY",
		"$pbkdf2-sha512$i=1,l=64$c2FsdA$hn9wzxreAs/zdSWZo6U9xK80x6ZpgVrl1RNVThyM8lLALUcKKFoFAbrZmb/pQ8CPBQI119aLHaVeY/c7YKV/zg",
		"pbkdf2_sha256$1000$seasaltandpepper$OX+zb7HXxZp2MBtwdeNTuh/jGCm5YXcIgVvU14QvQuQ=", "$$$$", "$2a$",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseHash(text)
		if err != nil {
			return
		}
		work, memory := h.scheme.cost()
		if work < 0 || work >= maxWork || memory > maxMemoryKiB {
			t.Fatalf("%q costs %v and %d KiB", text, work, memory)
		}
		if w := h.Cost(DefaultParams); w.Work < 0 || w.Work > 40 || w.Memory < 1 || w.Memory > 7 {
			t.Fatalf("%q weighs %+v", text, w)
		}
		if work > maxWork/500 || memory > 4096 {
			return // possible, but too slow to try thousands of times
		}
		_, _ = VerifyPassword(text, "x") // must not panic
		if a, ok := h.scheme.(argon2id); ok {
			if again, err := ParseHash(a.text()); err != nil || !reflect.DeepEqual(again, h) {
				t.Fatalf("%q is written as %q, which reads as %+v, %v", text, a.text(), again, err)
			}
		}
	})
}
