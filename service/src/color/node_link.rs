//! Node-link JSON, as networkx writes it.

use super::graph::{Most, Unread};
use provenn_verifier::statement::colouring::GraphText;
use provenn_verifier::Graph;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;

/// Vertices are numbered in the order of `nodes`, so a colouring has its colours in that order.
///
/// # Errors
/// What is wrong, with its line or the number of the node or link, or what there is too much of.
pub fn parse(bytes: &[u8], most: Most) -> Result<GraphText, Unread> {
    let mut reading = Reading::new(most);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = reading.deserialize(&mut json).and_then(|()| json.end());
    match (reading.over.take(), read) {
        (Some(over), _) => Err(over),
        (None, Err(error)) => Err(format!("line {}: {error}", error.line()).into()),
        (None, Ok(())) => Ok(reading.finish()?),
    }
}

#[derive(Deserialize)]
struct Node {
    id: Value,
}

#[derive(Deserialize)]
struct Link {
    source: Value,
    target: Value,
}

/// What was read so far. Nodes may come after the links that join them.
struct Reading {
    most: Most,
    over: Option<Unread>,
    directed: bool,
    /// A number for each id, in the order in which they are met.
    ids: HashMap<String, usize>,
    nodes: Option<Vec<usize>>,
    links: Option<Vec<[usize; 2]>>,
}

impl Reading {
    fn new(most: Most) -> Self {
        Self {
            most,
            over: None,
            directed: false,
            ids: HashMap::new(),
            nodes: None,
            links: None,
        }
    }

    /// The number of an id, if there are not too many.
    fn number<E: Error>(&mut self, id: &Value) -> Result<usize, E> {
        let next = self.ids.len();
        let number = *self.ids.entry(id.to_string()).or_insert(next);
        match number < self.most.named() {
            true => Ok(number),
            false => Err(self.too_large("vertices", self.most.named())),
        }
    }

    fn too_large<E: Error>(&mut self, what: &'static str, most: usize) -> E {
        self.over = Some(Unread::TooLarge { what, most });
        E::custom("too large")
    }

    fn finish(self) -> Result<GraphText, String> {
        if self.directed {
            return Err("a directed graph; colourings are of undirected ones".into());
        }
        let (nodes, links) = (self.nodes.unwrap_or_default(), self.links.unwrap_or_default());
        let called = |id: usize| {
            let known = self.ids.iter().find(|(_, number)| **number == id);
            known.map(|(text, _)| text.as_str()).unwrap_or_default()
        };
        let mut numbers: Vec<Option<u32>> = vec![None; self.ids.len()];
        for (number, id) in (0u32..).zip(&nodes) {
            if numbers[*id].replace(number).is_some() {
                return Err(format!("node {}: a second one with the id {}", number + 1, called(*id)));
            }
        }
        let end = |index: usize, id: usize| {
            numbers[id].ok_or_else(|| format!("link {}: no node has the id {}", index + 1, called(id)))
        };
        let edge = |(index, [u, v]): (usize, &[usize; 2])| match (end(index, *u)?, end(index, *v)?) {
            (first, second) if first == second => Err(format!(
                "link {}: node {} is joined to itself, so no colouring is proper",
                index + 1,
                called(*u)
            )),
            pair => Ok(pair),
        };
        let edges = links.iter().enumerate().map(edge).collect::<Result<Vec<_>, _>>()?;
        let vertices = u32::try_from(nodes.len()).map_err(|e| e.to_string())?;
        let graph = Graph::new(vertices, edges).map_err(|e| e.to_string())?;
        Ok(GraphText {
            repeated: links.len() - graph.edges().len(),
            graph,
        })
    }
}

impl<'de> DeserializeSeed<'de> for &mut Reading {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Reading {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `nodes` and `links`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key::<String>()? {
            match field.as_str() {
                "directed" => self.directed = map.next_value()?,
                "nodes" if self.nodes.is_none() => map.next_value_seed(Nodes(self))?,
                "links" | "edges" if self.links.is_none() => map.next_value_seed(Links(self))?,
                "nodes" | "links" | "edges" => return Err(A::Error::custom(format!("a second list of {field}"))),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match (&self.nodes, &self.links) {
            (None, _) => Err(A::Error::missing_field("nodes")),
            (_, None) => Err(A::Error::missing_field("links")),
            _ => Ok(()),
        }
    }
}

struct Nodes<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for Nodes<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Nodes<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of nodes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut nodes = vec![];
        while let Some(Node { id }) = list.next_element()? {
            nodes.push(self.0.number(&id)?);
            // The same id again and again.
            if nodes.len() > self.0.most.named() {
                return Err(self.0.too_large("vertices", self.0.most.named()));
            }
        }
        self.0.nodes = Some(nodes);
        Ok(())
    }
}

struct Links<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for Links<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Links<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of links")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut links = vec![];
        while let Some(Link { source, target }) = list.next_element()? {
            links.push([self.0.number(&source)?, self.0.number(&target)?]);
            if links.len() > self.0.most.listed() {
                return Err(self.0.too_large("edges", self.0.most.listed()));
            }
        }
        self.0.links = Some(links);
        Ok(())
    }
}
