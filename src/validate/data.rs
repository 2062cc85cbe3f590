//! A document of plain data of a type of ours, such as a world file: all places where it is something else.
//!
//! Its shape is judged first, by what `serde` says of the type: what is wrong is told and left out, and the rest is tried
//! again. What the shape does not say its owner judges, by paths into the document.
//!
//! Not handled: secrets; the lines of the document are shown.

use super::literal::repeated;
use super::problem::{Notes, Problems, Where};
use super::words::{found, meant, value};
use crate::document::{Document, Kind, Node, Place};
use crate::model::Value;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// More wrong places than this are not looked for.
const MANY: usize = 100;

/// What is wrong, and what helps.
pub type Remark = (String, Option<String>);

/// A document of plain data that is being judged.
pub struct Data<'d> {
    document: &'d Document,
    notes: Notes,
}

impl<'d> Data<'d> {
    /// Nothing is wrong with it yet.
    #[must_use]
    pub fn of(document: &'d Document) -> Self {
        let mut notes = Notes::default();
        for again in repeated(&document.root, "the file") {
            notes.add(again.key.place, format!("`{}` is given twice in {}", again.key.text, again.what));
        }
        Self { document, notes }
    }

    /// The value, if all of it is of the type.
    pub fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        let mut data = value(&self.document.root);
        if data.is_null() {
            data = Value::Object(serde_json::Map::new());
        }
        let mut taken: Vec<Vec<String>> = Vec::new();
        for _ in 0..MANY {
            let error = match serde_path_to_error::deserialize::<_, T>(data.clone()) {
                Ok(read) => return (self.notes.len() == 0).then_some(read),
                Err(error) => error,
            };
            let path = steps(error.path());
            let said = error.inner().to_string();
            let (node, place) = lookup(&self.document.root, &path);
            if said.contains("expected a string") && self.as_written(node, &path, &mut data) {
                continue;
            }
            let is_told = missing(&said).is_some_and(|name| taken.contains(&[&path[..], &[name]].concat()));
            if !is_told {
                let (message, help) = told(&said, node);
                self.note(place, message, help);
            }
            if !take_out(&mut data, &path) {
                break;
            }
            taken.push(path);
        }
        None
    }

    /// Puts a number or the like in as the text that was written, where a text belongs.
    fn as_written(&self, node: &Node, path: &[String], data: &mut Value) -> bool {
        let is_plain = matches!(node.kind, Kind::Number(_) | Kind::Bool(_));
        let text = self.document.text.get(node.place.start..node.place.end).unwrap_or_default();
        let Some(at) = at(data, path).filter(|at| is_plain && !at.is_string() && !text.is_empty()) else {
            return false;
        };
        *at = Value::String(text.to_owned());
        true
    }

    /// Notes what is wrong with the value at a path of names, and numbers of items from 0.
    pub fn wrong<S: AsRef<str>>(&mut self, path: &[S], message: impl Into<String>, help: Option<String>) {
        let path: Vec<String> = path.iter().map(|step| step.as_ref().to_owned()).collect();
        let (_, place) = lookup(&self.document.root, &path);
        self.note(place, message.into(), help);
    }

    /// The same of the name that a path ends with.
    pub fn wrong_name<S: AsRef<str>>(&mut self, path: &[S], message: impl Into<String>, help: Option<String>) {
        let Some((name, parents)) = path.split_last() else { return };
        let parents: Vec<String> = parents.iter().map(|step| step.as_ref().to_owned()).collect();
        let (parent, place) = lookup(&self.document.root, &parents);
        let key = parent.entries().and_then(|all| all.iter().find(|entry| entry.key.text == name.as_ref()));
        self.note(key.map_or(place, |entry| entry.key.place), message.into(), help);
    }

    /// Judges every text of the document; `judge` says what is wrong with one, and what helps.
    pub fn each_text(&mut self, judge: &dyn Fn(&str) -> Vec<Remark>) {
        fn texts<'n>(node: &'n Node, all: &mut Vec<(&'n str, Place)>) {
            match &node.kind {
                Kind::Text(text) => all.push((text, node.place)),
                Kind::List(items) => items.iter().for_each(|item| texts(item, all)),
                Kind::Map(entries) => entries.iter().for_each(|entry| texts(&entry.value, all)),
                Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
            }
        }
        let mut all = Vec::new();
        texts(&self.document.root, &mut all);
        for (text, place) in all {
            for (message, help) in judge(text) {
                self.note(place, message, help);
            }
        }
    }

    fn note(&mut self, place: Place, message: String, help: Option<String>) {
        self.notes.push(Where::At(place), message, help);
    }

    /// The value, if nothing is wrong with it.
    ///
    /// # Errors
    /// All that was noted.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, Problems> {
        self.notes.finish(Some(self.document), read)
    }
}

/// A path as names and numbers.
fn steps(path: &Path) -> Vec<String> {
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().map_while(step).collect()
}

/// What a path leads to, as far as it does, and the place to point at: a value's own, or the name of more than one line.
fn lookup<'d>(root: &'d Node, path: &[String]) -> (&'d Node, Place) {
    let (mut node, mut place) = (root, root.place);
    for step in path {
        let next = match &node.kind {
            Kind::Map(entries) => {
                let entry = entries.iter().find(|entry| entry.key.text == *step);
                entry.map(|entry| (&entry.value, entry.key.place))
            }
            Kind::List(items) => step.parse::<usize>().ok().and_then(|n| items.get(n)).map(|item| (item, item.place)),
            _ => None,
        };
        let Some((value, name)) = next else { break };
        let is_one = !matches!(value.kind, Kind::Map(_) | Kind::List(_) | Kind::Null);
        (node, place) = (value, if is_one { value.place } else { name });
    }
    (node, place)
}

fn at<'v>(data: &'v mut Value, path: &[String]) -> Option<&'v mut Value> {
    path.iter().try_fold(data, |data, step| match data {
        Value::Object(fields) => fields.get_mut(step),
        Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Takes what a path leads to out, so that the rest can be judged; whether anything is left.
fn take_out(data: &mut Value, path: &[String]) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    match at(data, parents) {
        Some(Value::Object(fields)) => fields.remove(last).is_some(),
        // What is not there counts as what may be there, and the numbers of the others stay.
        Some(Value::Array(_)) => take_out(data, parents),
        _ => false,
    }
}

/// The field that serde says is missing.
fn missing(said: &str) -> Option<String> {
    said.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()).map(str::to_owned)
}

/// What serde says, in our words, and what helps.
fn told(said: &str, node: &Node) -> Remark {
    let named = |rest: &str| rest.split('`').nth(1).unwrap_or_default().to_owned();
    let candidates = |rest: &str| -> Vec<String> {
        let list = rest.split_once("expected ").map_or("", |(_, list)| list);
        list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    for (start, what, many) in [("unknown field ", "unknown field", "fields"), ("unknown variant ", "found", "words")] {
        if let Some(rest) = said.strip_prefix(start) {
            let (name, all) = (named(rest), candidates(rest));
            return (format!("{what} `{name}`"), Some(meant(&name, all.iter().map(String::as_str), many)));
        }
    }
    if let Some(name) = missing(said) {
        return (format!("`{name}` is missing here"), None);
    }
    match said.split_once(", expected ") {
        Some((head, wanted)) if head.starts_with("invalid ") => {
            (format!("found {}, expected {}", found(node), wanted), None)
        }
        _ => (said.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Shelf {
        books: BTreeMap<String, Book>,
        #[serde(default)]
        labels: Vec<String>,
        #[serde(default)]
        kind: Kinds,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Book {
        pages: u16,
        #[serde(default)]
        title: Option<String>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Kinds {
        #[default]
        Open,
        Closed,
    }

    fn read(text: &str) -> Result<Shelf, Vec<(usize, String, Option<String>)>> {
        let document = crate::document::parse("shelf.yaml", text).unwrap();
        let mut data = Data::of(&document);
        let shelf = data.read();
        data.finish(shelf).map_err(|problems| {
            let one = |p: &crate::validate::Problem| match &p.place {
                crate::validate::Where::At(place) => (place.line, p.message.clone(), p.suggestion.clone()),
                other => panic!("{other:?}"),
            };
            problems.iter().map(one).collect()
        })
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_line() {
        let text = "books:\n  a:\n    pages: many\n    titel: x\n  b: {}\nlabels: [x, {y: z}, w]\nkind: opne\nlables: []\nkind: open\n";
        let told = read(text).unwrap_err();
        let wanted = [
            (3, "found `many`, expected u16", None),
            (4, "unknown field `titel`", Some("did you mean `title`?")),
            (5, "`pages` is missing here", None),
            (6, "found named values, expected a string", None),
            (7, "found `opne`", Some("did you mean `open`?")),
            (8, "unknown field `lables`", Some("did you mean `labels`?")),
            (9, "`kind` is given twice in the file", None),
        ];
        let wanted: Vec<_> =
            wanted.iter().map(|(line, what, help)| (*line, (*what).to_owned(), help.map(str::to_owned))).collect();
        assert_eq!(told, wanted);
    }

    #[test]
    fn a_number_stands_for_a_text_as_it_was_written() {
        let shelf = read("books:\n  a: { pages: 3, title: 1.10 }\nlabels: [5, true]\n").unwrap();
        assert_eq!(
            (shelf.books["a"].title.as_deref(), &shelf.labels[..]),
            (Some("1.10"), &["5".to_owned(), "true".to_owned()][..])
        );
    }

    #[test]
    fn what_is_no_mapping_is_told_once() {
        assert_eq!(read("- x\n").unwrap_err().len(), 1);
        assert_eq!(read("").unwrap_err()[0].1, "`books` is missing here");
    }
}
