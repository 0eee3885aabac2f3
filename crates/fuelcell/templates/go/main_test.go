package main

import (
	"strings"
	"testing"

	"fuelcell"
)

func TestCountsWords(t *testing.T) {
	host := fuelcell.NewTestHost().Parameters(`{"leastLength": 4}`).Input("dataset", "the quick brown fox\n")
	run := fuelcell.Test(host, count, about)
	if run.Failure != nil || run.Text("count.txt") != "2 words\n" || run.Report.RecordsProcessed != 1 {
		t.Fatal(run)
	}
}

func TestALengthIsANumber(t *testing.T) {
	host := fuelcell.NewTestHost().Parameters(`{"leastLength": "4"}`).Input("dataset", "")
	run := fuelcell.Test(host, count, about)
	if run.Failure == nil || !strings.Contains(run.Failure.Message, "leastLength") {
		t.Fatal(run.Failure)
	}
}
