//! Process trees as BPMN 2.0 with positions (diagram interchange). Blocks become pairs of gateways; they are drawn from
//! left to right, what is chosen or parallel one below the other, and what leads back below what is done.

use std::fmt::Write as _;

use super::tree::{Operator, Tree};
use super::xml::escaped;
use crate::names::Id;

const TASK: (f64, f64) = (100.0, 80.0);
const GATEWAY: f64 = 50.0;
const EVENT: f64 = 36.0;
const GAP: f64 = 50.0;
const ROW_GAP: f64 = 30.0;
/// Height of a way without tasks.
const WAY: f64 = 20.0;
const MARGIN: f64 = 100.0;

type Point = (f64, f64);

#[derive(Clone, Copy)]
enum Kind<'a> {
    Start,
    End,
    Task(&'a str),
    Exclusive,
    Parallel,
}

impl Kind<'_> {
    fn element(self) -> &'static str {
        match self {
            Self::Start => "startEvent",
            Self::End => "endEvent",
            Self::Task(_) => "task",
            Self::Exclusive => "exclusiveGateway",
            Self::Parallel => "parallelGateway",
        }
    }

    fn size(self) -> (f64, f64) {
        match self {
            Self::Start | Self::End => (EVENT, EVENT),
            Self::Task(_) => TASK,
            Self::Exclusive | Self::Parallel => (GATEWAY, GATEWAY),
        }
    }
}

struct Node<'a> {
    kind: Kind<'a>,
    /// Its middle.
    middle: Point,
}

struct Flow {
    from: usize,
    to: usize,
    points: Vec<Point>,
}

/// A diagram under construction.
struct Diagram<'a, N> {
    name: &'a N,
    nodes: Vec<Node<'a>>,
    flows: Vec<Flow>,
}

/// Where a block is drawn: its left upper corner and size, and whether it runs from right to left.
#[derive(Clone, Copy)]
struct Area {
    left: f64,
    top: f64,
    size: (f64, f64),
    back: bool,
}

impl Area {
    fn middle(&self) -> f64 {
        self.top + self.size.1 / 2.0
    }

    /// A part of the area that begins so far from where it begins.
    fn part(&self, offset: f64, top: f64, size: (f64, f64), back: bool) -> Self {
        let left = if self.back { self.left + self.size.0 - offset - size.0 } else { self.left + offset };
        Self { left, top, size, back }
    }
}

/// The first and the last node of a block; None for one without nodes.
type Ends = Option<(usize, usize)>;

/// The tree as a BPMN file.
pub(super) fn write<'a>(tree: &Tree, title: &str, name: &'a impl Fn(Id) -> &'a str) -> String {
    let mut diagram = Diagram { name, nodes: Vec::new(), flows: Vec::new() };
    let size = size(tree);
    let top = MARGIN;
    let area = Area { left: MARGIN + EVENT + GAP, top, size, back: false };
    let middle = area.middle();
    let start = diagram.node(Kind::Start, (MARGIN + EVENT / 2.0, middle));
    let ends = diagram.block(tree, area);
    let end = diagram.node(Kind::End, (area.left + size.0 + GAP + EVENT / 2.0, middle));
    match ends {
        Some((first, last)) => {
            diagram.straight(start, first);
            diagram.straight(last, end);
        }
        None => diagram.straight(start, end),
    }
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = diagram.lines(title, &mut out);
    out
}

/// Width and height of a block.
fn size(tree: &Tree) -> (f64, f64) {
    match tree {
        Tree::Silent => (0.0, WAY),
        Tree::Activity(_) => TASK,
        Tree::Block(Operator::Sequence, parts) => {
            let sizes = parts.iter().map(size);
            let (width, height) =
                sizes.fold((0.0, 0.0), |(w, h): (f64, f64), part| (w + part.0, h.max(part.1)));
            (width + GAP * (parts.len() - 1) as f64, height)
        }
        Tree::Block(_, parts) => {
            let sizes = parts.iter().map(size);
            let (width, height) =
                sizes.fold((0.0, 0.0), |(w, h): (f64, f64), part| (w.max(part.0), h + part.1));
            (width + 2.0 * (GATEWAY + GAP), (height + ROW_GAP * (parts.len() - 1) as f64).max(GATEWAY))
        }
    }
}

impl<'a, N: Fn(Id) -> &'a str> Diagram<'a, N> {
    fn node(&mut self, kind: Kind<'a>, middle: Point) -> usize {
        self.nodes.push(Node { kind, middle });
        self.nodes.len() - 1
    }

    fn block(&mut self, tree: &Tree, area: Area) -> Ends {
        match tree {
            Tree::Silent => None,
            Tree::Activity(activity) => {
                let name = (self.name)(*activity);
                let node = self.node(Kind::Task(name), (area.left + area.size.0 / 2.0, area.middle()));
                Some((node, node))
            }
            Tree::Block(Operator::Sequence, parts) => self.sequence(parts, area),
            Tree::Block(operator, parts) => Some(self.gates(*operator, parts, area)),
        }
    }

    fn sequence(&mut self, parts: &[Tree], area: Area) -> Ends {
        let (mut offset, mut ends): (f64, Ends) = (0.0, None);
        for part in parts {
            let size = size(part);
            let found = self.block(part, area.part(offset, area.middle() - size.1 / 2.0, size, area.back));
            offset += size.0 + GAP;
            let Some((first, last)) = found else { continue };
            if let Some((_, before)) = ends {
                self.straight(before, first);
            }
            ends = Some((ends.map_or(first, |(first, _)| first), last));
        }
        ends
    }

    /// A pair of gateways with the parts between them, each in a row.
    fn gates(&mut self, operator: Operator, parts: &[Tree], area: Area) -> (usize, usize) {
        let kind = if operator == Operator::Parallel { Kind::Parallel } else { Kind::Exclusive };
        let gate = (GATEWAY, GATEWAY);
        let at = |offset: f64| {
            let part = area.part(offset, 0.0, gate, area.back);
            (part.left + GATEWAY / 2.0, area.middle())
        };
        let (first, last) = (self.node(kind, at(0.0)), self.node(kind, at(area.size.0 - GATEWAY)));
        let inner = area.size.0 - 2.0 * (GATEWAY + GAP);
        let rows: f64 =
            parts.iter().map(|part| size(part).1).sum::<f64>() + ROW_GAP * (parts.len() - 1) as f64;
        let mut top = area.middle() - rows / 2.0;
        for (number, part) in parts.iter().enumerate() {
            let size = size(part);
            let back = operator == Operator::Loop && number > 0;
            let (from, to) = if back { (last, first) } else { (first, last) };
            let part_area = area.part(GATEWAY + GAP + (inner - size.0) / 2.0, top, size, area.back != back);
            let line = part_area.middle();
            match self.block(part, part_area) {
                Some((begin, end)) => {
                    self.fork(from, begin, line, true);
                    self.fork(end, to, line, false);
                }
                None => self.way(from, to, line),
            }
            top += size.1 + ROW_GAP;
        }
        (first, last)
    }

    /// The point of a node's side that faces a point.
    fn side(&self, node: usize, towards: Point) -> Point {
        let Node { kind, middle: (x, y) } = self.nodes[node];
        let half = kind.size().0 / 2.0;
        (if towards.0 > x { x + half } else { x - half }, y)
    }

    fn straight(&mut self, from: usize, to: usize) {
        let (a, b) = (self.nodes[from].middle, self.nodes[to].middle);
        let points = vec![self.side(from, b), self.side(to, a)];
        self.flows.push(Flow { from, to, points });
    }

    /// Between a gateway and a row: down or up first where the gateway comes first, last where it comes last.
    fn fork(&mut self, from: usize, to: usize, line: f64, gate_first: bool) {
        let (gate, other) = if gate_first { (from, to) } else { (to, from) };
        let middle = self.nodes[gate].middle;
        if (middle.1 - line).abs() < 1.0 {
            return self.straight(from, to);
        }
        let mut points = vec![self.edge(gate, line), (middle.0, line), self.side(other, middle)];
        if !gate_first {
            points.reverse();
        }
        self.flows.push(Flow { from, to, points });
    }

    /// A way without tasks between two gateways.
    fn way(&mut self, from: usize, to: usize, line: f64) {
        let (a, b) = (self.nodes[from].middle, self.nodes[to].middle);
        if (a.1 - line).abs() < 1.0 {
            return self.straight(from, to);
        }
        let points = vec![self.edge(from, line), (a.0, line), (b.0, line), self.edge(to, line)];
        self.flows.push(Flow { from, to, points });
    }

    /// The upper or lower corner of a gateway.
    fn edge(&self, gate: usize, line: f64) -> Point {
        let (x, y) = self.nodes[gate].middle;
        (x, if line > y { y + GATEWAY / 2.0 } else { y - GATEWAY / 2.0 })
    }

    fn lines(&self, title: &str, out: &mut String) -> std::fmt::Result {
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(
            out,
            "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
             xmlns:bpmndi=\"http://www.omg.org/spec/BPMN/20100524/DI\" xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\" \
             xmlns:di=\"http://www.omg.org/spec/DD/20100524/DI\" id=\"definitions\" \
             targetNamespace=\"http://bpmn.io/schema/bpmn\">"
        )?;
        writeln!(out, "<process id=\"process\" name=\"{}\" isExecutable=\"false\">", escaped(title))?;
        for (number, node) in self.nodes.iter().enumerate() {
            let element = node.kind.element();
            write!(out, "<{element} id=\"node_{number}\"")?;
            if let Kind::Task(name) = node.kind {
                write!(out, " name=\"{}\"", escaped(name))?;
            }
            writeln!(out, ">")?;
            let flows = || self.flows.iter().enumerate();
            for (flow, _) in flows().filter(|(_, flow)| flow.to == number) {
                writeln!(out, "<incoming>flow_{flow}</incoming>")?;
            }
            for (flow, _) in flows().filter(|(_, flow)| flow.from == number) {
                writeln!(out, "<outgoing>flow_{flow}</outgoing>")?;
            }
            writeln!(out, "</{element}>")?;
        }
        for (number, Flow { from, to, .. }) in self.flows.iter().enumerate() {
            let (from, to) = (format!("node_{from}"), format!("node_{to}"));
            writeln!(out, "<sequenceFlow id=\"flow_{number}\" sourceRef=\"{from}\" targetRef=\"{to}\"/>")?;
        }
        writeln!(out, "</process>\n<bpmndi:BPMNDiagram id=\"diagram\">")?;
        writeln!(out, "<bpmndi:BPMNPlane id=\"plane\" bpmnElement=\"process\">")?;
        for (number, node) in self.nodes.iter().enumerate() {
            let ((x, y), (width, height)) = (node.middle, node.kind.size());
            let (x, y) = (x - width / 2.0, y - height / 2.0);
            let marker = if matches!(node.kind, Kind::Exclusive) { " isMarkerVisible=\"true\"" } else { "" };
            writeln!(out, "<bpmndi:BPMNShape id=\"shape_{number}\" bpmnElement=\"node_{number}\"{marker}>")?;
            writeln!(out, "<dc:Bounds x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>")?;
            writeln!(out, "</bpmndi:BPMNShape>")?;
        }
        for (number, flow) in self.flows.iter().enumerate() {
            writeln!(out, "<bpmndi:BPMNEdge id=\"edge_{number}\" bpmnElement=\"flow_{number}\">")?;
            for (x, y) in &flow.points {
                writeln!(out, "<di:waypoint x=\"{x}\" y=\"{y}\"/>")?;
            }
            writeln!(out, "</bpmndi:BPMNEdge>")?;
        }
        writeln!(out, "</bpmndi:BPMNPlane>\n</bpmndi:BPMNDiagram>\n</definitions>")
    }
}
