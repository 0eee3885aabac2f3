//! Every step, on rows that show what it does.

use data_enrichment::Job;
use fuelcell_sdk::testing::{TestHost, TestRun};
use serde_json::{Value, json};

fn run(file: &str, steps: Value) -> TestRun {
    TestHost::new().parameters(json!({"steps": steps})).input("dataset", "table.csv", file).run::<Job>()
}

/// The enriched file, line by line.
fn enriched(file: &str, steps: Value) -> Vec<String> {
    let run = run(file, steps);
    assert!(run.end.is_ok(), "{:?}", run.end);
    let report = run.report.as_ref().and_then(|report| report.validation).expect("rows are accounted for");
    assert_eq!(report.total, report.valid + report.duplicates_removed + report.invalid);
    run.text("enriched.csv").expect("there is a file").lines().map(String::from).collect()
}

fn rejected(file: &str, steps: Value) -> Vec<String> {
    let run = run(file, steps);
    assert!(run.end.is_ok(), "{:?}", run.end);
    run.text("rejected.csv").unwrap_or_default().lines().map(String::from).collect()
}

fn refused(file: &str, steps: Value) -> String {
    let failure = run(file, steps).end.expect_err("the steps are refused");
    assert!(["InvalidParameter", "InvalidParameters"].contains(&failure.code.as_str()), "{failure:?}");
    failure.message
}

const ORDERS: &str = "id,region,amount,day,note\n1,north,10.25,2024-01-31, a  b \n2,south,2.50,2024-02-01,\n3,north,,2024-02-02,c\n4,,7.00,,=1+1\n";

#[test]
fn without_steps_types_are_cleaned() {
    let lines = enriched("a;b;c\n1,50;yes;2024-01-31 24:00\n2;no;\n", json!([]));
    assert_eq!(lines, ["a,b,c", "1.50,true,2024-02-01T00:00:00", "2.00,false,"]);
}

#[test]
fn columns_are_chosen_named_and_ordered() {
    let first = |steps| enriched(ORDERS, steps).swap_remove(0);
    assert_eq!(first(json!([{"select": {"columns": ["amount", "id"]}}])), "amount,id");
    assert_eq!(first(json!([{"drop": {"columns": ["note", "day"]}}])), "id,region,amount");
    assert_eq!(first(json!([{"rename": {"columns": {"id": "order"}}}])), "order,region,amount,day,note");
    assert_eq!(first(json!([{"reorder": {"columns": ["day"]}}])), "day,id,region,amount,note");
    let message = refused(ORDERS, json!([{"drop": {"columns": ["Amount"]}}]));
    assert!(message.contains("steps/0/drop") && message.contains("Is \"amount\" meant?"), "{message}");
    assert!(refused(ORDERS, json!([{"rename": {"columns": {"id": "day"}}}])).contains("\"day\""));
}

#[test]
fn values_are_cast_and_what_does_not_fit_is_dealt_with_as_asked() {
    const FILE: &str = "id,amount\n1,10\n2,abc\n3,N/A\n4,2.5\n";
    let cast =
        |on_error: &str| json!([{"cast": {"column": "amount", "type": "decimal", "onError": on_error}}]);
    assert_eq!(enriched(FILE, cast("reject")), ["id,amount", "1,10.0", "3,", "4,2.5"]);
    assert_eq!(enriched(FILE, cast("null")), ["id,amount", "1,10.0", "2,", "3,", "4,2.5"]);
    assert_eq!(enriched(FILE, cast("keep")), ["id,amount", "1,10.0", "2,abc", "3,", "4,2.5"]);
    let lines = rejected(FILE, cast("reject"));
    assert_eq!(
        lines,
        ["line,column,rule,reason,row,id,amount", "3,amount,steps/0/cast,The value is no decimal(1),,2,abc"]
    );
    assert_eq!(
        enriched("a\n1.00\n2.50\n", json!([{"cast": {"column": "a", "type": "integer"}}])),
        ["a", "1"]
    );
}

#[test]
fn times_are_parsed_as_said() {
    let parse = |file: &str, step: Value| enriched(file, json!([{"parseTimes": step}]));
    let years =
        parse("t\n31/12/69\n01/01/68\n", json!({"column": "t", "formats": ["%d/%m/%y"], "pivotYear": 1969}));
    assert_eq!(years, ["t", "1969-12-31T00:00:00Z", "2068-01-01T00:00:00Z"]);
    let local = parse(
        "t\n2024-07-01 12:00\n2024-01-01T12:00:00+05:00\n",
        json!({"column": "t", "timeZone": "Europe/Berlin"}),
    );
    assert_eq!(local, ["t", "2024-07-01T10:00:00Z", "2024-01-01T07:00:00Z"]);
    assert_eq!(
        parse("t\n1706745600\n", json!({"column": "t", "unit": "seconds"}))[1],
        "2024-02-01T00:00:00Z"
    );
    assert_eq!(parse("t\n45323.5\n", json!({"column": "t", "unit": "excelDays"}))[1], "2024-02-01T12:00:00Z");
    let message = refused("t\n31/12/69\n", json!([{"parseTimes": {"column": "t", "formats": ["%d/%m/%y"]}}]));
    assert!(message.contains("pivotYear"), "{message}");
    let mixed = "t\n24/03/2024 09:15\n2024-03-01\nnever\n";
    assert_eq!(
        parse(mixed, json!({"column": "t", "onError": "null"})),
        ["t", "2024-03-24T09:15:00Z", "2024-03-01T00:00:00Z", "\"\""]
    );
}

#[test]
fn texts_are_cleaned_and_mapped() {
    assert_eq!(enriched("a\n\"  x  y \"\n", json!([{"trim": {}}])), ["a", "x  y"]);
    let titled = enriched("a\nmc  DONALD's\n", json!([{"normalise": {"columns": ["a"], "case": "title"}}]));
    assert_eq!(titled, ["a", "Mc Donald's"]);
    let wide = enriched("a\nＡ１\n", json!([{"normalise": {"unicode": "nfkc", "case": "lower"}}]));
    assert_eq!(wide, ["a", "a1"]);
    let mapped = json!([{"map": {"column": "region", "values": {"north": "N", "": "none"}, "into": "short"}}, {"select": {"columns": ["short"]}}]);
    assert_eq!(enriched(ORDERS, mapped), ["short", "N", "south", "N", "none"]);
    let split = json!([{"split": {"column": "a", "separator": "-", "into": ["x", "y"]}}]);
    assert_eq!(enriched("a\np-q-r\ns\n", split), ["a,x,y", "p-q-r,p,q-r", "s,s,"]);
    let join = json!([{"join": {"columns": ["id", "region"], "into": "key", "separator": "/"}}, {"select": {"columns": ["key"]}}]);
    assert_eq!(enriched(ORDERS, join), ["key", "1/north", "2/south", "3/north", "4"]);
    let extract =
        json!([{"extract": {"column": "a", "pattern": "([A-Z]+)-([0-9]+)", "into": ["area", "number"]}}]);
    assert_eq!(enriched("a\nAB-12\nx\n", extract), ["a,area,number", "AB-12,AB,12", "x,,"]);
}

#[test]
fn spellings_are_found_and_replaced_only_when_asked() {
    const CITIES: &str = "city\nNew York\nNew York\nnew  york\n\"York, New\"\nBerlin\n";
    let cluster = |apply| json!([{"cluster": {"column": "city", "apply": apply}}]);
    assert_eq!(
        enriched(CITIES, cluster(true)),
        ["city", "New York", "New York", "New York", "New York", "Berlin"]
    );
    assert_eq!(enriched(CITIES, cluster(false))[3], "new  york");
    let profile: Value =
        serde_json::from_str(run(CITIES, cluster(false)).text("profile.json").unwrap()).unwrap();
    assert!(profile["notes"].to_string().contains("could replace"), "{}", profile["notes"]);
}

#[test]
fn missing_values_are_filled() {
    const FILE: &str = "g,v\na,1\na,\na,3\nb,10\nb,\nb,10\nb,20\n";
    let fill =
        |with: &str| enriched(FILE, json!([{"fill": {"column": "v", "with": with, "groupBy": ["g"]}}]));
    assert_eq!(fill("mean"), ["g,v", "a,1", "a,2", "a,3", "b,10", "b,13", "b,10", "b,20"]);
    assert_eq!(fill("median"), ["g,v", "a,1", "a,2", "a,3", "b,10", "b,10", "b,10", "b,20"]);
    assert_eq!(fill("mode"), ["g,v", "a,1", "a,1", "a,3", "b,10", "b,10", "b,10", "b,20"]);
    assert_eq!(fill("previous"), ["g,v", "a,1", "a,1", "a,3", "b,10", "b,10", "b,10", "b,20"]);
    let value = json!([{"fill": {"column": "v", "with": "value", "value": 0}}]);
    assert_eq!(enriched(FILE, value)[2], "a,0");
    assert!(
        refused(FILE, json!([{"fill": {"column": "v", "with": "value", "value": "x"}}]))
            .contains("is no integer")
    );
    let exact = json!([{"fill": {"column": "v", "with": "mean"}}]);
    assert_eq!(enriched("v\n1.25\n\n2.75\n", exact.clone()).len(), 3, "a blank line is no row");
    assert_eq!(enriched("k,v\n1,1.25\n2,\n3,2.75\n", exact), ["k,v", "1,1.25", "2,2.00", "3,2.75"]);
}

#[test]
fn columns_are_derived_and_rows_filtered_by_expressions() {
    let derive = json!([{"derive": {"column": "double", "expression": "amount * 2", "type": "decimal"}}, {"select": {"columns": ["id", "double"]}}]);
    assert_eq!(enriched(ORDERS, derive), ["id,double", "1,20.500000", "2,5.000000", "3,", "4,14.000000"]);
    let untyped = json!([{"derive": {"column": "m", "expression": "substr(day, 1, 7)"}}, {"derive": {"column": "n", "expression": "length(region)"}}, {"bin": {"column": "n", "into": "size", "edges": [3]}}, {"select": {"columns": ["m", "n", "size"]}}]);
    assert_eq!(
        enriched(ORDERS, untyped),
        ["m,n,size", "2024-01,5,≥ 3", "2024-02,5,≥ 3", "2024-02,5,≥ 3", ",,"]
    );
    let filter = json!([{"filter": {"expression": "region = 'north' AND amount IS NOT NULL"}}, {"select": {"columns": ["id"]}}]);
    assert_eq!(enriched(ORDERS, filter), ["id", "1"]);
    assert!(
        refused(ORDERS, json!([{"filter": {"expression": "nowhere = 1"}}]))
            .contains("no such column: nowhere")
    );
    assert!(
        refused(ORDERS, json!([{"filter": {"expression": "1); DROP TABLE x; --"}}]))
            .contains("steps/0/filter")
    );
}

#[test]
fn numbers_are_binned_and_ranked() {
    let bin = json!([{"bin": {"column": "v", "into": "b", "edges": [10, 20], "labels": ["s", "m", "l"]}}]);
    assert_eq!(enriched("v\n9\n10\n25\nNULL\n", bin), ["v,b", "9,s", "10,m", "25,l", ","]);
    let rank = |method: &str| json!([{"rank": {"column": "v", "into": "r", "order": "descending", "method": method}}]);
    const FILE: &str = "k,v\na,1\nb,5\nc,5\nd,\n";
    assert_eq!(enriched(FILE, rank("standard")), ["k,v,r", "a,1,3", "b,5,1", "c,5,1", "d,,"]);
    assert_eq!(enriched(FILE, rank("dense"))[1], "a,1,2");
    assert_eq!(enriched(FILE, rank("rowNumber"))[3], "c,5,2");
}

#[test]
fn of_equal_rows_one_stays() {
    const FILE: &str = "id,at,v\n1,2024-01-02,a\n1,2024-01-03,b\n2,2024-01-01,c\n1,2024-01-01,d\n";
    let keep = |keep: Value| enriched(FILE, json!([{"deduplicate": keep}]));
    assert_eq!(keep(json!({"keys": ["id"]})), ["id,at,v", "1,2024-01-02,a", "2,2024-01-01,c"]);
    assert_eq!(
        keep(json!({"keys": ["id"], "keep": "last"})),
        ["id,at,v", "2,2024-01-01,c", "1,2024-01-01,d"]
    );
    assert_eq!(keep(json!({"keys": ["id"], "keep": "newest", "by": "at"}))[1], "1,2024-01-03,b");
    let run = run("a,b\n1,x\n1,x\n1,\n1,\n", json!([{"deduplicate": {}}]));
    assert_eq!(run.report.unwrap().validation.unwrap().duplicates_removed, 2);
}

#[test]
fn other_tables_are_looked_up() {
    let with = |step: Value| {
        TestHost::new()
            .parameters(json!({"steps": [{"lookup": step}]}))
            .input("dataset", "orders.csv", "id,customer\n1,a\n2,b\n3,z\n4,\n")
            .input("lookups/customers", "customers.csv", "key,segment\na,large\nb,small\nc,small\nc,large\n")
            .run::<Job>()
    };
    let step = |missing: &str| json!({"table": "customers", "on": {"customer": "key"}, "take": ["segment"], "missing": missing});
    let run = with(step("null"));
    assert_eq!(
        run.text("enriched.csv"),
        Some("id,customer,segment\n1,a,large\n2,b,small\n3,z,\n4,,\n"),
        "{:?}",
        run.end
    );
    let run = with(step("reject"));
    assert_eq!(run.text("enriched.csv"), Some("id,customer,segment\n1,a,large\n2,b,small\n"));
    assert!(
        run.text("rejected.csv")
            .unwrap()
            .contains("4,customer,steps/0/lookup,lookups/customers has no such row,,3,z")
    );
    let run = with(step("warn"));
    assert_eq!(run.report.unwrap().warnings[0].count, 2);
    assert!(
        with(json!({"table": "absent", "on": {"customer": "key"}, "take": ["segment"]}))
            .end
            .unwrap_err()
            .message
            .contains("customers")
    );
}

#[test]
fn a_lookup_that_would_multiply_rows_is_refused() {
    let with = |fan_out: &str| {
        TestHost::new()
            .parameters(json!({"steps": [{"lookup": {"table": "t", "on": {"k": "k"}, "take": ["v"], "fanOut": fan_out}}]}))
            .input("dataset", "a.csv", "k\n1\n1\n2\n")
            .input("lookups/t", "t.csv", "k,v\n1,x\n1,y\n2,z\n")
            .run::<Job>()
    };
    let message = with("refuse").end.unwrap_err().message;
    assert!(message.contains("2 rows have several matches"), "{message}");
    assert_eq!(with("first").text("enriched.csv"), Some("k,v\n1,x\n1,x\n2,z\n"));
}

#[test]
fn values_are_hidden() {
    let hide = |file: &str, step: Value| enriched(file, json!([{"anonymise": step}]));
    assert_eq!(hide("p\nabcdef\n", json!({"column": "p", "method": "mask", "keep": 2})), ["p", "****ef"]);
    assert_eq!(hide("p\n37\n", json!({"column": "p", "method": "generalise", "width": 10})), ["p", "30"]);
    assert_eq!(hide("p\n80331\n", json!({"column": "p", "method": "mask", "keep": 0})), ["p", "*****"]);
    assert_eq!(
        hide("p\n2024-02-29\n", json!({"column": "p", "method": "generalise", "width": 7})),
        ["p", "2024-02-29"]
    );
}

fn hidden(file: &str, key: &str, steps: Value) -> TestRun {
    let host = TestHost::new().parameters(json!({"steps": steps})).secret("PSEUDONYMS", key);
    host.input("dataset", "table.csv", file).run::<Job>()
}

fn profile_of(run: &TestRun) -> Value {
    serde_json::from_str(run.text("profile.json").expect("there is a profile")).expect("it is JSON")
}

#[test]
fn pseudonyms_are_those_of_the_secret() {
    // `printf %s 'what do ya want for nothing?' | openssl dgst -sha256 -hmac Jefe`, which is test case 2 of RFC 4231.
    const FILE: &str = "who,v\nwhat do ya want for nothing?,1\n,2\nann,3\nwhat do ya want for nothing?,4\n";
    let steps = json!([{"anonymise": {"column": "who", "method": "hash"}}]);
    let text = |key: &str| {
        let run = hidden(FILE, key, steps.clone());
        run.text("enriched.csv").unwrap_or_else(|| panic!("{:?}", run.end)).to_string()
    };
    let lines: Vec<String> = text("Jefe").lines().map(String::from).collect();
    assert_eq!(lines[1], "5bdcc146bf60754e6a042426089575c7,1");
    assert_eq!(
        (lines[2].as_str(), &lines[4][..32]),
        (",2", &lines[1][..32]),
        "missing stays missing, equal stays equal"
    );
    assert_ne!(lines[3][..32], lines[1][..32]);
    assert_ne!(text("other").lines().nth(1), Some(lines[1].as_str()));
    let run = hidden(FILE, "Jefe", steps.clone());
    for name in ["report.html", "profile.json", "dictionary.json"] {
        assert!(!run.text(name).unwrap().contains("want for nothing"), "{name} tells who is meant");
    }
    assert_eq!(profile_of(&run)["reidentification"], Value::Null, "nobody asked");
    // Without the grant nothing is read.
    let failure = run_without_secret(&steps);
    assert_eq!(failure.code, "SecretNotGranted");
    assert!(
        failure.message.starts_with("steps/0/anonymise cannot use the secret \"PSEUDONYMS\""),
        "{}",
        failure.message
    );
}

fn run_without_secret(steps: &Value) -> fuelcell_sdk::Failure {
    let host = TestHost::new().parameters(json!({"steps": steps}));
    let run = host.input("dataset", "table.csv", "no table: \"").run::<Job>();
    run.end.expect_err("there is no secret")
}

#[test]
fn times_move_by_case_and_intervals_stay() {
    const FILE: &str = "c,at,born\n1,2024-03-01T10:00:00Z,1980-01-01\n1,2024-03-05T12:30:00Z,1980-01-01\n2,2024-03-01T10:00:00Z,1980-01-01\n,2024-03-01T10:00:00Z,\n";
    let shift = |column: &str| json!({"anonymise": {"column": column, "method": "shiftDates", "key": "c", "days": 30}});
    let steps = json!([
        shift("at"), shift("born"),
        {"derive": {"column": "moved", "expression": "julianday(date(at)) - julianday('2024-03-01')", "type": "integer"}},
        {"derive": {"column": "born_moved", "expression": "julianday(born) - julianday('1980-01-01')", "type": "integer"}},
        {"derive": {"column": "clock", "expression": "time(at)"}},
        {"select": {"columns": ["c", "moved", "born_moved", "clock"]}},
    ]);
    let run = hidden(FILE, "key", steps);
    let text = run.text("enriched.csv").unwrap_or_else(|| panic!("{:?}", run.end));
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let days = |row: usize, column: usize| rows[row][column].parse::<i64>().expect("it is a number");
    assert_eq!(days(1, 1) - days(0, 1), 4, "within a case the interval stays: {text}");
    assert_eq!((days(0, 2), days(1, 2), days(2, 2)), (days(0, 1), days(0, 1), days(2, 1)), "{text}");
    assert_ne!(days(0, 1), days(2, 1), "cases move apart: {text}");
    for row in [0, 2] {
        assert!((1..=30).contains(&days(row, 1).abs()), "{text}");
    }
    assert_eq!((rows[0][3], rows[1][3]), ("10:00:00", "12:30:00"));
    assert_eq!(rows[3], ["", "", "", ""], "without a key there is no time");
    let warning = &run.report.as_ref().unwrap().warnings[0];
    assert_eq!((warning.kind.as_str(), warning.count), ("NoKey", 1));
    let refused = |step: Value| hidden(FILE, "key", json!([{"anonymise": step}])).end.unwrap_err().message;
    assert!(refused(json!({"column": "at", "method": "shiftDates"})).contains("key says"));
    assert!(refused(json!({"column": "c", "method": "shiftDates", "key": "at"})).contains("type integer"));
}

#[test]
fn what_is_left_of_the_risk_is_computed() {
    const FILE: &str =
        "zip,age,v\n80331,31,1\n80331,38,2\n80335,33,3\n80339,35,4\n80999,36,5\n10115,62,6\n10117,,7\n";
    let steps = |named: Value| {
        json!([
            {"cast": {"column": "zip", "type": "text"}},
            {"anonymise": {"column": "zip", "method": "generalise", "width": 2, "quasiIdentifiers": named}},
            {"anonymise": {"column": "age", "method": "generalise", "width": 10}},
        ])
    };
    let risk = |steps: Value| profile_of(&run(FILE, steps))["reidentification"].clone();
    // (80, 30) five times; (10, 60) and (10, none) once.
    let both = json!({"columns": ["zip", "age"], "groups": 3, "smallestGroup": 1, "rowsInSmallGroups": 2, "shareInSmallGroups": 2.0 / 7.0, "exact": true});
    assert_eq!(risk(steps(json!([]))), both);
    let zip = json!({"columns": ["zip"], "groups": 2, "smallestGroup": 2, "rowsInSmallGroups": 2, "shareInSmallGroups": 2.0 / 7.0, "exact": true});
    assert_eq!(risk(steps(json!(["zip"]))), zip);
    assert_eq!(risk(json!([])), Value::Null);
    let report = run(FILE, steps(json!(["zip"])));
    assert!(
        report
            .text("report.html")
            .unwrap()
            .contains("the smallest group of rows that are equal in zip has 2 rows")
    );
}

#[test]
fn rules_reject_or_warn() {
    let validate = |rules: Value| json!([{"validate": {"rules": rules}}, {"select": {"columns": ["id"]}}]);
    let ids = |rules: Value| enriched(ORDERS, validate(rules))[1..].join(" ");
    assert_eq!(ids(json!([{"column": "region", "notNull": true}])), "1 2 3");
    assert_eq!(ids(json!([{"column": "region", "unique": true}])), "1 2 4");
    assert_eq!(ids(json!([{"column": "amount", "range": {"min": 2.5, "max": 7}}])), "2 3 4");
    assert_eq!(ids(json!([{"column": "day", "range": {"min": "2024-02-01"}}])), "2 3 4");
    assert_eq!(ids(json!([{"column": "region", "set": ["north"]}])), "1 3 4");
    assert_eq!(ids(json!([{"column": "note", "pattern": "[a-z]"}])), "2 3");
    assert_eq!(ids(json!([{"expression": "coalesce(amount, 0) > 5"}])), "1 4");
    let run = run(
        ORDERS,
        json!([{"validate": {"rules": [
            {"column": "region", "notNull": true, "severity": "warn"},
            {"column": "day", "freshness": {"days": 1, "asOf": "2024-02-10"}}
        ]}}]),
    );
    let warnings = run.report.unwrap().warnings;
    let kinds: Vec<_> = warnings.iter().map(|finding| (finding.kind.as_str(), finding.count)).collect();
    assert_eq!(kinds, [("NotFresh", 1), ("RuleBroken", 1)]);
    assert!(refused(ORDERS, validate(json!([{"column": "id"}]))).contains("one sort"));
    assert!(
        refused(ORDERS, validate(json!([{"column": "region", "range": {"min": 1}}]))).contains("type text")
    );
}

#[test]
fn rows_are_sorted_grouped_and_turned() {
    let sort = json!([{"sort": {"by": [{"column": "amount", "order": "descending"}]}}, {"select": {"columns": ["id"]}}]);
    assert_eq!(enriched(ORDERS, sort), ["id", "1", "4", "2", "3"]);
    let aggregate = json!([{"aggregate": {"groupBy": ["region"], "measures": [
        {"function": "count", "into": "n"},
        {"function": "sum", "column": "amount", "into": "total"},
        {"function": "mean", "column": "amount", "into": "mean"},
        {"function": "max", "column": "day", "into": "newest"},
        {"function": "first", "column": "note", "into": "note"}
    ]}}]);
    assert_eq!(
        enriched(ORDERS, aggregate),
        [
            "region,n,total,mean,newest,note",
            "north,2,10.25,10.25,2024-02-02, a  b ",
            "south,1,2.50,2.5,2024-02-01,",
            ",1,7.00,7,,'=1+1",
        ]
    );
    const SALES: &str = "r,m,v\nx,jan,1\nx,feb,2\ny,jan,3\nx,jan,4\n";
    let pivot = json!([{"pivot": {"rows": ["r"], "column": "m", "value": "v", "function": "sum"}}]);
    assert_eq!(enriched(SALES, pivot), ["r,feb,jan", "x,2,5", "y,,3"]);
    let unpivot =
        json!([{"unpivot": {"keep": ["k"], "columns": ["a", "b"], "nameInto": "n", "valueInto": "v"}}]);
    assert_eq!(enriched("k,a,b\n1,2,3\n4,5,6\n", unpivot), ["k,n,v", "1,a,2", "1,b,3", "4,a,5", "4,b,6"]);
}

#[test]
fn tables_are_asked_in_sql() {
    let sql = json!([{"sql": {"query": "SELECT region, sum(amount) AS total FROM dataset WHERE region IS NOT NULL GROUP BY region ORDER BY total DESC"}}]);
    assert_eq!(enriched(ORDERS, sql), ["region,total", "north,10.25", "south,2.5"]);
    assert!(refused(ORDERS, json!([{"sql": {"query": "DELETE FROM dataset"}}])).contains("steps/0/sql"));
    let joined = TestHost::new()
        .parameters(
            json!({"steps": [{"sql": {"query": "SELECT d.k, v FROM dataset d JOIN other USING (k)"}}]}),
        )
        .input("dataset", "a.csv", "k\n1\n2\n")
        .input("lookups/other", "b.csv", "k,v\n2,x\n")
        .run::<Job>();
    assert_eq!(joined.text("enriched.csv"), Some("k,v\n2,x\n"), "{:?}", joined.end);
}

#[test]
fn event_logs_get_their_columns() {
    const LOG: &str = "c,a,t\n1,open,2024-03-31T00:30:00Z\n1,check,2024-03-31T01:30:00Z\n2,open,2024-04-01T22:30:00Z\n1,check,2024-03-31T02:00:00Z\n";
    let lines = enriched(
        LOG,
        json!([{"eventLog": {"case": "c", "activity": "a", "timestamp": "t", "timeZone": "Europe/Berlin"}}]),
    );
    assert_eq!(
        lines,
        [
            "c,a,t,case_duration_seconds,seconds_since_previous,seconds_since_start,event_index,case_events,variant_id,is_rework,weekday,hour,next_activity,previous_activity",
            "1,open,2024-03-31T00:30:00Z,5400,,0,1,3,2,false,7,1,check,",
            "1,check,2024-03-31T01:30:00Z,5400,3600,3600,2,3,2,false,7,3,check,open",
            "2,open,2024-04-01T22:30:00Z,0,,0,1,1,1,false,2,0,,",
            "1,check,2024-03-31T02:00:00Z,5400,1800,5400,3,3,2,true,7,4,,check",
        ]
    );
}

#[test]
fn steps_follow_each_other_whatever_they_need() {
    let steps = json!([
        {"sort": {"by": [{"column": "id", "order": "descending"}]}},
        {"cast": {"column": "note", "type": "integer", "onError": "reject"}},
        {"deduplicate": {"keys": ["region"]}},
        {"derive": {"column": "n", "expression": "id + 1"}},
        {"aggregate": {"measures": [{"function": "sum", "column": "n", "into": "sum"}]}},
    ]);
    assert_eq!(enriched(ORDERS, steps.clone()), ["sum", "3"]);
    let lines = rejected(ORDERS, steps);
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[1].starts_with("2,note,steps/1/cast"), "in the order of the file: {lines:?}");
}

/// Names that mean something in SQL, and some that steps give to columns of their own.
#[test]
fn any_name_of_a_column_is_a_name() {
    let names =
        ["rowid", "select", "a\"b", "it's", "l.x", "v / 1e2", "v", "f", "n", "r", "t", "__n", "", "Id", "ID"];
    let csv = |names: &[&str]| {
        let quoted: Vec<String> =
            names.iter().map(|name| format!("\"{}\"", name.replace('"', "\"\""))).collect();
        quoted.join(",")
    };
    let row = |first: usize, second: &str| {
        let values: Vec<String> = (1..names.len()).map(|_| second.to_string()).collect();
        format!("{first},{}\n", values.join(","))
    };
    // The names say the opposite of the rows' order.
    let file = format!("{}\n{}{}{}", csv(&names), row(9, "1.25"), row(5, "1.25"), row(1, "2.50"));
    for name in names.iter().skip(1).filter(|name| !["", "ID"].contains(name)) {
        let first = enriched(
            &file,
            json!([{"deduplicate": {"keys": [name]}}, {"select": {"columns": ["rowid", name]}}]),
        );
        assert_eq!(first[1..], ["9,1.25", "1,2.50"], "{name}");
        let filled = json!([
            {"derive": {"column": "hole", "expression": "CASE WHEN rowid = 5 THEN NULL ELSE rowid END", "type": "integer"}},
            {"fill": {"column": "hole", "with": "mean", "groupBy": [name]}},
            {"fill": {"column": "hole", "with": "mode", "groupBy": [name]}},
            {"rank": {"column": name, "into": "rank", "method": "rowNumber", "groupBy": [name]}},
            {"aggregate": {"groupBy": [name], "measures": [
                {"function": "last", "column": "hole", "into": "last"}, {"function": "mean", "column": name, "into": "mean"},
                {"function": "max", "column": "rank", "into": "ranks"}]}},
        ]);
        let lines = enriched(&file, filled);
        assert_eq!(lines[1..], ["1.25,9,1.25,2", "2.50,1,2.5,1"], "{name}");
        let pivot =
            json!([{"pivot": {"rows": ["rowid"], "column": name, "value": name, "function": "mean"}}]);
        assert_eq!(enriched(&file, pivot)[1..], ["9,1.25,", "5,1.25,", "1,,2.5"], "{name}");
        let lookup = TestHost::new()
            .parameters(json!({"steps": [
                {"lookup": {"table": "t", "on": {*name: *name}, "take": ["rowid"], "prefix": "their ", "fanOut": "first"}},
                {"select": {"columns": ["rowid", "their rowid"]}},
            ]}))
            .input("dataset", "a.csv", &file)
            .input("lookups/t", "t.csv", &file)
            .run::<Job>();
        assert_eq!(
            lookup.text("enriched.csv"),
            Some("rowid,their rowid\n9,9\n5,9\n1,1\n"),
            "{name}: {:?}",
            lookup.end
        );
    }
}

#[test]
fn progress_is_even_over_all_passes() {
    let rows: String = (0..100_000).map(|row| format!("{row},{}\n", row % 10)).collect();
    let sort = json!({"sort": {"by": [{"column": "b"}]}});
    let steps = json!([sort, {"derive": {"column": "c", "expression": "a + b"}}, {"deduplicate": {"keys": ["a"]}}, sort]);
    for (steps, passes) in [(json!([]), 1), (steps, 4)] {
        let run = run(&format!("a,b\n{rows}"), steps);
        assert!(run.end.is_ok(), "{:?}", run.end);
        let done: Vec<u64> = run.progress.iter().map(|progress| progress.done).collect();
        assert!(done.is_sorted(), "{done:?}");
        let mut between: Vec<u64> = done.iter().copied().filter(|done| (50..=950).contains(done)).collect();
        between.dedup();
        assert!(between.len() >= 10, "{between:?}");
        // The file is looked at once, then read; each pass has its part.
        for pass in 0..passes {
            let part: std::ops::RangeInclusive<u64> =
                350 + pass * 500 / passes..=350 + (pass + 1) * 500 / passes;
            assert!(between.iter().filter(|&done| part.contains(done)).count() >= 3, "{part:?}: {between:?}");
        }
    }
}

#[test]
fn equal_inputs_give_equal_bytes() {
    let rows: String = (0..500).map(|row| format!("{row},{},{}\n", row * 7 % 100, row % 50)).collect();
    let steps = json!([
        {"anonymise": {"column": "b", "method": "generalise", "width": 10}},
        {"cluster": {"column": "c", "apply": true}},
        {"pivot": {"rows": ["b"], "column": "c", "value": "a", "function": "sum"}},
    ]);
    let steps = json!([{"cast": {"column": "c", "type": "text"}}, steps[0], steps[1], steps[2]]);
    for steps in [json!([]), steps] {
        let [first, second] = [(); 2].map(|()| run(&format!("a,b,c\n{rows}"), steps.clone()));
        assert!(first.end.is_ok(), "{:?}", first.end);
        for (name, artifact) in &first.artifacts {
            assert!(artifact.bytes == second.artifacts[name].bytes, "{name}");
        }
    }
}

#[test]
fn what_a_step_may_be_is_said() {
    assert!(refused(ORDERS, json!([{"frobnicate": {}}])).contains("frobnicate"));
    assert!(refused(ORDERS, json!([{"cast": {"column": "id", "type": "colour"}}])).contains("colour"));
    assert!(refused(ORDERS, json!([{"select": {"columns": ["id"], "extra": []}}])).contains("extra"));
}

#[test]
fn only_the_rejected_rows_are_tried_again() {
    const FILE: &str = "id,amount\n1,10\n2,abc\n3,2.5\n4,x,y\n";
    let first = run(FILE, json!([{"cast": {"column": "amount", "type": "decimal"}}]));
    let rows = first.text("rejected.csv").unwrap().to_string();
    let again = TestHost::new()
        .parameters(json!({"steps": [{"cast": {"column": "amount", "type": "decimal", "onError": "null"}}]}))
        .input("dataset", "table.csv", FILE)
        .input("failed-records", "rejected.csv", rows)
        .run::<Job>();
    assert_eq!(again.text("enriched.csv"), Some("id,amount\n2,\n"), "{:?}", again.end);
    let report = again.report.unwrap().validation.unwrap();
    assert_eq!((report.total, report.valid, report.invalid), (2, 1, 1));
    assert!(again.artifacts["rejected.csv"].bytes.starts_with(b"line,column"));
}
