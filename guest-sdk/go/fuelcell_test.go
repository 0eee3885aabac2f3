package fuelcell

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

type parameters struct {
	Case    string          `json:"case" enum:"echo,count" description:"Which job."`
	Times   uint32          `json:"times" default:"2" minimum:"1"`
	Ratio   *float64        `json:"ratio"`
	Words   []string        `json:"words,omitempty"`
	Value   json.RawMessage `json:"value,omitempty"`
	Any     any             `json:"any,omitempty"`
	Nested  nested          `json:"nested,omitzero"`
	private int
}

type nested struct {
	Deep int64 `json:"deep" default:"-1"`
}

func TestManifestFollowsFromTypes(t *testing.T) {
	manifest, err := Manifest[parameters](About{
		Title: "T", Inputs: []InputFile{{Name: "dataset", Parameter: "datasetId", Required: true}},
		HTTP: &HTTP{Hosts: []string{"api.example.com"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Interface  string
		Parameters struct {
			Properties map[string]map[string]any
			Required   []string
		}
		HTTP struct{ Hosts, Secrets []string }
	}
	if err := json.Unmarshal([]byte(manifest), &read); err != nil {
		t.Fatal(err)
	}
	times := read.Parameters.Properties["times"]
	if times["minimum"] != 1.0 || times["maximum"] != 4294967295.0 || times["default"] != 2.0 {
		t.Fatal(manifest)
	}
	if strings.Join(read.Parameters.Required, " ") != "case" || read.Interface != "0.1" {
		t.Fatal(manifest)
	}
	if read.HTTP.Hosts[0] != "api.example.com" || read.HTTP.Secrets == nil {
		t.Fatal(manifest)
	}
	for _, wrong := range []error{
		manifestErr[map[string]int](), manifestErr[struct{ F func() }](), manifestErr[struct{ M map[int]int }](),
		manifestErr[struct {
			N int `minimum:"few"`
		}](),
	} {
		if wrong == nil {
			t.Fatal("what cannot be a parameter is one")
		}
	}
}

func manifestErr[P any]() error {
	_, err := Manifest[P]()
	return err
}

func TestParametersHaveDefaultsAndAllDigits(t *testing.T) {
	host := NewTestHost().Parameters(`{"case": "echo", "any": 18446744073709551615}`)
	run := Test(host, func(ctx *Context, p parameters) error {
		if p.Times != 2 || p.Nested.Deep != -1 || p.Ratio != nil {
			t.Error(p)
		}
		return ctx.Save("any.json", p.Any)
	})
	if run.Failure != nil || run.Text("any.json") != "18446744073709551615" {
		t.Fatal(run.Failure, run.Outputs)
	}
	run = Test(NewTestHost().Parameters(`{"times": "2"}`), func(*Context, parameters) error { return nil })
	if run.Failure == nil || run.Failure.Code != "InvalidParameters" || !strings.Contains(run.Failure.Message, "times") {
		t.Fatal(run.Failure)
	}
}

func count(ctx *Context, p struct{}) error {
	reader, err := ctx.Open("dataset")
	if err != nil {
		return err
	}
	defer reader.Close()
	var report Report
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		seen, err := ctx.Seen(lines.Text())
		if err != nil {
			return err
		}
		if !seen {
			report.RecordsProcessed++
			if err := ctx.Mark(lines.Text()); err != nil {
				return err
			}
		}
	}
	if report.RecordsProcessed == 0 {
		return NoItems
	}
	if err := ctx.Report(report); err != nil {
		return err
	}
	return ctx.Save("count.json", report.RecordsProcessed, Artifact{Primary: true})
}

func TestAJobReadsAndWrites(t *testing.T) {
	about := About{Outputs: []OutputFile{{Name: "other.json"}}}
	run := Test(NewTestHost().Input("dataset", "a\nb\n").Processed("a"), count, about)
	if run.Failure != nil || run.Text("count.json") != "1" || run.Report.RecordsProcessed != 1 || run.Marked[0] != "b" {
		t.Fatal(run)
	}
	if !run.Described["count.json"].Primary || run.Undeclared[0] != "count.json" {
		t.Fatal(run)
	}
	if run := Test(NewTestHost().Input("dataset", "a\n").Processed("a"), count); !run.NoItems || run.Failure != nil {
		t.Fatal(run)
	}
	if run := Test(NewTestHost(), count); run.Failure.Code != "MissingInput" {
		t.Fatal(run.Failure)
	}
}

func TestEndsAreTold(t *testing.T) {
	end := func(end error) *TestRun {
		return Test(NewTestHost(), func(*Context, struct{}) error { return end })
	}
	if failure := end(Temporary("Later", "in %d s", 3)).Failure; failure.Code != "Later" || failure.Message != "in 3 s" || !failure.Transient {
		t.Fatal(failure)
	}
	if failure := end(errors.New("plain")).Failure; failure.Code != "Error" || failure.Message != "plain" {
		t.Fatal(failure)
	}
	if failure := end(&HostError{"storage", "no"}).Failure; failure.Code != "Storage" || !failure.Transient {
		t.Fatal(failure)
	}
	if run := end(Skipped("it is Sunday")); run.Skipped != "it is Sunday" || run.Failure != nil {
		t.Fatal(run)
	}
	panicked := Test(NewTestHost(), func(_ *Context, p struct{ Names []string }) error {
		p.Names[3] = "x"
		return nil
	}).Failure
	if panicked.Code != "Panic" || !strings.Contains(panicked.Message, "index out of range") || !strings.Contains(panicked.Message, "fuelcell_test.go:15") {
		t.Fatal(panicked)
	}
}

func TestACancelledJobIsCancelledEverywhere(t *testing.T) {
	run := Test(NewTestHost().Cancelled(), func(ctx *Context, _ struct{}) error {
		<-ctx.Done()
		below, stop := context.WithCancel(ctx)
		defer stop()
		<-below.Done()
		return ctx.Err()
	})
	if run.Failure.Code != "Cancelled" {
		t.Fatal(run.Failure)
	}
}

func TestRequestsAndSecretsAreThoseOfTheTest(t *testing.T) {
	host := NewTestHost().Secret("TOKEN", "t").Secret("KEY", "a key").
		Answer("https://api.example.com/", Response{Status: 200, Body: []byte("ok")})
	run := Test(host, func(ctx *Context, _ struct{}) error {
		header := map[string]string{"authorization": "Bearer {{secret:TOKEN}}"}
		answer, err := ctx.Request(Request{URL: "https://api.example.com/", Header: header})
		if err != nil || string(answer.Body) != "ok" {
			t.Error(answer, err)
		}
		if _, err := ctx.Request(Request{URL: "https://other.example.com/"}); err == nil {
			t.Error("another host answers")
		}
		mac, err := ctx.HMAC("KEY", []byte("text"))
		if err != nil || len(mac) != 32 || mac[0] != 0x6c {
			t.Error(mac, err)
		}
		_, err = ctx.HMAC("NONE", nil)
		return err
	})
	if run.Failure.Code != "InvalidRequest" || len(run.Requests) != 2 {
		t.Fatal(run)
	}
}

func TestNoKeysAreNoQuestion(t *testing.T) {
	var said bytes.Buffer
	for name, host := range map[string]host{
		"a cell": &device{file: &said, lines: bufio.NewReader(&said)},
		"a test": &TestHost{run: &TestRun{}},
	} {
		ctx := &Context{host: host}
		if seen, err := ctx.SeenAll(nil); err != nil || seen == nil || len(seen) != 0 {
			t.Error(name, seen, err)
		}
		if err := ctx.Mark(); err != nil {
			t.Error(name, err)
		}
	}
	if said.Len() > 0 {
		t.Error(said.String())
	}
}
