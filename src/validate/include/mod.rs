//! Pieces: steps of another file, with inputs of their own, in the place of an `include`.
//!
//! What is included is written out here, in the document, before anything else of it is judged: whoever reads the runbook afterwards
//! knows nothing of pieces. `{ include: drain.yaml, id: first, with: { node: web-1 } }` is the steps of `drain.yaml`, each called
//! `first-ID`, with what `with` says in the place of its inputs.
//!
//! Not handled: checks, targets and loops of a piece as a whole. Which files may be read decides whoever reads them.

mod filled;
mod node;
mod piece;

use super::problem::Notes;
use super::words::{found, meant};
use crate::document::{Document, Kind, Node};
use node::{changed, text};
use piece::Included;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How deep pieces may include pieces.
const DEEPEST: usize = 8;
/// The most steps: a document of more is a mistake.
const MOST: usize = 10_000;

/// The paths, from the runbook's folder, of what the document and its pieces include.
#[must_use]
pub fn wanted(document: &Document) -> Vec<String> {
    let pieces = document.pieces.iter().map(|piece| (piece.name.as_str(), &piece.root));
    let files = [("", &document.root)].into_iter().chain(pieces);
    let names = |(file, root): (&str, &Node)| -> Vec<String> {
        let steps = root.get("steps").and_then(Node::items).unwrap_or_default();
        steps.iter().filter_map(|step| Some(beside(file, step.get("include")?.text()?))).collect()
    };
    files.flat_map(names).collect()
}

/// A path that a file names, from the runbook's folder.
fn beside(file: &str, path: &str) -> String {
    let path = path.trim_start_matches("./");
    file.rsplit_once('/').map_or_else(|| path.to_owned(), |(folder, _)| format!("{folder}/{path}"))
}

/// The document with the steps of its pieces in their place; nothing when one cannot be read, which is told.
pub(super) fn included<'d>(document: &'d Document, notes: &mut Notes) -> Option<Cow<'d, Document>> {
    let before = notes.len();
    let steps = document.root.get("steps").and_then(Node::items).unwrap_or_default();
    if !steps.iter().any(|step| step.get("include").is_some()) {
        return Some(Cow::Borrowed(document));
    }
    let mut expansion = Expansion { document, whole: BTreeMap::new() };
    let steps = expansion.expanded(steps, "", 0, notes);
    let steps: Vec<Node> = steps.into_iter().map(|step| expansion.with_whole_needs(step)).collect();
    if notes.len() > before {
        return None;
    }
    let mut root = document.root.clone();
    if let Kind::Map(entries) = &mut root.kind
        && let Some(list) = entries.iter_mut().find(|entry| entry.key.text == "steps")
    {
        list.value.kind = Kind::List(steps);
    }
    let root = changed(root, &|name, node| if name == "guards" { expansion.with_whole_ranges(node) } else { node });
    Some(Cow::Owned(document.with_root(root)))
}

/// Writing pieces out.
struct Expansion<'d> {
    document: &'d Document,
    /// The steps of each include that has an id.
    whole: BTreeMap<String, Vec<String>>,
}

impl Expansion<'_> {
    fn expanded(&mut self, steps: &[Node], file: &str, depth: usize, notes: &mut Notes) -> Vec<Node> {
        let mut all = Vec::new();
        for step in steps {
            let Some(include) = step.get("include") else {
                all.push(step.clone());
                continue;
            };
            if depth >= DEEPEST {
                notes.add(include.place, format!("pieces include each other more than {DEEPEST} deep, or in a circle"));
                continue;
            }
            let Some((name, piece)) = self.piece(include, file, notes) else { continue };
            let Some(included) = Included::of(step, &piece, notes) else { continue };
            let inside = self.expanded(&included.steps(notes), &name, depth + 1, notes);
            if let Some(id) = included.id {
                let ids = inside.iter().filter_map(|step| step.get("id")?.text().map(str::to_owned));
                self.whole.insert(id.to_owned(), ids.collect());
            }
            all.extend(inside);
            if all.len() > MOST {
                notes.add(include.place, format!("there are more than {MOST} steps"));
                break;
            }
        }
        all
    }

    fn piece(&self, include: &Node, file: &str, notes: &mut Notes) -> Option<(String, Node)> {
        let Some(path) = include.text() else {
            notes.add(include.place, format!("`include`: found {}, expected a file's path", found(include)));
            return None;
        };
        if !crate::model::LocalFile::is_inside(path) {
            let message = format!("`include`: `{path}` is not below the folder of the file that includes it");
            notes.advise(include.place, message, "a piece lies beside the runbook, or in a folder there");
            return None;
        }
        let name = beside(file, path);
        let found = self.document.pieces.iter().find(|piece| piece.name == name);
        if found.is_none() {
            let names = self.document.pieces.iter().map(|piece| piece.name.as_str());
            let message = format!("`include`: there is no piece `{name}`");
            notes.advise(include.place, message, meant(&name, names, "pieces"));
        }
        found.map(|piece| (name, piece.root.clone()))
    }

    /// A guard that holds from an include on begins with its first step, one until an include ends with its last.
    fn with_whole_ranges(&self, guards: Node) -> Node {
        let Kind::List(items) = guards.kind else { return guards };
        let range = |guard: Node| {
            changed(guard, &|name, node| {
                let ids = node.text().and_then(|id| self.whole.get(id));
                let id = match name {
                    "from" => ids.and_then(|ids| ids.first()),
                    "until" => ids.and_then(|ids| ids.last()),
                    _ => None,
                };
                id.map_or_else(|| node.clone(), |id| text(id, node.place))
            })
        };
        Node { place: guards.place, kind: Kind::List(items.into_iter().map(range).collect()) }
    }

    /// Whoever needs an include needs all its steps.
    fn with_whole_needs(&self, step: Node) -> Node {
        let needs = |node: Node| match node.kind {
            Kind::List(items) => {
                let of = |item: Node| match item.text().and_then(|text| self.whole.get(text)) {
                    Some(ids) => ids.iter().map(|id| text(id, item.place)).collect(),
                    None => vec![item],
                };
                Node { place: node.place, kind: Kind::List(items.into_iter().flat_map(of).collect()) }
            }
            kind => Node { place: node.place, kind },
        };
        changed(step, &|name, node| match name {
            "needs" => needs(node),
            "actions" => match node.kind {
                Kind::List(actions) => {
                    let of = |action| changed(action, &|name, node| if name == "needs" { needs(node) } else { node });
                    Node { place: node.place, kind: Kind::List(actions.into_iter().map(of).collect()) }
                }
                kind => Node { place: node.place, kind },
            },
            _ => node,
        })
    }
}
