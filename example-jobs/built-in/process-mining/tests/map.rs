//! The map of a log with more activities than can be drawn.

use process_mining::figures::Figures;
use process_mining::log::{Builder, Event, NO_TIME};
use process_mining::map::{Map, Node, Shares, draw};
use process_mining::names::NONE;

/// 100 cases of 90 activities in a row; every other activity happens in half of the cases only.
fn long_process() -> process_mining::log::EventLog {
    let mut builder = Builder::default();
    for number in 0..100 {
        let case = builder.names.cases.intern(format!("{number}").as_bytes()).0;
        for step in (0..90).filter(|step| step % 2 == 1 || number % 2 == 0) {
            let activity = builder.names.activities.intern(format!("step {step:02}").as_bytes()).0;
            let time = (number * 1000 + step) * 60_000_000;
            let event = Event {
                case,
                activity,
                time,
                start: NO_TIME,
                resource: NONE,
                lifecycle: NONE,
                instance: 0,
                order: 0,
                fingerprint: 0,
            };
            builder.push(event);
        }
    }
    builder.finish()
}

#[test]
fn what_is_left_out_does_not_tear_the_map_apart() {
    let log = long_process();
    let figures = Figures::of(&log, |_, _| {});
    let map = Map::of(&log, &figures, Shares::default());
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
        let map = Map::of(&log, &figures, Shares { activities: Some(activities), paths: Some(paths) });
        (map.activities.len(), map.drawn_edges())
    };
    assert_eq!(drawn(0.1, 1.0), (9, 8));
    assert_eq!(drawn(1.0, 1.0).0, 60, "more cannot be read");
    // Of all paths those alone without which an activity would float.
    let few = Map::of(&log, &figures, Shares { activities: Some(0.1), paths: Some(0.0) });
    let ways_in = |index: usize| few.edges.iter().filter(|edge| edge.to == Node::Activity(index)).count();
    assert!((0..9).all(|index| ways_in(index) >= 1));
}

#[test]
fn equal_times_have_one_colour_and_labels_their_unit() {
    let log = long_process();
    let figures = Figures::of(&log, |_, _| {});
    let map = Map::of(&log, &figures, Shares { activities: Some(0.1), paths: None });
    let svg = draw(&map, "a map").svg.0;
    assert!(svg.contains("All paths take equally long") && svg.contains(">100× · 2 min<"), "{svg}");
    assert!(!svg.contains("edge t4"), "no path is long");
}

#[test]
fn a_drawing_says_where_its_start_is() {
    let log = long_process();
    let figures = Figures::of(&log, |_, _| {});
    let drawing = draw(&Map::of(&log, &figures, Shares::default()), "a map");
    let after = |text: &str, place: usize| {
        let found = drawing.svg.0.split(text).nth(place).unwrap_or_default();
        found.split(['"', ' ']).next().and_then(|number| number.parse::<f64>().ok()).unwrap_or(f64::NAN)
    };
    // The first group that is moved is the legend, the second one the map; its first circle is the start.
    let x = after("translate(", 2) + after("<circle class=\"end\" cx=\"", 1);
    assert!((drawing.start.0 - x).abs() < 0.2, "{} is not {x}", drawing.start.0);
}
