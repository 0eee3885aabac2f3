//! Attributes of cases and events: read, kept, and what goes with their values.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;

use fuelcell_sdk::testing::{TestHost, TestRun};
use process_mining::Job;
use serde_json::{Value, json};

fn run(name: &str, log: &str, parameters: Value) -> (TestRun, Value) {
    let run = TestHost::new().input("dataset", name, log).parameters(parameters).run::<Job>();
    let figures = serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap();
    (run, figures)
}

/// Numbers that look random and are always the same: the high bits of a linear congruential generator (Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// 600 orders. Those of warehouse North wait four times as long before they are picked, and wholesale customers pay late and
/// are reminded again and again. Region and value mean nothing. With `shuffled`, nothing means anything.
fn orders(shuffled: Option<u64>) -> String {
    let mut dice = Dice(20_240_501);
    let mut labels = Dice(shuffled.unwrap_or(0));
    let mut log = "order,step,time,warehouse,customer kind,region,value,desk\n".to_string();
    for order in 0..600 {
        let (warehouse, kind, region) = (dice.below(3), dice.below(4), dice.below(3));
        let value = 10 + dice.below(5000);
        let (north, wholesale) = (warehouse == 0, kind == 0);
        let mut steps = vec![("take", 0), ("pick", (60 + dice.below(240)) * if north { 4 } else { 1 })];
        steps.extend([("send", 30 + dice.below(100)), ("bill", 30 + dice.below(100))]);
        for _ in 0..if wholesale { 2 } else { 0 } {
            steps.push(("remind", 500 + dice.below(500)));
        }
        steps.push(("pay", (900 + dice.below(2000)) * if wholesale { 3 } else { 1 }));
        let (warehouse, kind) = match shuffled {
            None => (warehouse, kind),
            Some(_) => (labels.below(3), labels.below(4)),
        };
        let warehouse = ["North", "South", "West"][warehouse as usize];
        let kind = ["wholesale", "retail", "retail", "public"][kind as usize];
        let region = ["EMEA", "AMER", "APAC"][region as usize];
        let mut minute = order as i64 * 37;
        for (place, (step, after)) in steps.into_iter().enumerate() {
            minute += after as i64;
            let time = chrono::DateTime::from_timestamp(1_704_067_200 + minute * 60, 0).unwrap().to_rfc3339();
            let desk = if place < 2 { "front" } else { "back" };
            writeln!(log, "{order},{step},{time},{warehouse},{kind},{region},{value},{desk}").unwrap();
        }
    }
    log
}

fn found(figures: &Value) -> Vec<(String, String, String)> {
    let found = figures["attributes"]["effects"]["found"].as_array().unwrap().iter();
    let text = |effect: &Value, key: &str| effect[key].as_str().unwrap_or_default().to_string();
    let mut found: Vec<_> = found
        .map(|effect| {
            let what = format!("{} {}", text(effect, "measure"), text(effect, "activity"));
            (text(effect, "attribute"), text(effect, "value"), what.trim().to_string())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn planted_causes_are_found_and_told_and_nothing_else() {
    let (run, figures) = run("log.csv", &orders(None), json!({}));
    let expected = [
        ("customer kind", "wholesale", "cycle time"),
        ("customer kind", "wholesale", "rework"),
        ("customer kind", "wholesale", "time before activity pay"),
        ("warehouse", "North", "cycle time"),
        ("warehouse", "North", "time before activity pick"),
    ];
    assert_eq!(found(&figures), expected.map(|(a, b, c)| (a.to_string(), b.to_string(), c.to_string())));
    let report = run.text("report.html").unwrap();
    let insights = figures["insights"].as_array().unwrap();
    for says in [
        "In cases with warehouse \"North\", the time before \"pick\" is longer: a median of",
        "Completed cases with customer kind \"wholesale\" take longer: a median of",
    ] {
        let told = insights.iter().any(|insight| insight["text"].as_str().unwrap().starts_with(says));
        assert!(told && report.contains(&says.replace('"', "&quot;")), "{says}: {insights:?}");
    }
    let by = figures["attributes"]["by_attribute"].as_array().unwrap();
    let names: Vec<&str> = by.iter().map(|one| one["attribute"].as_str().unwrap()).collect();
    assert_eq!(names, ["warehouse", "customer kind", "region", "value", "desk"]);
    let cases = |one: &Value| -> u64 {
        one["groups"].as_array().unwrap().iter().map(|group| group["cases"].as_u64().unwrap()).sum()
    };
    assert_eq!(by.iter().map(cases).collect::<Vec<_>>(), [600, 600, 600, 600, 1200]);
    assert_eq!((&by[3]["groups"].as_array().unwrap().len(), &by[4]["exclusive"]), (&4, &json!(false)));
}

#[test]
fn labels_that_mean_nothing_make_no_difference() {
    for seed in 1..=3 {
        let (_, figures) = run("log.csv", &orders(Some(seed)), json!({"outputFormat": "data"}));
        assert_eq!(found(&figures), [], "seed {seed}");
    }
}

const XES: &str = r#"<log><trace><string key="concept:name" value="1"/><string key="amount" value="007"/>
<float key="rate" value="1.50"/><date key="due" value="2024-05-01T00:00:00+02:00"/><string key="cost" value="high"/>
<event><string key="concept:name" value="a"/><date key="time:timestamp" value="2024-01-01T00:00:00Z"/>
<int key="cost" value="3"/></event>
<event><string key="concept:name" value="b"/><date key="time:timestamp" value="2024-01-02T00:00:00Z"/>
<string key="note" value="x, y"/></event></trace>
<trace><string key="concept:name" value="2"/><string key="amount" value="8"/>
<event><string key="concept:name" value="a"/><date key="time:timestamp" value="2024-01-01T00:00:00Z"/></event></trace></log>"#;

#[test]
fn attributes_are_typed_and_kept_in_the_enriched_log() {
    let all = ["amount", "rate", "due", "cost", "event:cost", "note"];
    let (_, figures) = run("log.xes", XES, json!({}));
    let times = &figures["attributes"]["left_out"];
    assert_eq!(
        times[0],
        json!({"name": "due", "reason": "it is a time, which is read when attributes or filters name it"})
    );
    let (run, figures) = run("log.xes", XES, json!({"attributes": all}));
    let kept = |name: &str, level: &str, kind: &str, values: u64| json!({"name": name, "level": level, "type": kind, "num_values": values, "groups_cases": name == "amount"});
    let expected = json!([
        kept("amount", "case", "text", 2),
        kept("rate", "case", "number", 1),
        kept("due", "case", "time", 1),
        kept("cost", "case", "text", 1),
        kept("event:cost", "event", "number", 1),
        kept("note", "event", "text", 1),
    ]);
    assert_eq!(figures["attributes"]["kept"], expected);
    let rows: Vec<&str> = run.text("enriched-log.csv").unwrap().lines().collect();
    assert!(rows[0].ends_with(",hour,amount,rate,due,cost,event:cost,note"), "{}", rows[0]);
    assert!(rows[1].ends_with(",0,007,1.5,2024-04-30T22:00:00Z,high,3,"), "{}", rows[1]);
    assert!(rows[2].ends_with(",0,007,1.5,2024-04-30T22:00:00Z,high,,\"x, y\""), "{}", rows[2]);
    assert!(rows[3].ends_with(",0,8,,,,,"), "{}", rows[3]);
}

#[test]
fn what_is_over_the_bounds_is_left_out_and_said() {
    let mut log = "case,activity,timestamp,unique,long".to_string();
    (0..32).for_each(|column| write!(log, ",c{column}").unwrap());
    for event in 0..66_000 {
        let long = "x".repeat(if event == 9 { 501 } else { 1 });
        write!(log, "\n{},a,2024-01-01T00:00:00Z,u{event},{long}", event % 2).unwrap();
        log += &",1".repeat(32);
    }
    let (run, figures) = run("log.csv", &log, json!({}));
    let left_out = figures["attributes"]["left_out"].as_array().unwrap();
    let reason = |name: &str| {
        let found = left_out.iter().find(|one| one["name"] == name);
        found.map_or("", |one| one["reason"].as_str().unwrap())
    };
    assert_eq!(reason("unique"), "it has more than 65534 different values");
    assert_eq!(reason("long"), "it has values of more than 500 bytes");
    assert_eq!(reason("c30"), "32 others are read, which is the most");
    assert_eq!(left_out.len(), 4);
    assert!(run.text("report.html").unwrap().contains("unique (it has more than 65534 different values)"));
}

#[test]
fn the_request_says_which_attributes_are_read() {
    let (run, figures) = run("log.csv", &orders(None), json!({"attributes": ["region", "colour"]}));
    let attributes = &figures["attributes"];
    assert_eq!(
        (attributes["kept"].as_array().unwrap().len(), &attributes["chosen_by"]),
        (1, &json!("request"))
    );
    let warnings = run.report.unwrap().warnings;
    let warned = warnings.iter().any(|warning| warning.message.contains("such as \"colour\""));
    assert!(warned, "{warnings:?}");
}
