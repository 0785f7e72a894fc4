package local

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// output collects what a script prints, and shows it line by line as it comes.
type output struct {
	mu       sync.Mutex
	log      func(string)
	out, err stream
	recent   []string
}

type stream struct {
	parent *output
	shown  bool
	all    bytes.Buffer
	line   bytes.Buffer
}

func newOutput(log func(string), logging *Logging) *output {
	show := Logging("stdoutAndStderr")
	if logging != nil {
		show = *logging
	}
	o := &output{log: log}
	o.out = stream{parent: o, shown: show == "stdout" || show == "stdoutAndStderr"}
	o.err = stream{parent: o, shown: show == "stderr" || show == "stdoutAndStderr"}
	return o
}

func (o *output) stdout() io.Writer { return &o.out }
func (o *output) stderr() io.Writer { return &o.err }

// Write takes output in pieces of any size.
func (s *stream) Write(piece []byte) (int, error) {
	s.parent.mu.Lock()
	defer s.parent.mu.Unlock()
	s.all.Write(piece)
	s.line.Write(piece)
	for {
		end := bytes.IndexByte(s.line.Bytes(), '\n')
		if end < 0 {
			return len(piece), nil
		}
		s.endLine(string(s.line.Next(end + 1)))
	}
}

func (s *stream) endLine(line string) {
	o := s.parent
	line = strings.TrimRight(line, "\r\n")
	if o.recent = append(o.recent, line); len(o.recent) > tailLines {
		o.recent = o.recent[1:]
	}
	if s.shown {
		o.log(line)
	}
}

// flush ends last lines that have no newline.
func (o *output) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range []*stream{&o.out, &o.err} {
		if s.line.Len() > 0 {
			s.endLine(s.line.String())
			s.line.Reset()
		}
	}
}

// tail is the last lines of both streams in the order in which they came.
func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.recent, "\n")
}

// texts are stdout and stderr, each without one final newline.
func (o *output) texts() (string, string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.TrimSuffix(o.out.all.String(), "\n"), strings.TrimSuffix(o.err.all.String(), "\n")
}
