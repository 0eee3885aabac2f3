// The jobs of the conformance suite in Go.
package main

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"fuelcell"
)

// Parameters are what the jobs are given.
type Parameters struct {
	Case  string `json:"case" enum:"echo,rows,cancel,checkpoint,processed,failure,thrown,memory,spin,disk,names,stream,secret,drawn"`
	Value any    `json:"value,omitempty"`
	Times uint32 `json:"times" default:"2" minimum:"1"`
	URL   string `json:"url,omitempty"`
}

type answer = map[string]any

var cases = map[string]func(*fuelcell.Context, Parameters) (answer, error){
	"echo": echo, "rows": rows, "cancel": cancel, "checkpoint": checkpoint, "processed": processed, "failure": failure,
	"thrown": thrown, "memory": memory, "spin": spin, "disk": disk, "names": names, "stream": stream, "secret": secret, "drawn": drawn,
}

func main() {
	fuelcell.Run(run, fuelcell.About{
		Title:  "Conformance",
		Inputs: []fuelcell.InputFile{{Name: "dataset", Parameter: "datasetId"}},
		HTTP:   &fuelcell.HTTP{Hosts: []string{"fuelcell.invalid"}, Secrets: []string{"TOKEN"}},
		HMAC:   []string{"KEY"},
	})
}

func run(ctx *fuelcell.Context, parameters Parameters) error {
	if err := ctx.Log(fuelcell.Info, "case", "begins"); err != nil {
		return err
	}
	answer, err := cases[parameters.Case](ctx, parameters)
	if err != nil {
		return err
	}
	return ctx.Save("answer.json", answer, fuelcell.Artifact{MediaType: "application/json", Primary: true})
}

func echo(_ *fuelcell.Context, parameters Parameters) (answer, error) {
	return answer{"value": parameters.Value, "times": parameters.Times}, nil
}

// lines calls for each line of the dataset behind the first.
func lines(ctx *fuelcell.Context, skipped int, each func(string) error) error {
	reader, err := ctx.Open("dataset")
	if err != nil {
		return err
	}
	defer reader.Close()
	scanner := bufio.NewScanner(reader)
	for number := 0; scanner.Scan(); number++ {
		if number < skipped {
			continue
		}
		if err := each(scanner.Text()); err != nil {
			return err
		}
	}
	return scanner.Err()
}

func rows(ctx *fuelcell.Context, _ Parameters) (answer, error) {
	var total, invalid, count uint64
	var kept strings.Builder
	err := lines(ctx, 1, func(line string) error {
		name, amount, _ := strings.Cut(line, ",")
		total++
		number, err := strconv.ParseUint(amount, 10, 32)
		switch {
		case err != nil:
			invalid++
		case number > 10:
			fmt.Fprintf(&kept, "%s;%d\n", name, number)
			count++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := ctx.Save("rows.csv", kept.String(), fuelcell.Artifact{MediaType: "text/csv", RecordCount: &count}); err != nil {
		return nil, err
	}
	err = ctx.Report(fuelcell.Report{
		RecordsProcessed: total, RecordsTotal: &total,
		Warnings:   []fuelcell.Finding{{Type: "DataQuality", Message: "An amount is no number.", Count: invalid}},
		Validation: &fuelcell.Validation{Total: total, Valid: total - invalid, Invalid: invalid},
	})
	return answer{"total": total, "kept": count}, err
}

func cancel(ctx *fuelcell.Context, _ Parameters) (answer, error) {
	for done := uint64(0); ; done++ {
		if err := ctx.Progress(done, 1_000_000_000, "Waiting"); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func checkpoint(ctx *fuelcell.Context, _ Parameters) (answer, error) {
	kept, err := ctx.LoadCheckpoint()
	if err != nil || kept != nil {
		return answer{"kept": string(kept)}, err
	}
	if err := ctx.SaveCheckpoint([]byte("half")); err != nil {
		return nil, err
	}
	return nil, fuelcell.Temporary("Later", "The first attempt gives up.")
}

func processed(ctx *fuelcell.Context, _ Parameters) (answer, error) {
	var fresh []string
	err := lines(ctx, 1, func(line string) error {
		name, _, _ := strings.Cut(line, ",")
		seen, err := ctx.Seen(name)
		if err != nil || seen {
			return err
		}
		fresh = append(fresh, name)
		return ctx.Mark(name)
	})
	if err == nil && fresh == nil {
		err = fuelcell.NoItems
	}
	return answer{"fresh": fresh}, err
}

func failure(*fuelcell.Context, Parameters) (answer, error) {
	return nil, fuelcell.Fail("MissingColumn", "Line 3 has no column “case”.")
}

func thrown(_ *fuelcell.Context, parameters Parameters) (answer, error) {
	missing := parameters.Value.(map[string]any)["missing"]
	return answer{"missing": missing}, nil
}

func memory(*fuelcell.Context, Parameters) (answer, error) {
	var held [][]byte
	for {
		piece := make([]byte, 8_000_000)
		for at := range piece {
			piece[at] = 'x'
		}
		held = append(held, piece)
	}
}

func spin(*fuelcell.Context, Parameters) (answer, error) {
	for {
	}
}

func disk(ctx *fuelcell.Context, _ Parameters) (answer, error) {
	out, err := ctx.Create("large.txt")
	for err == nil {
		_, err = out.Write([]byte("more\n"))
	}
	return nil, err
}

func names(ctx *fuelcell.Context, _ Parameters) (answer, error) {
	return answer{"written": true}, ctx.Save("Übersicht/zwölf ✓ 日本.txt", "kept")
}

func stream(ctx *fuelcell.Context, _ Parameters) (answer, error) {
	file, err := ctx.Create("lines.txt")
	if err != nil {
		return nil, err
	}
	out := bufio.NewWriterSize(file, 64<<10)
	count, characters := 0, 0
	err = lines(ctx, 0, func(line string) error {
		count++
		characters += utf8.RuneCountInString(line)
		_, err := out.WriteString(line + "!\n")
		return err
	})
	return answer{"lines": count, "characters": characters}, errors.Join(err, out.Flush(), file.Close())
}

func secret(ctx *fuelcell.Context, parameters Parameters) (answer, error) {
	response, err := ctx.Request(fuelcell.Request{
		Method: "POST", URL: parameters.URL + "/a?b=1", Body: []byte(`{"x": 1}`),
		Header: map[string]string{"authorization": "Bearer {{secret:TOKEN}}"},
	})
	if err != nil {
		return nil, err
	}
	var refused []string
	for _, other := range []string{"https://example.com/", "https://fuelcell.invalid/"} {
		_, err := ctx.Request(fuelcell.Request{URL: other})
		var failed *fuelcell.HTTPError
		if errors.As(err, &failed) {
			refused = append(refused, failed.Reason)
		}
	}
	mac, err := ctx.HMAC("KEY", []byte("text"))
	return answer{
		"status": response.Status, "kind": response.Header["x-kind"], "text": string(response.Body), "refused": refused,
		"mac": hex.EncodeToString(mac),
	}, err
}

func drawn(*fuelcell.Context, Parameters) (answer, error) {
	bytes := make([]byte, 8)
	_, err := rand.Read(bytes)
	return answer{"drawn": hex.EncodeToString(bytes), "time": time.Now().Unix()}, err
}
