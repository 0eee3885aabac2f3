//! BPMN 2.0 read as a Petri net (Dijkman, Dumas, Ouyang, "Semantics and analysis of business process models in BPMN",
//! 2008): a flow is a place, a task a transition, gateways and events are silent ones.

use rustc_hash::FxHashMap;

use super::net::{Net, Place};
use super::xml::{Document, Element, Wrong};
use crate::error::excerpt;

/// Nodes and flows of a diagram, at most.
const MOST_NODES: usize = 20_000;

const REFUSED: [&str; 7] = [
    "inclusiveGateway",
    "complexGateway",
    "subProcess",
    "transaction",
    "adHocSubProcess",
    "boundaryEvent",
    "callConversation",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Start,
    End,
    Task,
    Exclusive,
    Parallel,
    /// An event between others, of which no log tells.
    Passed,
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "startEvent" => Kind::Start,
        "endEvent" => Kind::End,
        "task" | "userTask" | "serviceTask" | "sendTask" | "receiveTask" | "manualTask" | "scriptTask"
        | "businessRuleTask" | "callActivity" => Kind::Task,
        "exclusiveGateway" | "eventBasedGateway" => Kind::Exclusive,
        "parallelGateway" => Kind::Parallel,
        "intermediateThrowEvent" | "intermediateCatchEvent" => Kind::Passed,
        _ => return None,
    })
}

/// A node with its flows, which are places.
struct Node<'a> {
    element: &'a Element,
    kind: Kind,
    incoming: Vec<Place>,
    outgoing: Vec<Place>,
}

/// The net of a BPMN file.
pub(super) fn read(document: &Document) -> Result<Net, Wrong> {
    let holds_nodes =
        |process: &&Element| document.children(process).any(|child| kind(&child.name).is_some());
    let mut processes = document.all("process").filter(holds_nodes);
    let root = document.root();
    let process = processes.next().ok_or_else(|| Wrong::new(root.at, "it has no process with tasks"))?;
    if let Some(second) = processes.next() {
        return Err(Wrong::new(second.at, "it has a second process (pool) with tasks; one is read"));
    }
    let mut net = Net { places: 1, ..Net::default() };
    let nodes = nodes(document, process, &mut net)?;
    let starts = nodes.iter().filter(|node| node.kind == Kind::Start).count();
    if starts == 0 {
        return Err(Wrong::new(process.at, "its process has no start event"));
    }
    let ends: Vec<&Node<'_>> = nodes.iter().filter(|node| node.outgoing.is_empty()).collect();
    // With several ends, or several ways into one, a case is over when no token is left.
    let only_end = ends.len() == 1 && ends[0].incoming.len() == 1;
    if only_end {
        let end = net.place();
        net.last.push(end);
    }
    net.first.push(0);
    for node in &nodes {
        add(&mut net, document, node)?;
    }
    Ok(net.simplified())
}

fn nodes<'a>(document: &'a Document, process: &'a Element, net: &mut Net) -> Result<Vec<Node<'a>>, Wrong> {
    let mut nodes: Vec<Node<'a>> = Vec::new();
    let mut numbers: FxHashMap<&str, usize> = FxHashMap::default();
    for element in document.children(process) {
        if REFUSED.contains(&element.name.as_str()) {
            let name = element.attribute("name").or(element.attribute("id")).unwrap_or_default();
            let what = format!(
                "<{}> \"{}\" is not read; tasks, events, exclusive, event-based and parallel gateways are",
                element.name,
                excerpt(name)
            );
            return Err(Wrong::new(element.at, what));
        }
        let Some(kind) = kind(&element.name) else { continue };
        let id = element.required("id")?;
        if numbers.insert(id, nodes.len()).is_some() {
            return Err(Wrong::new(element.at, format!("the id \"{}\" is there twice", excerpt(id))));
        }
        nodes.push(Node { element, kind, incoming: Vec::new(), outgoing: Vec::new() });
    }
    for flow in document.children(process).filter(|element| element.name == "sequenceFlow") {
        if nodes.len() + net.places >= MOST_NODES {
            return Err(Wrong::new(flow.at, format!("it has more than {MOST_NODES} nodes and flows")));
        }
        let end = |name: &'static str| {
            let id = flow.required(name)?;
            let unknown = || {
                Wrong::new(
                    flow.at,
                    format!("a flow names \"{}\", which is no node of the process", excerpt(id)),
                )
            };
            numbers.get(id).copied().ok_or_else(unknown)
        };
        let (from, to) = (end("sourceRef")?, end("targetRef")?);
        let gateway = nodes[from].kind == Kind::Exclusive;
        if !gateway && document.child(flow, "conditionExpression").is_some() {
            let what = "a flow with a condition leaves a node that is no exclusive gateway; put one there";
            return Err(Wrong::new(flow.at, what));
        }
        let place = net.place();
        nodes[from].outgoing.push(place);
        nodes[to].incoming.push(place);
    }
    Ok(nodes)
}

fn add(net: &mut Net, document: &Document, node: &Node<'_>) -> Result<(), Wrong> {
    let Node { element, kind, incoming, outgoing } = node;
    let called = || excerpt(element.attribute("name").or(element.attribute("id")).unwrap_or_default());
    let refused =
        |what: &str| Err(Wrong::new(element.at, format!("<{}> \"{}\" {what}", element.name, called())));
    if incoming.is_empty() != (*kind == Kind::Start) {
        return refused(if incoming.is_empty() {
            "has no flow that leads to it"
        } else {
            "has a flow that leads to it"
        });
    }
    if document.children(element).any(|child| child.name.ends_with("LoopCharacteristics")) {
        return refused("has a marker of repetition, which is not read; draw the loop with gateways");
    }
    match kind {
        Kind::Start => net.step(None, &[0], outgoing),
        Kind::Parallel => net.step(None, incoming, outgoing),
        Kind::End | Kind::Task | Kind::Passed | Kind::Exclusive => {
            let last = net.last.clone();
            let outgoing = if outgoing.is_empty() { &last } else { outgoing };
            let label = element
                .attribute("name")
                .map(str::trim)
                .filter(|name| *kind == Kind::Task && !name.is_empty());
            // All ways in lead to one place.
            let here = net.place();
            incoming.iter().for_each(|&flow| net.step(None, &[flow], &[here]));
            if *kind == Kind::Exclusive {
                outgoing.iter().for_each(|&flow| net.step(None, &[here], &[flow]));
            } else {
                net.step(label.map(str::to_string), &[here], outgoing);
            }
        }
    }
    Ok(())
}
