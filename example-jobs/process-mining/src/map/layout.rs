//! Places for the boxes and lines of a map, by dagre's layered layout (Sugiyama).

use dagre::graph::{Graph, GraphOptions};
use dagre::layout::types::LabelPos;
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, Point};

use super::{Map, Node};

/// Width and height of something to be placed.
pub(super) type Size = (f64, f64);

/// A box by its centre.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) size: Size,
}

/// A line by its bends, and where its label goes.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) points: Vec<(f64, f64)>,
    pub(super) label: (f64, f64),
}

/// A map with places.
#[derive(Debug)]
pub(super) struct Placement {
    pub(super) start: Placed,
    pub(super) end: Placed,
    pub(super) activities: Vec<Placed>,
    pub(super) routes: Vec<Route>,
    pub(super) size: Size,
}

fn key(node: Node) -> String {
    match node {
        Node::Start => "start".to_string(),
        Node::End => "end".to_string(),
        Node::Activity(index) => format!("a{index}"),
    }
}

/// Whether a path leads back to earlier work. Such a path is laid out the other way round, so that the flow of most
/// cases runs downwards.
fn runs_back(map: &Map, from: Node, to: Node) -> bool {
    match (from, to) {
        (Node::Activity(from), Node::Activity(to)) => {
            let place = |index: usize| (map.activities[index].place, index);
            place(from) > place(to)
        }
        _ => false,
    }
}

/// Places everything. `boxes` and `labels` are the sizes of activities and edge labels, in the order of the map.
pub(super) fn place(map: &Map, circle: Size, boxes: &[Size], labels: &[Size]) -> Placement {
    let mut graph = Graph::with_options(GraphOptions { directed: true, multigraph: true, compound: false });
    let node = |size: Size| NodeLabel { width: size.0, height: size.1, ..NodeLabel::default() };
    graph.set_node(key(Node::Start), Some(node(circle)));
    // dagre breaks ties by the order of insertion: the order of the work.
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_by(|&a, &b| map.activities[a].place.total_cmp(&map.activities[b].place));
    for index in order {
        graph.set_node(key(Node::Activity(index)), Some(node(boxes[index])));
    }
    graph.set_node(key(Node::End), Some(node(circle)));
    let most = map.edges.iter().map(|edge| edge.count).max().unwrap_or(1) as f64;
    for (index, (edge, size)) in map.edges.iter().zip(labels).enumerate() {
        let (from, to) =
            if runs_back(map, edge.from, edge.to) { (edge.to, edge.from) } else { (edge.from, edge.to) };
        let label = EdgeLabel {
            width: size.0,
            height: size.1,
            labelpos: LabelPos::Center,
            // Frequent paths become short and straight.
            weight: 1 + (9.0 * edge.count as f64 / most).round() as i32,
            ..EdgeLabel::default()
        };
        graph.set_edge(key(from), key(to), Some(label), Some(&index.to_string()));
    }
    let options = LayoutOptions {
        nodesep: 24.0,
        edgesep: 10.0,
        ranksep: 30.0,
        marginx: 12.0,
        marginy: 12.0,
        ..LayoutOptions::default()
    };
    dagre::layout(&mut graph, Some(options));
    collect(map, &graph)
}

type Laid = Graph<NodeLabel, EdgeLabel>;

fn collect(map: &Map, graph: &Laid) -> Placement {
    let placed = |node: Node| {
        graph.node(&key(node)).map_or(Placed { x: 0.0, y: 0.0, size: (0.0, 0.0) }, |label| Placed {
            x: label.x.unwrap_or(0.0),
            y: label.y.unwrap_or(0.0),
            size: (label.width, label.height),
        })
    };
    let routes = map.edges.iter().enumerate().map(|(index, edge)| {
        let back = runs_back(map, edge.from, edge.to);
        let (from, to) = if back { (edge.to, edge.from) } else { (edge.from, edge.to) };
        let label = graph.edge(&key(from), &key(to), Some(&index.to_string()));
        let mut points: Vec<(f64, f64)> =
            label.map(|l| l.points.iter().map(point).collect()).unwrap_or_default();
        if back {
            points.reverse();
        }
        dock(&mut points, placed(edge.from), placed(edge.to));
        let at = label.map_or((0.0, 0.0), |l| (l.x.unwrap_or(0.0), l.y.unwrap_or(0.0)));
        Route { points, label: at }
    });
    let routes: Vec<Route> = routes.collect();
    let activities: Vec<Placed> =
        (0..map.activities.len()).map(|index| placed(Node::Activity(index))).collect();
    let (start, end) = (placed(Node::Start), placed(Node::End));
    let boxes = activities.iter().chain([&start, &end]);
    let size = boxes
        .fold((0.0_f64, 0.0_f64), |(w, h), b| (w.max(b.x + b.size.0 / 2.0), h.max(b.y + b.size.1 / 2.0)));
    let size = routes.iter().flat_map(|r| &r.points).fold(size, |(w, h), p| (w.max(p.0), h.max(p.1)));
    Placement { start, end, activities, routes, size: (size.0 + 12.0, size.1 + 12.0) }
}

/// Lets a line leave and reach its boxes at their upper or lower side, as close to straight as the side is wide.
fn dock(points: &mut [(f64, f64)], from: Placed, to: Placed) {
    let [first, bends @ .., last] = points else { return };
    let (Some(&next), Some(&before)) = (bends.first(), bends.last()) else { return };
    *first = port(from, next);
    *last = port(to, before);
}

fn port(placed: Placed, towards: (f64, f64)) -> (f64, f64) {
    let room = (placed.size.0 / 2.0 - 14.0).max(0.0);
    let side = if towards.1 < placed.y { -placed.size.1 / 2.0 } else { placed.size.1 / 2.0 };
    (placed.x + (towards.0 - placed.x).clamp(-room, room), placed.y + side)
}

fn point(point: &Point) -> (f64, f64) {
    (point.x, point.y)
}
