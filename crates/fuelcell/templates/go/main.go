package main

import (
	"bufio"
	"fmt"
	"strings"

	"fuelcell"
)

// Parameters are what the submitter chooses.
type Parameters struct {
	LeastLength int `json:"leastLength" default:"0" minimum:"0" description:"Shorter words are not counted."`
}

var about = fuelcell.About{
	Title:         "Word count",
	Description:   "Counts the words of a text.",
	Inputs:        []fuelcell.InputFile{{Name: "dataset", Parameter: "datasetId", Formats: []string{"txt"}, Required: true}},
	Outputs:       []fuelcell.OutputFile{{Name: "count.txt", Kind: fuelcell.KindReport, TypeName: "WordCount"}},
	Deterministic: true,
}

func main() { fuelcell.Run(count, about) }

func count(ctx *fuelcell.Context, parameters Parameters) error {
	reader, err := ctx.Open("dataset")
	if err != nil {
		return err
	}
	defer reader.Close()
	words := 0
	var report fuelcell.Report
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		for _, word := range strings.Fields(lines.Text()) {
			if len(word) >= parameters.LeastLength {
				words++
			}
		}
		report.RecordsProcessed++
		if report.RecordsProcessed%10_000 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := ctx.Report(report); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if err := ctx.Report(report); err != nil {
		return err
	}
	text := fmt.Sprintf("%d words\n", words)
	return ctx.Save("count.txt", text, fuelcell.Artifact{TypeName: "WordCount", Title: "Number of words", Primary: true})
}
