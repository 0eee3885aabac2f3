package fuelcell

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A TestHost stands in for a cell in tests: it gives a job what a test says, and keeps what the job makes.
type TestHost struct {
	text       []byte
	files      []testFile
	secrets    map[string]string
	answers    map[string]Response
	marked     map[string]bool
	checkpoint []byte
	cancelled  string
	run        *TestRun
}

type testFile struct {
	Input
	bytes []byte
}

// A TestRun is what a job made.
type TestRun struct {
	// Failure is why it failed; nil when it did not.
	Failure *Failure
	// NoItems says that it found nothing new; Skipped why it did not run.
	NoItems bool
	Skipped string
	// Outputs are those that were closed, by name.
	Outputs map[string][]byte
	// Described is what was said of outputs, by name.
	Described map[string]Artifact
	// Report is the latest.
	Report Report
	// Log has lines such as "info stage: message".
	Log []string
	// Marked are the keys that it marked.
	Marked []string
	// Requests are those that it sent; headers have the names of secrets, not the secrets.
	Requests []Request
	// Checkpoint is what it kept last.
	Checkpoint []byte
	// Undeclared are outputs that the manifest does not declare, where it declares some.
	Undeclared []string
}

// Text is an output as text; empty where there is none.
func (run *TestRun) Text(name string) string { return string(run.Outputs[name]) }

// NewTestHost is a host without inputs, and with no parameters.
func NewTestHost() *TestHost {
	return &TestHost{
		text: []byte("{}"), secrets: map[string]string{}, answers: map[string]Response{}, marked: map[string]bool{},
	}
}

// Parameters sets them, as JSON text or as a value that becomes JSON.
func (host *TestHost) Parameters(parameters any) *TestHost {
	switch parameters := parameters.(type) {
	case string:
		host.text = []byte(parameters)
	default:
		text, err := json.Marshal(parameters)
		if err != nil {
			panic(err)
		}
		host.text = text
	}
	return host
}

// Input adds a file under its name in the manifest.
func (host *TestHost) Input(name, content string) *TestHost {
	input := Input{Name: name, FileName: name, MediaType: "application/octet-stream", Size: int64(len(content))}
	host.files = append(host.files, testFile{input, []byte(content)})
	return host
}

// Secret grants a secret, to requests and to HMAC.
func (host *TestHost) Secret(name, value string) *TestHost {
	host.secrets[name] = value
	return host
}

// Answer is what a request to this URL gets; all others are refused.
func (host *TestHost) Answer(url string, response Response) *TestHost {
	host.answers[url] = response
	return host
}

// Processed marks keys as earlier jobs did.
func (host *TestHost) Processed(keys ...string) *TestHost {
	for _, key := range keys {
		host.marked[key] = true
	}
	return host
}

// Checkpoint is what an earlier attempt kept.
func (host *TestHost) Checkpoint(bytes []byte) *TestHost {
	host.checkpoint = bytes
	return host
}

// Cancelled has the job cancelled from the beginning.
func (host *TestHost) Cancelled() *TestHost {
	host.cancelled = "user"
	return host
}

// Test runs a job on the host, with what its module says of itself.
func Test[P any](host *TestHost, job func(*Context, P) error, about ...About) *TestRun {
	host.run = &TestRun{Outputs: map[string][]byte{}, Described: map[string]Artifact{}}
	run := host.run
	if _, err := manifestOf[P](about); err != nil {
		run.Failure = &Failure{Code: "Manifest", Message: err.Error()}
		return run
	}
	end := guarded(host, job)
	run.Failure = failureOf(end)
	var good *completion
	if is, ok := end.(*completion); ok {
		good = is
		run.NoItems, run.Skipped = good.noItems, good.reason
	}
	for _, about := range about {
		declared := func(name string) bool {
			return slices.ContainsFunc(about.Outputs, func(output OutputFile) bool { return output.Name == name })
		}
		for name := range run.Outputs {
			if len(about.Outputs) > 0 && !declared(name) {
				run.Undeclared = append(run.Undeclared, name)
			}
		}
	}
	slices.Sort(run.Undeclared)
	return run
}

// Manifest is what the module says of itself, as JSON.
func Manifest[P any](about ...About) (string, error) {
	manifest, err := manifestOf[P](about)
	if err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(manifest, "", "  ")
	return string(text), err
}

func (host *TestHost) parameters() ([]byte, error) { return host.text, nil }

func (host *TestHost) inputs() ([]Input, error) {
	inputs := []Input{}
	for _, file := range host.files {
		inputs = append(inputs, file.Input)
	}
	return inputs, nil
}

type testReader struct{ *bytes.Reader }

func (testReader) Close() error { return nil }

func (host *TestHost) open(name string) (Reader, error) {
	for _, file := range host.files {
		if file.Name == name {
			return testReader{bytes.NewReader(file.bytes)}, nil
		}
	}
	return nil, fmt.Errorf("the test has none")
}

func (host *TestHost) describe(output output) error {
	if err := checkName(output.Name); err != nil {
		return err
	}
	for name, described := range host.run.Described {
		if output.Primary && described.Primary && name != output.Name {
			return &HostError{"invalid", "another output is the primary one already"}
		}
	}
	host.run.Described[output.Name] = Artifact{
		output.Kind, output.TypeName, output.Title, output.MediaType, output.Primary, output.FailedRecords,
		output.RecordCount, output.Accuracy,
	}
	return nil
}

// checkName refuses what no output can be named; a server refuses a few names more.
func checkName(name string) error {
	for _, part := range strings.Split(name, "/") {
		if part == "" || len(part) > 255 || len(name) > 1024 || strings.ContainsAny(part, "\\:*?\"<>|\x00\n\r\t") ||
			strings.Trim(part, " .") != part {
			return &HostError{"invalid", fmt.Sprintf("%q cannot be the name of an output", name)}
		}
	}
	return nil
}

type testWriter struct {
	bytes.Buffer
	run  *TestRun
	name string
}

func (writer *testWriter) Close() error {
	writer.run.Outputs[writer.name] = writer.Bytes()
	return nil
}

func (host *TestHost) create(name string) (io.WriteCloser, error) {
	return &testWriter{run: host.run, name: name}, nil
}

func (host *TestHost) progress(uint64, uint64, string) error { return nil }

func (host *TestHost) log(level Level, stage, message string) error {
	host.run.Log = append(host.run.Log, fmt.Sprintf("%s %s: %s", level, stage, message))
	return nil
}

func (host *TestHost) report(report Report) error {
	host.run.Report = report
	return nil
}

func (host *TestHost) cancellation() (string, error) {
	if host.cancelled == "" {
		return "none", nil
	}
	return host.cancelled, nil
}

func (host *TestHost) saveCheckpoint(bytes []byte) error {
	host.checkpoint = slices.Clone(bytes)
	host.run.Checkpoint = host.checkpoint
	return nil
}

func (host *TestHost) loadCheckpoint() ([]byte, error) { return host.checkpoint, nil }

func (host *TestHost) seen(keys []string) ([]bool, error) {
	seen := make([]bool, len(keys))
	for number, key := range keys {
		seen[number] = host.marked[key]
	}
	return seen, nil
}

func (host *TestHost) mark(keys []string) error {
	host.run.Marked = append(host.run.Marked, keys...)
	return nil
}

func (host *TestHost) hmac(secret string, texts [][]byte) ([][]byte, error) {
	key, is := host.secrets[secret]
	if !is {
		return nil, &HostError{"invalid", fmt.Sprintf("the secret %q is not granted", secret)}
	}
	macs := [][]byte{}
	for _, text := range texts {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write(text)
		macs = append(macs, mac.Sum(nil))
	}
	return macs, nil
}

func (host *TestHost) request(request Request) (*Response, error) {
	host.run.Requests = append(host.run.Requests, request)
	response, is := host.answers[request.URL]
	if !is {
		return nil, &HTTPError{"HTTP-request-denied"}
	}
	for _, value := range request.Header {
		_, rest, names := strings.Cut(value, "{{secret:")
		name, _, _ := strings.Cut(rest, "}}")
		if _, granted := host.secrets[name]; names && !granted {
			return nil, &HTTPError{"HTTP-request-denied"}
		}
	}
	return &response, nil
}

func (host *TestHost) usage() (Usage, error) { return Usage{}, nil }

var _ host = (*TestHost)(nil)
