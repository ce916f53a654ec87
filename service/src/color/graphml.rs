//! GraphML, as networkx, igraph, yEd and Gephi write it: nodes and edges, and nothing of what is said about them.

use super::graph::{Most, Unread};
use provenn_verifier::statement::colouring::GraphText;
use provenn_verifier::Graph;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::collections::HashMap;

/// Vertices are numbered in the order of the nodes, so a colouring has its colours in that order.
///
/// # Errors
/// What is wrong, with its line, or what there is too much of.
pub fn parse(text: &str, most: Most) -> Result<GraphText, Unread> {
    let mut reader = Reader::from_str(text);
    let mut reading = Reading::default();
    let (mut line, mut counted) = (1, 0);
    loop {
        let begin = usize::try_from(reader.buffer_position()).map_err(|e| e.to_string())?;
        line += text.as_bytes()[counted..begin]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        counted = begin;
        let read = match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => reading.event(&event, line),
            Err(error) => Err(format!("no XML: {error}")),
        };
        read.map_err(|reason| format!("line {line}: {reason}"))?;
        reading.admit(most)?;
    }
    if reading.depth > 0 {
        return Err(format!("line {line}: the file ends within an element").into());
    }
    Ok(reading.finish()?)
}

#[derive(Default)]
struct Reading {
    /// Elements that are open.
    depth: usize,
    /// Whether a graph began.
    graph: bool,
    numbers: HashMap<String, u32>,
    /// Lines, and what the edges there join. They may come before their nodes.
    edges: Vec<(usize, [String; 2])>,
}

impl Reading {
    fn event(&mut self, event: &Event<'_>, line: usize) -> Result<(), String> {
        match event {
            Event::Start(element) => {
                self.element(element, line)?;
                self.depth += 1;
            }
            Event::Empty(element) => self.element(element, line)?,
            Event::End(_) => self.depth -= 1,
            Event::DocType(_) => return Err("a document type, which GraphML has none of".into()),
            _ => {}
        }
        Ok(())
    }

    fn admit(&self, most: Most) -> Result<(), Unread> {
        let sizes = [
            ("vertices", self.numbers.len(), most.named()),
            ("edges", self.edges.len(), most.listed()),
        ];
        match sizes.into_iter().find(|(_, got, most)| got > most) {
            None => Ok(()),
            Some((what, _, most)) => Err(Unread::TooLarge { what, most }),
        }
    }

    fn element(&mut self, element: &BytesStart<'_>, line: usize) -> Result<(), String> {
        let name = element.local_name();
        match (name.as_ref(), self.depth) {
            (b"graphml", 0) => Ok(()),
            (_, 0) => Err("expected the element `graphml`".into()),
            (b"graph", _) => {
                if self.graph {
                    return Err("a second graph, or one within another".into());
                }
                self.graph = true;
                let [direction] = attributes(element, ["edgedefault"])?;
                match direction.as_deref() {
                    Some("directed") => Err("a directed graph; colourings are of undirected ones".into()),
                    _ => Ok(()),
                }
            }
            (b"node" | b"edge" | b"hyperedge", _) if !self.graph => Err("it is in no graph".into()),
            (b"node", _) => self.node(element),
            (b"edge", _) => self.edge(element, line),
            (b"hyperedge", _) => Err("a hyperedge, which is no edge between two vertices".into()),
            _ => Ok(()),
        }
    }

    fn node(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        let [id] = attributes(element, ["id"])?;
        let id = id.ok_or("a node without `id`")?;
        let number = u32::try_from(self.numbers.len()).map_err(|e| e.to_string())?;
        match self.numbers.insert(id.clone(), number) {
            None => Ok(()),
            Some(_) => Err(format!("a second node with the id {id:?}")),
        }
    }

    fn edge(&mut self, element: &BytesStart<'_>, line: usize) -> Result<(), String> {
        let [source, target, directed] = attributes(element, ["source", "target", "directed"])?;
        if directed.as_deref() == Some("true") {
            return Err("a directed edge; colourings are of undirected graphs".into());
        }
        let (Some(source), Some(target)) = (source, target) else {
            return Err("an edge without `source` or `target`".into());
        };
        if source == target {
            return Err(format!(
                "node {source:?} is joined to itself, so no colouring is proper"
            ));
        }
        self.edges.push((line, [source, target]));
        Ok(())
    }

    fn finish(self) -> Result<GraphText, String> {
        if !self.graph {
            return Err("no graph in the file".into());
        }
        let listed = self.edges.len();
        let numbers = &self.numbers;
        let number = |line: usize, id: &String| {
            let number = numbers.get(id).copied();
            number.ok_or_else(|| format!("line {line}: no node has the id {id:?}"))
        };
        let edge = |(line, [u, v]): &(usize, [String; 2])| Ok((number(*line, u)?, number(*line, v)?));
        let edges = self.edges.iter().map(edge).collect::<Result<Vec<_>, String>>()?;
        let vertices = u32::try_from(numbers.len()).map_err(|e| e.to_string())?;
        let graph = Graph::new(vertices, edges).map_err(|e| e.to_string())?;
        Ok(GraphText {
            repeated: listed - graph.edges().len(),
            graph,
        })
    }
}

/// The values of attributes by their names. Entities that a file defines are none.
fn attributes<const N: usize>(element: &BytesStart<'_>, names: [&str; N]) -> Result<[Option<String>; N], String> {
    let mut values = [const { None }; N];
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|e| format!("no XML: {e}"))?;
        let place = names.iter().position(|name| attribute.key.as_ref() == name.as_bytes());
        if let Some(place) = place {
            let value = attribute.normalized_value(XmlVersion::Explicit1_0);
            values[place] = Some(value.map_err(|e| format!("no XML: {e}"))?.into_owned());
        }
    }
    Ok(values)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
