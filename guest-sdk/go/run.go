// Package fuelcell is for jobs of Fuelcell in Go. It has no dependencies but the standard library.
//
// A job is a program with a function of a context and parameters:
//
//	func main() { fuelcell.Run(count, fuelcell.About{Title: "Word count"}) }
//
// In a cell the program speaks with its host by /dev/fuelcell, and reads and writes files. In tests a TestHost stands there.
package fuelcell

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// describing is the variable that has a program print its manifest outside of a cell: `fuelcell build` asks so, which takes less
// time than to compile it for a cell.
const describing = "FUELCELL_DESCRIBE"

// Run is what main calls: it runs the job with the parameters of its submitter, and tells how it ended. Asked for its manifest
// on its author's machine, it tells that instead.
func Run[P any](job func(*Context, P) error, about ...About) {
	device, err := openDevice()
	if err != nil && os.Getenv(describing) != "" {
		text, err := Manifest[P](about...)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(text)
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "a job runs in a cell only: `fuelcell run` starts it in one, `go test` with a TestHost:", err)
		os.Exit(1)
	}
	if task, err := device.task(); err == nil && task == "describe" {
		if err := describe[P](device, about); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if !device.end(guarded(device, job)) {
		os.Exit(1)
	}
}

func describe[P any](device *device, about []About) error {
	manifest, err := manifestOf[P](about)
	if err != nil {
		return err
	}
	return device.say(line{"manifest": manifest}, nil)
}

// guarded runs the job, and makes a failure of what it does not catch.
func guarded[P any](host host, job func(*Context, P) error) (end error) {
	defer func() {
		if reason := recover(); reason != nil {
			end = &Failure{Code: "Panic", Message: fmt.Sprintf("%v at %s", reason, placeOfPanic())}
		}
	}()
	parameters, err := parametersOf[P](host.parameters())
	if err != nil {
		return &Failure{Code: "InvalidParameters", Message: err.Error()}
	}
	return job(&Context{host: host, made: map[string]bool{}}, parameters)
}

// placeOfPanic is the file and line in the author's code where a panic began.
func placeOfPanic() string {
	places := make([]uintptr, 64)
	frames := runtime.CallersFrames(places[:runtime.Callers(2, places)])
	begun := false
	for {
		frame, more := frames.Next()
		if begun && !strings.HasPrefix(frame.Function, "runtime.") {
			return fmt.Sprintf("%s:%d", frame.File, frame.Line)
		}
		begun = begun || frame.Function == "runtime.gopanic"
		if !more {
			return "an unknown place"
		}
	}
}

// A Failure is how a job fails with a code of its own.
type Failure struct {
	// Code is a short stable word, such as MissingColumn.
	Code string
	// Message is a sentence for people: what was wrong, where, what is allowed.
	Message string
	// Transient says that trying again later can help. The host queues another attempt, a few times at most.
	Transient bool
}

func (failure *Failure) Error() string { return failure.Message }

// Fail makes a failure; the message is as Sprintf has it.
func Fail(code, format string, values ...any) *Failure {
	return &Failure{Code: code, Message: fmt.Sprintf(format, values...)}
}

// Temporary makes a failure that another attempt may not meet.
func Temporary(code, format string, values ...any) *Failure {
	failure := Fail(code, format, values...)
	failure.Transient = true
	return failure
}

// completion is how a job ends well without having done its work.
type completion struct {
	noItems bool
	reason  string
}

func (completion *completion) Error() string {
	if completion.noItems {
		return "there was nothing new to process"
	}
	return completion.reason
}

// NoItems is what a job returns that found nothing new to process.
var NoItems error = &completion{noItems: true}

// Skipped is what a job returns that decided not to run.
func Skipped(reason string) error { return &completion{reason: reason} }

// A HostError is a call of the host that was not served.
type HostError struct {
	// Code is limit, invalid or storage.
	Code string `json:"code"`
	// Message says what was wrong, and what is allowed.
	Message string `json:"message"`
}

func (err *HostError) Error() string { return err.Message }

// failureOf is the failure that an error stands for; none for an end that is good.
func failureOf(end error) *Failure {
	var failure *Failure
	var host *HostError
	var good *completion
	switch {
	case end == nil || errors.As(end, &good):
		return nil
	case errors.As(end, &failure):
		// What was wrapped around it is told, too.
		return &Failure{Code: failure.Code, Message: end.Error(), Transient: failure.Transient}
	case errors.As(end, &host):
		code := map[string]string{"limit": "HostLimit", "storage": "Storage"}[host.Code]
		if code == "" {
			code = "InvalidRequest"
		}
		return &Failure{Code: code, Message: end.Error(), Transient: host.Code == "storage"}
	case errors.Is(end, errCancelled), errors.Is(end, errDeadline):
		return &Failure{Code: "Cancelled", Message: end.Error()}
	}
	return &Failure{Code: "Error", Message: end.Error()}
}
