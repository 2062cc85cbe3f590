//! Problems: what is wrong, where, and what to write instead.

use crate::document::{Document, Place, Unreadable};
use std::collections::HashSet;
use std::fmt;

/// Where a problem is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Where {
    /// At a place of the document.
    At(Place),
    /// At a place of a piece that the document includes.
    In(String, Place),
    /// In the document as a whole.
    Document,
    /// Elsewhere, e.g. `--set fqdn`.
    Named(String),
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Problem {
    /// Where.
    pub place: Where,
    /// What was found and what was expected.
    pub message: String,
    /// What to write instead, where that can be said.
    pub suggestion: Option<String>,
}

/// All that is wrong with a document, in the order of places. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    pub(super) name: Option<String>,
    pub(super) list: Vec<Problem>,
    /// For each problem its line, where one may be shown.
    pub(super) quotes: Vec<Option<Quote>>,
}

/// A line of the document with a mark, what must not be shown replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quote {
    pub(super) line: String,
    /// Characters before the mark.
    pub(super) before: usize,
    /// Characters under which the mark stands, at least 1.
    pub(super) width: usize,
}

/// Problems while they are collected, and what of the document must not be shown.
#[derive(Debug, Default)]
pub(super) struct Notes {
    list: Vec<Problem>,
    told: HashSet<Problem>,
    hidden: Vec<Place>,
    /// Where what is wrong has been told, or comes of what has: by the beginnings of places.
    passed_over: HashSet<usize>,
    /// How many problems were noted there.
    untold: usize,
}

impl Notes {
    /// Notes a problem.
    pub(super) fn add(&mut self, place: Place, message: impl Into<String>) {
        self.push(Where::At(place), message.into(), None);
    }

    /// Notes a problem with what to write instead.
    pub(super) fn advise(&mut self, place: Place, message: impl Into<String>, suggestion: impl Into<String>) {
        self.push(Where::At(place), message.into(), Some(suggestion.into()));
    }

    /// Notes a problem that may be elsewhere.
    pub(super) fn push(&mut self, place: Where, message: String, suggestion: Option<String>) {
        if matches!(&place, Where::At(place) if self.passed_over.contains(&place.start)) {
            self.untold += 1;
            return;
        }
        let problem = Problem { place, message, suggestion };
        if self.told.insert(problem.clone()) {
            self.list.push(problem);
        }
    }

    /// Makes sure that this part of the document is never shown.
    pub(super) fn hide(&mut self, places: impl IntoIterator<Item = Place>) {
        self.hidden.extend(places);
    }

    /// What is noted at these places from now on only comes of what was noted already, and is not told.
    pub(super) fn pass_over(&mut self, places: impl IntoIterator<Item = Place>) {
        self.passed_over.extend(places.into_iter().map(|place| place.start));
    }

    /// How many problems are told so far.
    pub(super) fn told(&self) -> usize {
        self.list.len()
    }

    /// The same of the places of problems that were told after the first so many.
    pub(super) fn pass_over_told(&mut self, first: usize) {
        let at = |problem: &Problem| match &problem.place {
            Where::At(place) => Some(place.start),
            _ => None,
        };
        self.passed_over.extend(self.list[first..].iter().filter_map(at));
    }

    /// How many problems there are so far, told or passed over.
    pub(super) fn len(&self) -> usize {
        self.list.len() + self.untold
    }

    /// `it`, if nothing is wrong.
    pub(super) fn finish<T>(mut self, document: Option<&Document>, it: Option<T>) -> Result<T, Problems> {
        match it {
            Some(it) if self.list.is_empty() => Ok(it),
            _ => {
                self.list.sort_by_key(|p| match &p.place {
                    Where::At(place) | Where::In(_, place) => (0, place.start),
                    Where::Document => (1, 0),
                    Where::Named(_) => (2, 0),
                });
                let quote = |problem: &Problem| match (document, &problem.place) {
                    (Some(document), Where::At(place)) => Some(quote(&document.text, *place, &self.hidden)),
                    _ => None,
                };
                let quotes = self.list.iter().map(quote).collect();
                for problem in &mut self.list {
                    if let (Some(document), Where::At(place)) = (document, &problem.place)
                        && let Some((piece, inside)) = document.piece_at(*place)
                    {
                        problem.place = Where::In(piece.name.clone(), inside);
                    }
                }
                Err(Problems { name: document.map(|d| d.name.clone()), list: self.list, quotes })
            }
        }
    }
}

/// The line of a place; each hidden part of it becomes `***`, whatever its length.
fn quote(text: &str, place: Place, hidden: &[Place]) -> Quote {
    let start = text[..place.start].rfind('\n').map_or(0, |n| n + 1);
    let mut it = Quote { line: String::new(), before: 0, width: 0 };
    let mut last_hidden = None;
    for (n, c) in text[start..].split(['\n', '\r']).next().unwrap_or_default().char_indices() {
        let at = start + n;
        let cover = hidden.iter().position(|h| (h.start..h.end).contains(&at));
        let shown = match cover {
            None => c.to_string(),
            Some(_) if cover == last_hidden => continue,
            Some(_) => "***".to_owned(),
        };
        last_hidden = cover;
        let length = shown.chars().count();
        if at < place.start {
            it.before += length;
        } else if at < place.end {
            it.width += length;
        }
        it.line.push_str(&shown);
    }
    it.width = it.width.max(1);
    it
}

impl Problems {
    /// The problems, in the order of places.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// How many there are; at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// The same, without lines of the document.
    #[must_use]
    pub fn without_lines(self) -> Self {
        Self { quotes: vec![None; self.list.len()], ..self }
    }
}

impl From<Unreadable> for Problems {
    fn from(it: Unreadable) -> Self {
        let quotes = vec![it.place.map(|place| quote(&it.text, place, &[]))];
        let line = it.place.and_then(|place| it.text.lines().nth(place.line.checked_sub(1)?));
        let problem = Problem {
            place: it.place.map_or(Where::Document, Where::At),
            message: format!("this cannot be read as YAML: {}", it.message),
            suggestion: line.filter(|line| has_bare_reference(line)).map(|_| {
                "within `{ }` and `[ ]` a reference stands in quotes: `{ url: \"${{ inputs.url }}\" }`".to_owned()
            }),
        };
        Problems { name: Some(it.name), list: vec![problem], quotes }
    }
}

/// Whether a line has a reference without quotes within braces or brackets, which YAML takes for named values.
fn has_bare_reference(line: &str) -> bool {
    let inside = line.find(['{', '[']).is_some_and(|at| !line[at..].starts_with("{{"));
    let references = line.match_indices("${{");
    inside && references.into_iter().any(|(at, _)| line[..at].matches(['"', '\'']).count().is_multiple_of(2))
}

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}
