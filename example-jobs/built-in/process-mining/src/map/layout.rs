//! Places for the boxes and lines of a map, by dagre's layered layout (Sugiyama).

use dagre::graph::{Graph, GraphOptions};
use dagre::layout::types::LabelPos;
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, Point};

use super::straighten::{Item, Stretch, straighten};
use super::{Map, MapEdge, Node};

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
        (Node::Activity(from), Node::Activity(to)) => map.activities[from].place > map.activities[to].place,
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
    order.sort_by_key(|&index| map.activities[index].place);
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
    frame(&mut graph, map);
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

/// Keeps the start above and the end below all activities, those included that are only reached by paths back, or only left
/// by such: lines that are not drawn.
fn frame(graph: &mut Laid, map: &Map) {
    let mut has_ways = vec![[false; 2]; map.activities.len()];
    for edge in &map.edges {
        let (upper, lower) =
            if runs_back(map, edge.from, edge.to) { (edge.to, edge.from) } else { (edge.from, edge.to) };
        if let Node::Activity(index) = upper {
            has_ways[index][1] = true;
        }
        if let Node::Activity(index) = lower {
            has_ways[index][0] = true;
        }
    }
    let mut hidden = |from: Node, to: Node| {
        let label = EdgeLabel { weight: 0, ..EdgeLabel::default() };
        graph.set_edge(key(from), key(to), Some(label), Some("frame"));
    };
    for (index, [way_in, way_out]) in has_ways.into_iter().enumerate() {
        if !way_in {
            hidden(Node::Start, Node::Activity(index));
        }
        if !way_out {
            hidden(Node::Activity(index), Node::End);
        }
    }
}

fn collect(map: &Map, graph: &Laid) -> Placement {
    let mut drawing = Drawing::of(map, graph);
    drawing.straighten(map);
    drawing.finish(map)
}

/// What dagre placed: boxes, and lines by their bends, each running downwards.
struct Drawing {
    /// Start, end, activities.
    boxes: Vec<Placed>,
    lines: Vec<Line>,
}

struct Line {
    /// Boxes by their number in the drawing.
    upper: usize,
    lower: usize,
    bends: Vec<(f64, f64)>,
    /// The bend that carries the label.
    labelled: usize,
    label_width: f64,
}

fn number(node: Node) -> usize {
    match node {
        Node::Start => 0,
        Node::End => 1,
        Node::Activity(index) => index + 2,
    }
}

/// Space between two boxes, and between lines and whatever is beside them.
const BOX_GAP: f64 = 24.0;
const LINE_GAP: f64 = 18.0;

impl Drawing {
    fn of(map: &Map, graph: &Laid) -> Self {
        let nodes = [Node::Start, Node::End].into_iter().chain((0..map.activities.len()).map(Node::Activity));
        let placed = |node: Node| match graph.node(&key(node)) {
            None => Placed { x: 0.0, y: 0.0, size: (0.0, 0.0) },
            Some(label) => Placed {
                x: label.x.unwrap_or(0.0),
                y: label.y.unwrap_or(0.0),
                size: (label.width, label.height),
            },
        };
        let boxes: Vec<Placed> = nodes.map(placed).collect();
        let lines = map.edges.iter().enumerate().map(|(index, edge)| {
            let (from, to) =
                if runs_back(map, edge.from, edge.to) { (edge.to, edge.from) } else { (edge.from, edge.to) };
            let label = graph.edge(&key(from), &key(to), Some(&index.to_string()));
            let points: Vec<(f64, f64)> =
                label.map(|l| l.points.iter().map(point).collect()).unwrap_or_default();
            // The first and the last point lie on the boxes and move with them.
            let bends = points.get(1..points.len().saturating_sub(1)).unwrap_or_default().to_vec();
            let at = label.and_then(|l| l.y).unwrap_or(0.0);
            let distance = |y: f64| (y - at).abs();
            let nearest =
                (0..bends.len()).min_by(|&a, &b| distance(bends[a].1).total_cmp(&distance(bends[b].1)));
            // dagre turns lines of a cycle round; what counts here is which box is above.
            let (upper, lower) = (number(from), number(to));
            let turned = boxes[upper].y > boxes[lower].y;
            let (upper, lower) = if turned { (lower, upper) } else { (upper, lower) };
            let mut line = Line {
                upper,
                lower,
                bends,
                labelled: nearest.unwrap_or(0),
                label_width: label.map_or(0.0, |l| l.width),
            };
            if turned {
                line.bends.reverse();
                line.labelled = line.bends.len().saturating_sub(1) - line.labelled;
            }
            line
        });
        let lines = lines.collect();
        Self { boxes, lines }
    }

    fn straighten(&mut self, map: &Map) {
        let mut heights: Vec<f64> = self
            .boxes
            .iter()
            .map(|b| b.y)
            .chain(self.lines.iter().flat_map(|l| &l.bends).map(|p| p.1))
            .collect();
        heights.sort_by(f64::total_cmp);
        heights.dedup_by(|a, b| (*a - *b).abs() < 1.0);
        let layer = |y: f64| heights.partition_point(|&height| height < y - 1.0);
        let of_box = |placed: &Placed| Item {
            x: placed.x,
            layer: layer(placed.y),
            half: (placed.size.0 + BOX_GAP) / 2.0,
        };
        let mut items: Vec<Item> = self.boxes.iter().map(of_box).collect();
        let mut stretches = Vec::new();
        let most = map.edges.iter().map(|edge| edge.count).max().unwrap_or(1) as f64;
        for (line, edge) in self.lines.iter().zip(&map.edges) {
            let weight = 1.0 + 9.0 * edge.count as f64 / most;
            let mut before = line.upper;
            for (index, bend) in line.bends.iter().enumerate() {
                let width = if index == line.labelled { line.label_width } else { 0.0 };
                items.push(Item { x: bend.0, layer: layer(bend.1), half: (width + LINE_GAP) / 2.0 });
                let here = items.len() - 1;
                // Bends between bends matter most: a long line that wavers catches the eye.
                stretches.push(Stretch {
                    from: before,
                    to: here,
                    weight: weight * if index == 0 { 2.0 } else { 8.0 },
                });
                before = here;
            }
            stretches.push(Stretch { from: before, to: line.lower, weight: weight * 2.0 });
        }
        straighten(&mut items, &stretches);
        self.take(&items);
    }

    fn take(&mut self, items: &[Item]) {
        let (boxes, bends) = items.split_at(self.boxes.len());
        let left = items.iter().map(|item| item.x - item.half).fold(f64::INFINITY, f64::min);
        for (placed, item) in self.boxes.iter_mut().zip(boxes) {
            placed.x = item.x - left;
        }
        let places = self.lines.iter_mut().flat_map(|line| &mut line.bends);
        for (bend, item) in places.zip(bends) {
            bend.0 = item.x - left;
        }
    }

    /// Where each line leaves its upper box and reaches its lower one: as straight as it can, beside the others.
    fn ports(&self) -> Vec<[(f64, f64); 2]> {
        let mut ports = vec![[(0.0, 0.0); 2]; self.lines.len()];
        for (number, placed) in self.boxes.iter().enumerate() {
            let lines = || self.lines.iter().enumerate();
            let below = lines().filter(|(_, line)| line.upper == number);
            let below =
                below.map(|(index, line)| (line.bends.first().map_or(placed.x, |bend| bend.0), index));
            for (x, line) in side_by_side(below.collect(), placed) {
                ports[line][0] = (x, placed.y + placed.size.1 / 2.0);
            }
            let above = lines().filter(|(_, line)| line.lower == number);
            let above = above.map(|(index, line)| (line.bends.last().map_or(placed.x, |bend| bend.0), index));
            for (x, line) in side_by_side(above.collect(), placed) {
                ports[line][1] = (x, placed.y - placed.size.1 / 2.0);
            }
        }
        ports
    }

    fn finish(self, map: &Map) -> Placement {
        let boxes = &self.boxes;
        let ports = self.ports();
        let route = |((line, edge), ports): ((&Line, &MapEdge), &[(f64, f64); 2])| {
            let label = line.bends.get(line.labelled).copied().unwrap_or(ports[0]);
            let mut points = Vec::with_capacity(line.bends.len() + 2);
            points.push(ports[0]);
            points.extend(&line.bends);
            points.push(ports[1]);
            if line.upper != number(edge.from) {
                points.reverse();
            }
            Route { points, label }
        };
        let routes: Vec<Route> = self.lines.iter().zip(&map.edges).zip(&ports).map(route).collect();
        let size = boxes
            .iter()
            .fold((0.0_f64, 0.0_f64), |(w, h), b| (w.max(b.x + b.size.0 / 2.0), h.max(b.y + b.size.1 / 2.0)));
        let labels =
            self.lines.iter().zip(&routes).map(|(line, route)| route.label.0 + line.label_width / 2.0);
        let width = labels.fold(size.0, f64::max);
        let height =
            routes.iter().flat_map(|route| &route.points).fold(size.1, |height, point| height.max(point.1));
        let (start, end) = (boxes[0], boxes[1]);
        Placement { start, end, activities: boxes[2..].to_vec(), routes, size: (width + 12.0, height + 12.0) }
    }
}

/// Moves wished places on a side of a box apart, as far as the side is wide.
fn side_by_side(mut wishes: Vec<(f64, usize)>, placed: &Placed) -> Vec<(f64, usize)> {
    const GAP: f64 = 14.0;
    let room = (placed.size.0 / 2.0 - 12.0).max(0.0);
    let (left, right) = (placed.x - room, placed.x + room);
    let gaps = wishes.len().saturating_sub(1).max(1) as f64;
    let gap = GAP.min(2.0 * room / gaps);
    wishes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut least = left;
    for wish in &mut wishes {
        wish.0 = wish.0.max(least);
        least = wish.0 + gap;
    }
    let mut most = right;
    for wish in wishes.iter_mut().rev() {
        wish.0 = wish.0.min(most);
        most = wish.0 - gap;
    }
    wishes
}

fn point(point: &Point) -> (f64, f64) {
    (point.x, point.y)
}

#[cfg(test)]
mod tests {
    use super::super::MapActivity;
    use super::*;

    /// Activities in a row, with steps forward, back and over many.
    fn map(activities: usize) -> Map {
        let activity = |index: usize| MapActivity {
            id: index as u32,
            name: format!("activity {index}"),
            events: 10,
            repeated: 0,
            service: None,
            place: index,
            is_unknown: false,
        };
        let edge = |from: Node, to: Node| MapEdge { time: Some((60.0, 60.0)), ..MapEdge::new(from, to, 5) };
        let forward = (1..activities).map(|index| edge(Node::Activity(index - 1), Node::Activity(index)));
        let back =
            (5..activities).step_by(3).map(|index| edge(Node::Activity(index), Node::Activity(index - 4)));
        let over = (0..activities).step_by(4).map(|index| edge(Node::Activity(index), Node::End));
        let start = [edge(Node::Start, Node::Activity(0))];
        Map {
            rows: "Events",
            activities: (0..activities).map(activity).collect(),
            edges: start.into_iter().chain(forward).chain(back).chain(over).collect(),
            all_activities: activities,
            all_edges: 0,
            events_covered: 1.0,
            steps_covered: 1.0,
        }
    }

    fn apart(a: ((f64, f64), Size), b: ((f64, f64), Size)) -> bool {
        let near = |a: f64, b: f64, size: f64| (a - b).abs() < size / 2.0 - 0.01;
        !(near(a.0.0, b.0.0, a.1.0 + b.1.0) && near(a.0.1, b.0.1, a.1.1 + b.1.1))
    }

    #[test]
    fn nothing_covers_anything_else() {
        for activities in [1, 10, 60] {
            let map = map(activities);
            let (boxes, labels) = (vec![(140.0, 45.0); activities], vec![(70.0, 16.0); map.edges.len()]);
            let placement = place(&map, (26.0, 26.0), &boxes, &labels);
            let placed = placement.activities.iter().chain([&placement.start, &placement.end]);
            let boxes = placed.map(|b| ((b.x, b.y), b.size));
            let labels = placement.routes.iter().map(|route| (route.label, (70.0, 16.0)));
            let all: Vec<((f64, f64), Size)> = boxes.chain(labels).collect();
            for (index, &one) in all.iter().enumerate() {
                let (x, y) = one.0;
                let (width, height) = placement.size;
                assert!(x >= one.1.0 / 2.0 && x + one.1.0 / 2.0 <= width && y > 0.0 && y < height, "{one:?}");
                assert!(all[..index].iter().all(|&other| apart(one, other)), "{activities}: {one:?}");
            }
        }
    }

    #[test]
    fn lines_begin_and_end_at_their_boxes() {
        let map = map(20);
        let placement = place(&map, (26.0, 26.0), &[(140.0, 45.0); 20], &vec![(70.0, 16.0); map.edges.len()]);
        let at = |node: Node| match node {
            Node::Start => placement.start,
            Node::End => placement.end,
            Node::Activity(index) => placement.activities[index],
        };
        let touches = |point: (f64, f64), placed: Placed| {
            (point.0 - placed.x).abs() <= placed.size.0 / 2.0
                && ((point.1 - placed.y).abs() - placed.size.1 / 2.0).abs() < 0.01
        };
        for (edge, route) in map.edges.iter().zip(&placement.routes) {
            assert!(touches(route.points[0], at(edge.from)), "{edge:?}");
            assert!(touches(route.points[route.points.len() - 1], at(edge.to)), "{edge:?}");
        }
    }
}
