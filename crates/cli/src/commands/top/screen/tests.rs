//! What terminals of two sizes show, compared with what is kept in `pictures.txt`: `BLESS=1` writes it anew.

use super::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::json;
use std::fs;
use std::path::Path;

fn busy() -> Picture {
    let id = |number: u32| format!("{number:08x}-0000-4000-8000-000000000000");
    let names =
        ["monthly orders", "a\u{1b}[2J\nb\u{202e}c", "漢字仮名交じり文の長い長い長い名前", "👩‍👩‍👧 e\u{301}tude"];
    let running = (0..30).map(|number: u32| {
        let name = match names.get(number as usize) {
            Some(name) => (*name).to_owned(),
            None => format!("{number} {}", "a name that goes on and on ".repeat(8)),
        };
        json!({
            "jobId": id(number), "jobName": name, "module": "process-mining@1.4.2", "percentage": number * 3,
            "currentStage": "Mining", "elapsedSeconds": f64::from(number) * 97.5, "fuel": u64::from(number).pow(7),
            "fuelPerSecond": (number != 2).then(|| f64::from(number) * 1e6), "memoryBytes": u64::from(number) << 20,
        })
    });
    let waiting = (40..60).map(|number: u32| {
        json!({
            "jobId": id(number), "jobName": "nightly", "jobType": "DataEnrichment", "priority": "Normal",
            "waitedSeconds": 4000 - number, "waitReason": "ConcurrencyLimit",
        })
    });
    let tenants = ["Acme", "Initech", "Globex"].iter().enumerate().map(|(number, name)| {
        json!({
            "tenantId": id(number as u32), "name": name, "runningJobs": 10, "queuedJobs": 100, "scheduledJobs": 1,
            "completedToday": 12345, "failedToday": null,
        })
    });
    Picture {
        server: "https://jobs.example.com".into(),
        project_id: None,
        timestamp: "2026-01-05T10:00:00.123Z".into(),
        nodes: vec![json!({
            "nodeId": "node-1", "active": true, "activeJobs": 30, "jobCapacity": 32, "cpuPercent": 97.3,
            "jobMemoryReservedBytes": 7_u64 << 30, "jobMemoryBytes": 8_u64 << 30, "diskFreeBytes": 1_u64 << 40,
        })],
        queue: vec![
            json!({"priority": "Critical", "jobs": 0, "oldestSeconds": null}),
            json!({"priority": "Normal", "jobs": 290, "oldestSeconds": 3960.0}),
            json!({"priority": "Low", "jobs": 10, "oldestSeconds": 7.2}),
        ],
        scheduled_jobs: Some(3),
        tenants: tenants.collect(),
        waiting: waiting.collect(),
        waiting_jobs: 300,
        running: running.collect(),
        running_jobs: 33,
    }
}

fn drawn(width: u16, height: u16, picture: &Picture, wanted: &Wanted, trouble: Option<&Trouble>) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, picture, wanted, trouble, false)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for y in 0..height {
        let (mut line, mut x) = (String::new(), 0);
        while x < width {
            let symbol = buffer[(x, y)].symbol();
            line += symbol;
            // A wide character lies in the cell behind it, too.
            x += (ratatui::text::Span::raw(symbol).width() as u16).max(1);
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[test]
fn pictures_are_those_that_are_kept() {
    let idle = Picture {
        project_id: Some("p".into()),
        timestamp: "2026-01-05T10:00:00Z".into(),
        ..Picture::default()
    };
    let gone = Trouble {
        message: "cannot reach https://jobs.example.com: nothing listens there".into(),
        since: "2026-01-05T10:00:02Z".into(),
        lasts: Duration::from_secs(75),
    };
    let by_name = Wanted { sort: Sort::Name, paused: true, skipped: 2, reversed: true };
    let first = Wanted::default();
    let mut kept = String::new();
    for (name, text) in [
        ("80 x 24", drawn(80, 24, &busy(), &first, None)),
        ("200 x 50", drawn(200, 50, &busy(), &first, None)),
        ("200 x 50, paused, by name", drawn(200, 50, &busy(), &by_name, None)),
        ("80 x 24, without jobs", drawn(80, 24, &idle, &first, None)),
        ("80 x 24, without a server", drawn(80, 24, &busy(), &first, Some(&gone))),
        ("once", plain(&busy())),
    ] {
        assert!(
            !text.contains(|c: char| c.is_control() && c != '\n') && !text.contains('\u{202e}'),
            "{text:?}"
        );
        kept += &format!("=== {name}\n{text}");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands/top/screen/pictures.txt");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &kept).unwrap();
    }
    assert!(
        fs::read_to_string(file).unwrap_or_default() == kept,
        "BLESS=1 writes pictures.txt anew:\n{kept}"
    );
}

#[test]
fn every_size_can_be_drawn() {
    let wanted = Wanted { skipped: 1000, ..Wanted::default() };
    for width in [0, 1, 7, 40, 150, 400] {
        for height in [0, 1, 2, 6, 9, 24, 100] {
            let text = drawn(width, height, &busy(), &wanted, None);
            assert_eq!(text.lines().count(), usize::from(height), "{width} x {height}");
        }
    }
}

#[test]
fn running_jobs_are_sorted_and_unknown_figures_come_last() {
    let rows = |sort, reversed| sorted(busy().running, sort, reversed);
    let first = rows(Sort::FuelPerSecond, false);
    assert_eq!((&first[0]["fuelPerSecond"], &first[29]["fuelPerSecond"]), (&json!(29e6), &Value::Null));
    assert_eq!(rows(Sort::FuelPerSecond, true)[29]["fuelPerSecond"], Value::Null);
    assert_eq!(rows(Sort::Memory, true)[0]["memoryBytes"], 0);
    assert_eq!(rows(Sort::Name, false)[0]["jobName"].as_str().map(|name| &name[..3]), Some("10 "));
}

#[test]
fn colours_are_left_out_when_they_are_not_wanted() {
    let styles = |colours| {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        terminal.draw(|frame| draw(frame, &busy(), &Wanted::default(), None, colours)).unwrap();
        let buffer = terminal.backend().buffer().clone();
        buffer.content.into_iter().filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset).count()
    };
    assert_eq!(styles(false), 0);
    assert!(styles(true) > 0);
}
