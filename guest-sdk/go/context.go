package fuelcell

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// A Context is what a running job may ask for. It is a context.Context: what takes one can be cancelled with the job.
type Context struct {
	host host
	// Names of the outputs that were begun.
	made    map[string]bool
	watched sync.Once
	done    chan struct{}
}

var _ context.Context = (*Context)(nil)

var (
	errCancelled = fmt.Errorf("the job was cancelled: %w", context.Canceled)
	errDeadline  = fmt.Errorf("the deadline of this attempt is near: %w", context.DeadlineExceeded)
)

// host is what answers a context: a cell, or a test.
type host interface {
	parameters() ([]byte, error)
	inputs() ([]Input, error)
	open(name string) (Reader, error)
	describe(output output) error
	create(name string) (io.WriteCloser, error)
	progress(done, total uint64, stage string) error
	log(level Level, stage, message string) error
	report(report Report) error
	cancellation() (string, error)
	saveCheckpoint(bytes []byte) error
	loadCheckpoint() ([]byte, error)
	seen(keys []string) ([]bool, error)
	mark(keys []string) error
	hmac(secret string, texts [][]byte) ([][]byte, error)
	request(request Request) (*Response, error)
	usage() (Usage, error)
}

// An Input is a file that the job may read.
type Input struct {
	// Name is its name in the manifest; one of several has that name before it, such as lookups/zones.
	Name string `json:"name"`
	// FileName is the file's own name.
	FileName string `json:"fileName"`
	// MediaType is what the uploader said it is.
	MediaType string `json:"mediaType"`
	// Size is in bytes.
	Size int64 `json:"size"`
}

// A Reader reads an input, from its beginning or any other place.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// Inputs returns the files that the job may read.
func (ctx *Context) Inputs() ([]Input, error) { return ctx.host.inputs() }

// Open opens an input by its name in the manifest.
func (ctx *Context) Open(name string) (Reader, error) {
	reader, err := ctx.host.open(name)
	if err != nil {
		return nil, Fail("MissingInput", "There is no input %q: %v", name, err)
	}
	return reader, nil
}

// A Kind is what an output is for; the empty one follows from the name's ending.
type Kind string

// The kinds of outputs.
const (
	KindReport        Kind = "report"
	KindData          Kind = "data"
	KindModel         Kind = "model"
	KindVisualization Kind = "visualization"
)

// An Artifact is what is said of an output. What is left open follows from its name.
type Artifact struct {
	Kind      Kind
	TypeName  string
	Title     string
	MediaType string
	// Primary marks the one output that clients show first.
	Primary bool
	// FailedRecords marks the records that could not be used, which a retry can read.
	FailedRecords bool
	// RecordCount is how many records it has, where it has some.
	RecordCount *uint64
	// Accuracy is between 0 and 1, measured on data that the model had not seen.
	Accuracy *float64
}

// output is an artifact with its name, as the host reads it.
type output struct {
	Name          string   `json:"name"`
	Kind          Kind     `json:"kind,omitempty"`
	TypeName      string   `json:"type,omitempty"`
	Title         string   `json:"title,omitempty"`
	MediaType     string   `json:"mediaType,omitempty"`
	Primary       bool     `json:"primary,omitempty"`
	FailedRecords bool     `json:"failedRecords,omitempty"`
	RecordCount   *uint64  `json:"recordCount,omitempty"`
	Accuracy      *float64 `json:"accuracy,omitempty"`
}

// Create begins an output of this name, with / behind each folder. It is one once it is closed; what is not closed is thrown
// away.
func (ctx *Context) Create(name string, about ...Artifact) (io.WriteCloser, error) {
	if ctx.made[name] {
		return nil, &HostError{Code: "invalid", Message: fmt.Sprintf("the output %q was begun already", name)}
	}
	described := output{Name: name}
	for _, about := range about {
		described = output{
			name, about.Kind, about.TypeName, about.Title, about.MediaType, about.Primary, about.FailedRecords,
			about.RecordCount, about.Accuracy,
		}
	}
	if err := ctx.host.describe(described); err != nil {
		return nil, err
	}
	writer, err := ctx.host.create(name)
	if err != nil {
		return nil, err
	}
	ctx.made[name] = true
	return writer, nil
}

// Save writes an output in one go: bytes and text as they are, everything else as JSON.
func (ctx *Context) Save(name string, content any, about ...Artifact) error {
	var bytes []byte
	switch content := content.(type) {
	case []byte:
		bytes = content
	case string:
		bytes = []byte(content)
	default:
		encoded, err := json.Marshal(content)
		if err != nil {
			return err
		}
		bytes = encoded
	}
	writer, err := ctx.Create(name, about...)
	if err != nil {
		return err
	}
	if _, err := writer.Write(bytes); err != nil {
		return err
	}
	return writer.Close()
}

// Progress tells how far the job is: done of total units.
func (ctx *Context) Progress(done, total uint64, stage string) error {
	return ctx.host.progress(done, total, stage)
}

// A Level is how grave a line of the log is.
type Level string

// The levels of the log.
const (
	Debug Level = "debug"
	Info  Level = "info"
	Warn  Level = "warn"
	Error Level = "error"
)

// Log appends a line to the job's log; the message is as Sprintf has it.
func (ctx *Context) Log(level Level, stage, format string, values ...any) error {
	return ctx.host.log(level, stage, fmt.Sprintf(format, values...))
}

// A Finding is a message with the number of records that it stands for.
type Finding struct {
	// Type is a short stable word, such as DataQuality.
	Type string `json:"type"`
	// Message is a sentence for people.
	Message string `json:"message"`
	// Count is how many records it concerns.
	Count uint64 `json:"count"`
}

// A Validation is what validation found; the total is the sum of the others.
type Validation struct {
	Total             uint64 `json:"total"`
	Valid             uint64 `json:"valid"`
	DuplicatesRemoved uint64 `json:"duplicatesRemoved"`
	Invalid           uint64 `json:"invalid"`
}

// A Report is everything that results and metrics of a job show.
type Report struct {
	RecordsProcessed uint64 `json:"recordsProcessed"`
	// RecordsTotal is there once it is known.
	RecordsTotal     *uint64   `json:"recordsTotal,omitempty"`
	Errors           uint64    `json:"errors"`
	Warnings         []Finding `json:"warnings,omitempty"`
	ProcessingErrors []Finding `json:"processingErrors,omitempty"`
	// QualityScore is 0 to 100, by a formula that the module documents.
	QualityScore *float64    `json:"qualityScore,omitempty"`
	Validation   *Validation `json:"dataValidation,omitempty"`
}

// Report replaces the figures that clients see.
func (ctx *Context) Report(report Report) error { return ctx.host.report(report) }

// SaveCheckpoint keeps one value that survives hard stops and is there for the next attempt.
func (ctx *Context) SaveCheckpoint(bytes []byte) error { return ctx.host.saveCheckpoint(bytes) }

// LoadCheckpoint returns what an earlier attempt kept; nil when there is nothing.
func (ctx *Context) LoadCheckpoint() ([]byte, error) { return ctx.host.loadCheckpoint() }

// Seen says whether an earlier completed job of the same pipeline marked the key.
func (ctx *Context) Seen(key string) (bool, error) {
	seen, err := ctx.host.seen([]string{key})
	if err != nil {
		return false, err
	}
	return seen[0], nil
}

// SeenAll is Seen for up to 1,000 keys at once, which takes less time.
func (ctx *Context) SeenAll(keys []string) ([]bool, error) { return ctx.host.seen(keys) }

// Mark marks up to 1,000 keys. It counts when this job completes.
func (ctx *Context) Mark(keys ...string) error { return ctx.host.mark(keys) }

// HMAC is HMAC-SHA-256 of a text with a secret of the project, which the job does not see, as the key.
func (ctx *Context) HMAC(secret string, text []byte) ([]byte, error) {
	macs, err := ctx.host.hmac(secret, [][]byte{text})
	if err != nil {
		return nil, err
	}
	return macs[0], nil
}

// HMACAll is HMAC for up to 1,000 texts at once, which takes less time.
func (ctx *Context) HMACAll(secret string, texts [][]byte) ([][]byte, error) {
	return ctx.host.hmac(secret, texts)
}

// A Request is one over HTTP or HTTPS. A header with {{secret:NAME}} carries a secret, which the job does not see.
type Request struct {
	Method string
	URL    string
	Header map[string]string
	Body   []byte
	// ConnectTimeout and ReadTimeout can be shorter than the host's; 0 = those.
	ConnectTimeout, ReadTimeout time.Duration
}

// A Response is what came back. Nobody follows redirects.
type Response struct {
	Status int
	// Header has names in small letters, and the values of one name with ", " between.
	Header map[string]string
	Body   []byte
}

// An HTTPError is a request that nobody answered; the reason is the host's word, such as HTTP-request-denied.
type HTTPError struct{ Reason string }

func (err *HTTPError) Error() string { return "the request failed: " + err.Reason }

// Request sends a request to a host that the job was granted, and waits for the answer: it is sent when that is read. All
// goroutines wait meanwhile.
func (ctx *Context) Request(request Request) (*Response, error) { return ctx.host.request(request) }

// Usage is what this attempt used so far.
type Usage struct {
	Fuel        uint64 `json:"fuel"`
	MemoryBytes uint64 `json:"memoryBytes"`
	// ElapsedMilliseconds is not there in a deterministic job.
	ElapsedMilliseconds *uint64 `json:"elapsedMilliseconds"`
}

// Usage returns what this attempt used so far.
func (ctx *Context) Usage() (Usage, error) { return ctx.host.usage() }

// Err says whether to stop: it is nil until the job was cancelled or its deadline is near. A job that finds an error here saves
// what it needs, and returns it.
func (ctx *Context) Err() error {
	switch cancellation, err := ctx.host.cancellation(); {
	case err != nil:
		return err
	case cancellation == "user":
		return errCancelled
	case cancellation == "deadline":
		return errDeadline
	}
	return nil
}

// Done returns a channel that is closed once Err is not nil. Only one goroutine runs at a time: whoever computes and never
// waits is better off asking Err now and then.
func (ctx *Context) Done() <-chan struct{} {
	ctx.watched.Do(func() {
		ctx.done = make(chan struct{})
		go func() {
			for ctx.Err() == nil {
				time.Sleep(20 * time.Millisecond)
			}
			close(ctx.done)
		}()
	})
	return ctx.done
}

// Deadline is not known before it is near.
func (ctx *Context) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value returns nil: there are none.
func (ctx *Context) Value(any) any { return nil }
