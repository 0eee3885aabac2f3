package fuelcell

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
)

// Where a cell has its files.
const (
	devicePath = "/dev/fuelcell"
	inFolder   = "/in"
	outFolder  = "/out"
	// Names that begin with a dot are not published.
	partsFolder = outFolder + "/.fuelcell/parts"
)

// device is the host of a cell: files, and a file by which a program asks for everything else.
type device struct {
	// A line and its answer belong together.
	lock  sync.Mutex
	file  io.ReadWriter
	lines *bufio.Reader
	parts int
}

// line is a line of the device: one word, and what belongs to it.
type line map[string]any

func openDevice() (*device, error) {
	file, err := os.OpenFile(devicePath, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return &device{file: file, lines: bufio.NewReader(file)}, nil
}

// say writes a line, and the bytes that come behind it.
func (device *device) say(line line, behind []byte) error {
	device.lock.Lock()
	defer device.lock.Unlock()
	return device.write(line, behind)
}

func (device *device) write(line line, behind []byte) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	if _, err = device.file.Write(append(text, '\n')); err == nil && len(behind) > 0 {
		_, err = device.file.Write(behind)
	}
	if err == nil {
		return nil
	}
	// Who was refused is told why.
	var told struct{ Refusal *HostError }
	if _, err := device.file.Write([]byte("{\"ask\":\"refusal\"}\n")); err == nil && device.read(&told) == nil && told.Refusal != nil {
		return told.Refusal
	}
	return err
}

// ask writes a line, and reads its answer.
func (device *device) ask(line line, behind []byte, answer any) error {
	device.lock.Lock()
	defer device.lock.Unlock()
	return device.exchange(line, behind, answer)
}

func (device *device) exchange(line line, behind []byte, answer any) error {
	if err := device.write(line, behind); err != nil {
		return err
	}
	return device.read(answer)
}

func (device *device) read(answer any) error {
	text, err := device.lines.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("%s gave no answer: %w", devicePath, err)
	}
	return json.Unmarshal(text, answer)
}

func (device *device) bytes(count int) ([]byte, error) {
	bytes := make([]byte, count)
	_, err := io.ReadFull(device.lines, bytes)
	return bytes, err
}

func (device *device) task() (string, error) {
	var told struct{ Task string }
	err := device.ask(line{"ask": "task"}, nil, &told)
	return told.Task, err
}

// end tells how the job ended, and whether it ended well.
func (device *device) end(end error) bool {
	said, good := line{"completion": "done"}, true
	var completion *completion
	if failure := failureOf(end); failure != nil {
		said, good = line{"failure": line{
			"code": failure.Code, "message": failure.Message, "transient": failure.Transient,
		}}, false
	} else if errors.As(end, &completion) {
		said = line{"completion": "noItems"}
		if !completion.noItems {
			said = line{"completion": line{"skipped": completion.reason}}
		}
	}
	if err := device.say(said, nil); err != nil {
		fmt.Fprintln(os.Stderr, end)
		return false
	}
	return good
}

func (device *device) parameters() ([]byte, error) { return os.ReadFile(inFolder + "/parameters.json") }

func (device *device) inputs() ([]Input, error) {
	var told struct{ Inputs []Input }
	err := device.ask(line{"ask": "inputs"}, nil, &told)
	return told.Inputs, err
}

func (device *device) open(name string) (Reader, error) { return os.Open(inFolder + "/" + name) }

func (device *device) describe(output output) error { return device.say(line{"output": output}, nil) }

// part is a file that becomes an output once it is closed.
type part struct {
	*os.File
	place string
}

func (device *device) create(name string) (io.WriteCloser, error) {
	device.lock.Lock()
	device.parts++
	number := device.parts
	device.lock.Unlock()
	if err := os.MkdirAll(partsFolder, 0o777); err != nil {
		return nil, err
	}
	file, err := os.Create(partsFolder + "/" + strconv.Itoa(number))
	if err != nil {
		return nil, err
	}
	return &part{file, outFolder + "/" + name}, nil
}

func (part *part) Close() error {
	if err := part.File.Close(); err != nil {
		return err
	}
	if err := os.MkdirAll(path.Dir(part.place), 0o777); err != nil {
		return err
	}
	return os.Rename(part.File.Name(), part.place)
}

func (device *device) progress(done, total uint64, stage string) error {
	return device.say(line{"progress": line{"done": done, "total": total, "stage": stage}}, nil)
}

func (device *device) log(level Level, stage, message string) error {
	return device.say(line{"log": line{"level": level, "stage": stage, "message": message}}, nil)
}

func (device *device) report(report Report) error { return device.say(line{"report": report}, nil) }

func (device *device) cancellation() (string, error) {
	var told struct{ Cancellation string }
	err := device.ask(line{"ask": "cancellation"}, nil, &told)
	return told.Cancellation, err
}

func (device *device) saveCheckpoint(bytes []byte) error {
	return device.say(line{"checkpoint": line{"bytes": len(bytes)}}, bytes)
}

func (device *device) loadCheckpoint() ([]byte, error) {
	device.lock.Lock()
	defer device.lock.Unlock()
	var told struct{ Bytes *int }
	if err := device.exchange(line{"ask": "checkpoint"}, nil, &told); err != nil || told.Bytes == nil {
		return nil, err
	}
	return device.bytes(*told.Bytes)
}

func (device *device) seen(keys []string) ([]bool, error) {
	if len(keys) == 0 {
		return []bool{}, nil
	}
	var told struct{ Seen []bool }
	err := device.ask(line{"seen": keys}, nil, &told)
	return told.Seen, err
}

func (device *device) mark(keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	return device.say(line{"mark": keys}, nil)
}

func (device *device) hmac(secret string, texts [][]byte) ([][]byte, error) {
	device.lock.Lock()
	defer device.lock.Unlock()
	var behind []byte
	lengths := make([]int, len(texts))
	for number, text := range texts {
		lengths[number] = len(text)
		behind = append(behind, text...)
	}
	var told struct{ Bytes int }
	said := line{"hmac": line{"secret": secret, "bytes": lengths}}
	if err := device.exchange(said, behind, &told); err != nil {
		return nil, err
	}
	bytes, err := device.bytes(told.Bytes)
	if err != nil {
		return nil, err
	}
	macs := make([][]byte, len(texts))
	for number := range macs {
		macs[number] = bytes[32*number : 32*number+32]
	}
	return macs, nil
}

func (device *device) request(request Request) (*Response, error) {
	device.lock.Lock()
	defer device.lock.Unlock()
	headers := [][2]string{}
	for name, value := range request.Header {
		headers = append(headers, [2]string{name, value})
	}
	method := request.Method
	if method == "" {
		method = "GET"
	}
	said := line{"method": method, "url": request.URL, "headers": headers, "bytes": len(request.Body)}
	if request.ConnectTimeout > 0 {
		said["connectTimeoutMilliseconds"] = request.ConnectTimeout.Milliseconds()
	}
	if request.ReadTimeout > 0 {
		said["readTimeoutMilliseconds"] = request.ReadTimeout.Milliseconds()
	}
	var told struct {
		HTTP struct {
			Status  int
			Headers [][2]string
			Bytes   int
			Error   string
		}
	}
	if err := device.exchange(line{"http": said}, request.Body, &told); err != nil {
		return nil, err
	}
	if told.HTTP.Error != "" {
		return nil, &HTTPError{told.HTTP.Error}
	}
	response := &Response{Status: told.HTTP.Status, Header: map[string]string{}}
	for _, header := range told.HTTP.Headers {
		name := strings.ToLower(header[0])
		if before, is := response.Header[name]; is {
			header[1] = before + ", " + header[1]
		}
		response.Header[name] = header[1]
	}
	var err error
	response.Body, err = device.bytes(told.HTTP.Bytes)
	return response, err
}

func (device *device) usage() (Usage, error) {
	var told struct{ Usage Usage }
	err := device.ask(line{"ask": "usage"}, nil, &told)
	return told.Usage, err
}
