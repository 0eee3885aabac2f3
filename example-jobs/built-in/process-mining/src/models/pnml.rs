//! Petri nets as PNML (ISO/IEC 15909-2): place/transition nets. Final markings and silent transitions are written as ProM
//! and pm4py read them.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;

use super::net::{Net, Place, Transition};
use super::xml::{Document, Element, Wrong, escaped};
use crate::error::excerpt;

/// Places of a net that is read, and transitions, at most; and tokens on a place, and weight of an arc.
const MOST_NODES: usize = 20_000;
const MOST_TOKENS: u64 = 100;

/// The net as PNML.
pub(super) fn write(net: &Net, name: &str) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail.
    let _ = lines(net, name, &mut out);
    out
}

fn lines(net: &Net, name: &str, out: &mut String) -> std::fmt::Result {
    writeln!(out, "<pnml xmlns=\"http://www.pnml.org/version-2009/grammar/pnml\">")?;
    writeln!(out, "<net id=\"net\" type=\"http://www.pnml.org/version-2009/grammar/ptnet\">")?;
    writeln!(out, "<name><text>{}</text></name>\n<page id=\"page\">", escaped(name))?;
    for place in 0..net.places {
        let tokens = net.first.iter().filter(|&&other| usize::from(other) == place).count();
        write!(out, "<place id=\"p{place}\"><name><text>p{place}</text></name>")?;
        if tokens > 0 {
            write!(out, "<initialMarking><text>{tokens}</text></initialMarking>")?;
        }
        writeln!(out, "</place>")?;
    }
    for (number, transition) in net.transitions.iter().enumerate() {
        let silent = format!("tau {number}");
        let label = transition.label.as_deref().unwrap_or(&silent);
        write!(out, "<transition id=\"t{number}\"><name><text>{}</text></name>", escaped(label))?;
        if transition.label.is_none() {
            let tool = "tool=\"ProM\" version=\"6.4\" activity=\"$invisible$\"";
            write!(out, "<toolspecific {tool} localNodeID=\"t{number}\"/>")?;
        }
        writeln!(out, "</transition>")?;
    }
    let mut arc = 0;
    for (number, transition) in net.transitions.iter().enumerate() {
        for (places, inward) in [(&transition.inputs, true), (&transition.outputs, false)] {
            for same in places.chunk_by(|a, b| a == b) {
                let (place, step) = (format!("p{}", same[0]), format!("t{number}"));
                let (source, target) = if inward { (place, step) } else { (step, place) };
                write!(out, "<arc id=\"a{arc}\" source=\"{source}\" target=\"{target}\">")?;
                writeln!(out, "<inscription><text>{}</text></inscription></arc>", same.len())?;
                arc += 1;
            }
        }
    }
    writeln!(out, "</page>\n<finalmarkings><marking>")?;
    for same in net.last.chunk_by(|a, b| a == b) {
        writeln!(out, "<place idref=\"p{}\"><text>{}</text></place>", same[0], same.len())?;
    }
    writeln!(out, "</marking></finalmarkings>\n</net>\n</pnml>")
}

/// A node of the file.
#[derive(Clone, Copy)]
enum Node {
    Place(Place),
    Transition(usize),
}

/// The net of a PNML file. Without a final marking, the only place that nothing is taken from is where cases end.
pub(super) fn read(document: &Document) -> Result<Net, Wrong> {
    let root = document.root();
    let mut nets = document.children(root).filter(|child| child.name == "net");
    let found = nets.next().ok_or_else(|| Wrong::new(root.at, "it has no <net>"))?;
    if let Some(second) = nets.next() {
        return Err(Wrong::new(second.at, "it has a second <net>"));
    }
    let mut net = Net::default();
    let mut nodes: FxHashMap<&str, Node> = FxHashMap::default();
    let within = Within { document, net: found };
    for place in within.all("place").filter(|place| place.attribute("id").is_some()) {
        let tokens =
            document.child(place, "initialMarking").map(|mark| number(document, mark)).transpose()?;
        let node = net.places as Place;
        net.first.extend(std::iter::repeat_n(node, tokens.unwrap_or(0)));
        net.places += 1;
        name(&mut nodes, place, Node::Place(node))?;
    }
    for transition in within.all("transition") {
        let mut tools = document.children(transition).filter(|child| child.name == "toolspecific");
        let silent = tools.any(|tool| tool.attribute("activity") == Some("$invisible$"));
        let label = document.label(transition, "name").filter(|_| !silent).map(str::to_string);
        name(&mut nodes, transition, Node::Transition(net.transitions.len()))?;
        net.transitions.push(Transition { label, inputs: Vec::new(), outputs: Vec::new() });
    }
    for arc in within.all("arc") {
        add_arc(document, arc, &nodes, &mut net)?;
    }
    for transition in &mut net.transitions {
        transition.inputs.sort_unstable();
        transition.outputs.sort_unstable();
    }
    net.last = last(document, found, &nodes, &net)?;
    if net.first.is_empty() {
        return Err(Wrong::new(found.at, "its net has no initial marking: no place has a token"));
    }
    Ok(net)
}

struct Within<'a> {
    document: &'a Document,
    net: &'a Element,
}

impl<'a> Within<'a> {
    /// Elements of the net and of its pages, which may lie in each other.
    fn all(&self, name: &str) -> std::vec::IntoIter<&'a Element> {
        let mut found = Vec::new();
        let mut pages = vec![self.net];
        while let Some(page) = pages.pop() {
            for child in self.document.children(page) {
                if child.name == name {
                    found.push(child);
                } else if child.name == "page" {
                    pages.push(child);
                }
            }
        }
        found.into_iter()
    }
}

fn name<'a>(nodes: &mut FxHashMap<&'a str, Node>, element: &'a Element, node: Node) -> Result<(), Wrong> {
    if nodes.len() >= MOST_NODES {
        return Err(Wrong::new(element.at, format!("it has more than {MOST_NODES} places and transitions")));
    }
    let id = element.required("id")?;
    match nodes.insert(id, node) {
        Some(_) => Err(Wrong::new(element.at, format!("the id \"{}\" is there twice", excerpt(id)))),
        None => Ok(()),
    }
}

/// The number in `<text>`, in a small range.
fn number(document: &Document, element: &Element) -> Result<usize, Wrong> {
    let text = document.child(element, "text").map_or("", |text| text.text.trim());
    let number = text.parse::<u64>().ok().filter(|&number| number <= MOST_TOKENS);
    let what = || {
        let (name, text) = (excerpt(&element.name), excerpt(text));
        format!("<{name}> says \"{text}\"; whole numbers up to {MOST_TOKENS} are allowed")
    };
    number.map(|number| number as usize).ok_or_else(|| Wrong::new(element.at, what()))
}

fn add_arc(
    document: &Document,
    arc: &Element,
    nodes: &FxHashMap<&str, Node>,
    net: &mut Net,
) -> Result<(), Wrong> {
    let end = |name: &'static str| {
        let id = arc.required(name)?;
        let unknown = || {
            Wrong::new(arc.at, format!("an arc names \"{}\", which is no place or transition", excerpt(id)))
        };
        nodes.get(id).copied().ok_or_else(unknown)
    };
    if let Some(kind) = document.label(arc, "arctype").or(document.label(arc, "type"))
        && kind != "normal"
    {
        return Err(Wrong::new(
            arc.at,
            format!("an arc is of the kind \"{}\"; only plain arcs are read", excerpt(kind)),
        ));
    }
    let weight =
        document.child(arc, "inscription").map(|mark| number(document, mark)).transpose()?.unwrap_or(1);
    match (end("source")?, end("target")?) {
        (Node::Place(place), Node::Transition(step)) => {
            net.transitions[step].inputs.extend(std::iter::repeat_n(place, weight));
        }
        (Node::Transition(step), Node::Place(place)) => {
            net.transitions[step].outputs.extend(std::iter::repeat_n(place, weight));
        }
        _ => return Err(Wrong::new(arc.at, "an arc leads between two nodes of the same kind")),
    }
    Ok(())
}

fn last(
    document: &Document,
    net_element: &Element,
    nodes: &FxHashMap<&str, Node>,
    net: &Net,
) -> Result<Vec<Place>, Wrong> {
    let marking = document.child(net_element, "finalmarkings").and_then(|all| document.child(all, "marking"));
    let mut last = Vec::new();
    for place in marking.iter().flat_map(|marking| document.children(marking)) {
        let id = place.required("idref")?;
        let Some(Node::Place(node)) = nodes.get(id) else {
            let what = format!("the final marking names \"{}\", which is no place", excerpt(id));
            return Err(Wrong::new(place.at, what));
        };
        last.extend(std::iter::repeat_n(*node, number(document, place)?));
    }
    if last.is_empty() {
        let mut sinks = vec![true; net.places];
        let inputs = net.transitions.iter().flat_map(|transition| &transition.inputs);
        inputs.for_each(|&place| sinks[usize::from(place)] = false);
        let sinks: Vec<Place> = (0..net.places as Place).filter(|&place| sinks[usize::from(place)]).collect();
        let [sink] = sinks[..] else {
            let what = format!(
                "it has no final marking, and {} places that nothing is taken from instead of one",
                sinks.len()
            );
            return Err(Wrong::new(net_element.at, what));
        };
        last.push(sink);
    }
    last.sort_unstable();
    Ok(last)
}
