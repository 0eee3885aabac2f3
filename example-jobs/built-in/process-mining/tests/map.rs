//! The map of a log with more activities than can be drawn.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fuelcell_sdk::testing::TestHost;
use process_mining::Job;
use process_mining::figures::Figures;
use process_mining::log::{Builder, Event, NO_TIME};
use process_mining::map::{Map, Node, Shares, draw};
use process_mining::names::NONE;
use serde_json::json;

/// 100 cases of 90 activities in a row; every other activity happens in half of the cases only.
fn long_process() -> process_mining::log::EventLog {
    let mut builder = Builder::default();
    for number in 0..100 {
        for step in (0..90).filter(|step| step % 2 == 1 || number % 2 == 0) {
            push(&mut builder, number, &format!("step {step:02}"), step);
        }
    }
    builder.finish()
}

/// An event of a case, so many minutes after its begin.
fn push(builder: &mut Builder, case: i64, activity: &str, minutes: i64) {
    let event = Event {
        case: builder.names.cases.intern(format!("{case}").as_bytes()).0,
        activity: builder.names.activities.intern(activity.as_bytes()).0,
        time: (case * 1000 + minutes) * 60_000_000,
        start: NO_TIME,
        resource: NONE,
        lifecycle: NONE,
        instance: 0,
        order: 0,
        fingerprint: 0,
    };
    builder.push(event);
}

#[test]
fn what_is_done_first_stands_above_what_only_long_cases_have() {
    let (short, long) =
        (["submit", "check", "decline"], ["submit", "check", "accept", "offer", "call", "decline"]);
    let mut builder = Builder::default();
    for case in 0..100 {
        let steps: &[&str] = if case < 70 { &short } else { &long };
        for (minutes, activity) in (0..).zip(steps) {
            push(&mut builder, case, activity, minutes);
        }
    }
    let log = builder.finish();
    let map = Map::of(&log, &Figures::of(&log, |_, _| {}), Shares::default(), None);
    let mut activities: Vec<_> = map.activities.iter().collect();
    activities.sort_by_key(|activity| activity.place);
    let names: Vec<&str> = activities.iter().map(|activity| activity.name.as_str()).collect();
    assert_eq!(names, long);
}

#[test]
fn the_start_is_above_and_the_end_below_all_activities() {
    let mut builder = Builder::default();
    // What is between two tests has no way on that does not lead back.
    let steps = ["register", "test", "admit", "treat", "move", "test", "release"];
    for case in 0..10 {
        for (minutes, activity) in (0..).zip(&steps[case as usize % 2..]) {
            push(&mut builder, case, activity, minutes);
        }
    }
    let log = builder.finish();
    let map = Map::of(&log, &Figures::of(&log, |_, _| {}), Shares::default(), None);
    let svg = draw(&map, "a map").svg.0;
    let (shapes, _) = shapes(&svg);
    // The two circles come last.
    let (boxes, ends) = shapes.split_at(shapes.len() - 2);
    assert!(boxes.iter().all(|shape| shape[1] > ends[0][3] && shape[3] < ends[1][1]), "{shapes:?}");
}

#[test]
fn what_is_left_out_does_not_tear_the_map_apart() {
    let log = long_process();
    let figures = Figures::of(&log, |_, _| {});
    let map = Map::of(&log, &figures, Shares::default(), None);
    assert_eq!((map.activities.len(), map.all_activities), (40, 90));
    // The forty most frequent are steps 1, 3 … 79, which follow each other over the others.
    assert!(map.activities.iter().all(|activity| activity.events == 100));
    assert_eq!((map.edges.len(), map.all_edges, map.drawn_edges()), (41, 39, 39));
    assert!(map.edges.iter().all(|edge| edge.count == 100));
    let nodes = [Node::Start, Node::End].into_iter().chain((0..40).map(Node::Activity));
    for node in nodes {
        assert!(node == Node::Start || map.edges.iter().any(|edge| edge.to == node), "{node:?}");
        assert!(node == Node::End || map.edges.iter().any(|edge| edge.from == node), "{node:?}");
    }
    // Two minutes from one to the next, in every case.
    assert!(map.edges.iter().filter_map(|edge| edge.time).all(|time| time == (120.0, 120.0)));
    assert_eq!(
        map.simplification(),
        "The 40 most frequent of 90 activities (59 % of events) and all 39 paths are drawn. A path may lead over \
         activities that are not drawn."
    );
}

#[test]
fn as_much_is_drawn_as_is_asked_for() {
    let log = long_process();
    let figures = Figures::of(&log, |_, _| {});
    let drawn = |activities: f64, paths: f64| {
        let map = Map::of(&log, &figures, Shares { activities: Some(activities), paths: Some(paths) }, None);
        (map.activities.len(), map.drawn_edges())
    };
    assert_eq!(drawn(0.1, 1.0), (9, 8));
    assert_eq!(drawn(1.0, 1.0).0, 60, "more cannot be read");
    // Of all paths those alone without which an activity would float.
    let few = Map::of(&log, &figures, Shares { activities: Some(0.1), paths: Some(0.0) }, None);
    let ways_in = |index: usize| few.edges.iter().filter(|edge| edge.to == Node::Activity(index)).count();
    assert!((0..9).all(|index| ways_in(index) >= 1));
}

#[test]
fn equal_times_have_one_colour_and_labels_their_unit() {
    let log = long_process();
    let figures = Figures::of(&log, |_, _| {});
    let map = Map::of(&log, &figures, Shares { activities: Some(0.1), paths: None }, None);
    let svg = draw(&map, "a map").svg.0;
    assert!(svg.contains("All paths take equally long") && svg.contains(">100× · 2 min<"), "{svg}");
    assert!(!svg.contains("edge t4"), "no path is long");
}

#[test]
fn a_drawing_says_where_its_start_is() {
    let log = long_process();
    let figures = Figures::of(&log, |_, _| {});
    let drawing = draw(&Map::of(&log, &figures, Shares::default(), None), "a map");
    // The last group that is moved is the map; its first circle is the start.
    let (_, map) = drawing.svg.0.rsplit_once("<g transform=").unwrap();
    let after = |text: &str| {
        let found = map.split(text).nth(1).unwrap_or_default();
        found.split(['"', ' ']).next().and_then(|number| number.parse::<f64>().ok()).unwrap_or(f64::NAN)
    };
    let x = after("translate(") + after("<circle class=\"end\" cx=\"");
    assert!((drawing.start.0 - x).abs() < 0.2, "{} is not {x}", drawing.start.0);
}

/// Left, top, right and bottom of every box, label and end on a map, and its size.
fn shapes(svg: &str) -> (Vec<[f64; 4]>, [f64; 2]) {
    let (_, map) = svg.rsplit_once("<g transform=\"translate(").unwrap();
    let number = |text: &str, before: &str| -> f64 {
        let (_, rest) = text.split_once(before).unwrap();
        rest.split(['"', ' ', ')']).next().unwrap().parse().unwrap()
    };
    let (left, top) = (number(map, ""), number(map, " "));
    let rects = map
        .split("<rect class=\"")
        .skip(1)
        .filter(|text| text.starts_with("plate") || text.starts_with("box"));
    let rects = rects.map(|text| {
        let (x, y) = (left + number(text, " x=\""), top + number(text, " y=\""));
        [x, y, x + number(text, " width=\""), y + number(text, " height=\"")]
    });
    let circles = map.split("<circle class=\"end\"").skip(1).map(|text| {
        let (x, y, r) = (left + number(text, " cx=\""), top + number(text, " cy=\""), number(text, " r=\""));
        [x - r, y - r, x + r, y + r]
    });
    (rects.chain(circles).collect(), [number(svg, " width=\""), number(svg, " height=\"")])
}

#[test]
fn nothing_on_a_map_covers_anything_else_or_leaves_the_frame() {
    let sample = include_str!("../sample/order-to-cash.csv");
    let objects = include_str!("../sample/orders.ocel.json");
    let group = json!([{"filters": [{"attribute": "rework", "values": ["yes"]}]}]);
    let runs = [(sample, json!({"compare": group, "mapPaths": 1})), (objects, json!({"objectType": "item"}))];
    for (log, parameters) in runs {
        let run = TestHost::new().input("dataset", "log", log).parameters(parameters).run::<Job>();
        let maps = run.artifacts.iter().filter(|(name, _)| name.ends_with(".svg"));
        for (name, _) in maps {
            let svg = run.text(name).unwrap();
            let (shapes, [width, height]) = shapes(svg);
            assert!(shapes.len() > 10 && svg.contains("<rect class=\"plate\""), "{name}");
            for (at, a) in shapes.iter().enumerate() {
                assert!(a[0] >= 0.0 && a[1] >= 0.0 && a[2] <= width && a[3] <= height, "{name}: {a:?}");
                for b in &shapes[at + 1..] {
                    let apart =
                        a[2] < b[0] + 0.2 || b[2] < a[0] + 0.2 || a[3] < b[1] + 0.2 || b[3] < a[1] + 0.2;
                    assert!(apart, "{name}: {a:?} {b:?}");
                }
            }
        }
    }
}
