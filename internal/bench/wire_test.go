package bench

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// wire is one connection that is kept open. It speaks as much HTTP/1.1 as the
// servers here answer, and costs a fifth of net/http's client: the generator
// must not be what is measured.
type wire struct {
	conn net.Conn
	host string
	in   *bufio.Reader
	out  []byte
	body []byte
}

// answer is what came back; body is good until the next request.
type answer struct {
	status   int
	location string
	body     []byte
}

// patience is how long an answer may take: a password may wait long for its turn.
const patience = time.Minute

// connect opens a connection to a server on this machine.
func connect(url string) (*wire, error) {
	host := strings.TrimPrefix(url, "http://")
	if !strings.HasPrefix(host, "127.") {
		return nil, fmt.Errorf("no load goes to %s: only to this machine", url)
	}
	conn, err := net.DialTimeout("tcp", host, patience)
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, host: host, in: bufio.NewReaderSize(conn, 16<<10)}, nil
}

func (w *wire) close() { _ = w.conn.Close() }

// get asks for a path. Header is lines that end in CRLF, or empty.
func (w *wire) get(path, header string) (answer, error) {
	w.out = append(w.out[:0], "GET "+path+" HTTP/1.1\r\nHost: "+w.host+"\r\n"+header+"\r\n"...)
	return w.exchange()
}

// post sends a form.
func (w *wire) post(path, header, form string) (answer, error) {
	w.out = append(w.out[:0], "POST "+path+" HTTP/1.1\r\nHost: "+w.host+"\r\n"+header+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "...)
	w.out = strconv.AppendInt(w.out, int64(len(form)), 10)
	w.out = append(w.out, "\r\n\r\n"+form...)
	return w.exchange()
}

func (w *wire) exchange() (a answer, err error) {
	if err := w.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return a, err
	}
	if _, err := w.conn.Write(w.out); err != nil {
		return a, err
	}
	line, err := w.line()
	if err != nil {
		return a, err
	}
	if len(line) < 12 {
		return a, fmt.Errorf("no status line: %q", line)
	}
	if a.status, err = strconv.Atoi(line[9:12]); err != nil {
		return a, err
	}
	length := 0
	for {
		line, err := w.line()
		if err != nil {
			return a, err
		}
		if line == "" {
			break
		}
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "Content-Length":
			if length, err = strconv.Atoi(value); err != nil {
				return a, err
			}
		case "Location":
			a.location = value
		case "Transfer-Encoding":
			return a, fmt.Errorf("an answer in chunks is not understood here")
		}
	}
	if cap(w.body) < length {
		w.body = make([]byte, length)
	}
	a.body = w.body[:length]
	_, err = io.ReadFull(w.in, a.body)
	return a, err
}

func (w *wire) line() (string, error) {
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

// member takes the text of a member out of the JSON of an answer. None of ours
// has an escape in it.
func (a answer) member(name string) string {
	_, rest, found := strings.Cut(string(a.body), `"`+name+`":"`)
	value, _, whole := strings.Cut(rest, `"`)
	if !found || !whole {
		return ""
	}
	return value
}

// unless gives an error that shows the answer, if its status is not the wanted
// one.
func (a answer) unless(status int) error {
	if a.status == status {
		return nil
	}
	return fmt.Errorf("status %d, want %d: %.200s", a.status, status, a.body)
}
