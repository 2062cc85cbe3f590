//! From a text to the tree.

use super::pieces::{moved, parts};
use super::{Document, Entry, Key, Kind, LineIndex, Node, PieceFile, Place, Unreadable};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::{DuplicateKeyPolicy, Location, MergeKeyPolicy, MessageFormatter, Options, Spanned};
use std::fmt;

/// The longest document read. The flagship has 20 KB, ten thousand steps written by a program about 2 MB; beyond this it is a mistake.
const MAX_BYTES: usize = 8 << 20;

/// Reads a YAML document and the pieces behind it. `name` is what the operator calls it in messages.
///
/// # Errors
/// The first place where the text is no YAML, or where it goes beyond the limits; in a piece with the piece's name.
pub fn parse(name: &str, text: &str) -> Result<Document, Unreadable> {
    read(name, text, MergeKeyPolicy::Error)
}

/// The same of data, in which merge keys (`<<`) may stand: what they bring is there as if it had been written out.
///
/// # Errors
/// As of [`parse`].
pub fn parse_data(name: &str, text: &str) -> Result<Document, Unreadable> {
    let document = read(name, text, MergeKeyPolicy::AsOrdinary)?;
    let root = merged(document.root);
    Ok(Document { root, ..document })
}

fn read(name: &str, text: &str, merge_keys: MergeKeyPolicy) -> Result<Document, Unreadable> {
    if text.len() > MAX_BYTES {
        let message = format!("it has {} bytes; {MAX_BYTES} is the most", text.len());
        return Err(Unreadable { name: name.to_owned(), text: text.to_owned(), place: None, message });
    }
    let mut root = Node { place: Place::START, kind: Kind::Null };
    let mut found = Vec::new();
    for part in parts(text) {
        let read = tree(part.name.unwrap_or(name), part.text, merge_keys)?;
        match part.name {
            None => root = read,
            Some(name) => {
                found.push(PieceFile { name: name.to_owned(), start: part.start, root: moved(read, part.start) });
            }
        }
    }
    Ok(Document { name: name.to_owned(), text: text.to_owned(), root, pieces: found.into() })
}

fn tree(name: &str, text: &str, merge_keys: MergeKeyPolicy) -> Result<Node, Unreadable> {
    if text.trim_start_matches('\u{feff}').lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#')) {
        return Ok(Node { place: Place::START, kind: Kind::Null });
    }
    let lines = LineIndex::of(text);
    let raw: Spanned<Raw> = serde_saphyr::from_str_with_options(text, options(merge_keys)).map_err(|error| {
        let place = error.location().filter(|l| *l != Location::UNKNOWN).map(|l| place_of(&lines, l));
        Unreadable { name: name.to_owned(), text: text.to_owned(), place, message: told(&error) }
    })?;
    Ok(node(&lines, raw))
}

fn options(merging: MergeKeyPolicy) -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 1_000_000,
            max_nodes: 500_000,
            max_depth: 32,
            max_documents: 1,
            max_aliases: 200,
            max_anchors: 200,
            max_recorded_anchor_events: 10_000,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 10_000, max_replay_stack_depth: 8 },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: merging,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// The library's message where it cannot contain a part of the document, else one of ours.
fn told(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error as E;
    match error.without_snippet() {
        E::AliasError { error, .. } => told(error),
        E::ExternalMessage { .. } | E::Eof { .. } => {
            serde_saphyr::UserMessageFormatter.format_message(error).into_owned()
        }
        E::AliasReplayLimitExceeded { .. } | E::AliasReplayStackDepthExceeded { .. } => {
            "aliases multiply it too far".into()
        }
        E::Budget { .. } => "it is larger, deeper or more multiplied by aliases than a runbook can be".into(),
        E::MultipleDocuments { .. } => "one file is one document; take the `---` in the middle out".into(),
        E::MergeKeyNotAllowed { .. } => "merge keys (`<<`) are not used here; write the fields out".into(),
        E::UnsupportedTag { .. } => "tags (`!name`) are not used here; quote a text that starts with `!`".into(),
        E::NullIntoString { .. } => "a key is missing before this `:`".into(),
        _ => "this is not a text, a number, `true`, `false`, a list or named values".into(),
    }
}

fn place_of(lines: &LineIndex<'_>, location: Location) -> Place {
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    match (location.span().byte_offset(), location.span().byte_len()) {
        (Some(start), Some(len)) => lines.place(number(start), number(start).saturating_add(number(len))),
        _ => lines.at(number(location.line()), number(location.column())),
    }
}

/// The tree as the library gives it; places are made of its locations afterwards, for they need the text.
enum Raw {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn node(lines: &LineIndex<'_>, raw: Spanned<Raw>) -> Node {
    let kind = match raw.value {
        Raw::Null => Kind::Null,
        Raw::Bool(it) => Kind::Bool(it),
        Raw::Number(it) => Kind::Number(it),
        Raw::Text(it) => Kind::Text(it),
        Raw::List(items) => Kind::List(items.into_iter().map(|i| node(lines, i)).collect()),
        Raw::Map(entries) => Kind::Map(
            entries
                .into_iter()
                .map(|(key, value)| Entry {
                    key: Key { place: place_of(lines, key.referenced), text: key.value },
                    value: node(lines, value),
                })
                .collect(),
        ),
    };
    Node { place: place_of(lines, raw.referenced), kind }
}

/// A tree with what its merge keys bring: what is written beside them wins, then what is brought first.
fn merged(node: Node) -> Node {
    let kind = match node.kind {
        Kind::List(items) => Kind::List(items.into_iter().map(merged).collect()),
        Kind::Map(entries) => {
            let (brought, mut own): (Vec<_>, Vec<_>) = entries
                .into_iter()
                .map(|entry| Entry { key: entry.key, value: merged(entry.value) })
                .partition(|entry| entry.key.text == "<<" && is_brought(&entry.value));
            for Entry { value, .. } in brought {
                let maps = match value.kind {
                    Kind::List(items) => items,
                    _ => vec![value],
                };
                for entry in maps.into_iter().flat_map(|map| map.entries().map(<[Entry]>::to_vec).unwrap_or_default()) {
                    if own.iter().all(|it| it.key.text != entry.key.text) {
                        own.push(entry);
                    }
                }
            }
            Kind::Map(own)
        }
        other => other,
    };
    Node { place: node.place, kind }
}

/// Whether a merge key can bring it: named values, or a list of them.
fn is_brought(value: &Node) -> bool {
    value.entries().is_some() || value.items().is_some_and(|items| items.iter().all(|it| it.entries().is_some()))
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E: Error>(self, it: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(it))
    }

    fn visit_i64<E: Error>(self, it: i64) -> Result<Raw, E> {
        Ok(Raw::Number(it.into()))
    }

    fn visit_u64<E: Error>(self, it: u64) -> Result<Raw, E> {
        Ok(Raw::Number(it.into()))
    }

    fn visit_f64<E: Error>(self, it: f64) -> Result<Raw, E> {
        Ok(Number::from_f64(it).map_or_else(|| Raw::Text(it.to_string()), Raw::Number))
    }

    fn visit_str<E: Error>(self, it: &str) -> Result<Raw, E> {
        Ok(Raw::Text(it.to_owned()))
    }

    fn visit_string<E: Error>(self, it: String) -> Result<Raw, E> {
        Ok(Raw::Text(it))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, place: Place) -> &str {
        &text[place.start..place.end]
    }

    #[test]
    fn every_key_and_value_knows_its_place() {
        let text =
            "# ü\na: 'one two' # c\nb:\n  - true\n  - {x: 012, ü: \"z\", y: 7}\nc: ${{ inputs.x }}\nd: |\n  l1\n  l2\n";
        let document = parse("t", text).unwrap();
        let root = document.root.entries().unwrap();
        assert_eq!(root.len(), 4);
        assert_eq!(at(text, root[0].key.place), "a");
        assert_eq!(at(text, root[0].value.place), "'one two'");
        assert_eq!((root[0].value.place.line, root[0].value.place.column), (2, 4));
        let list = root[1].value.items().unwrap();
        assert_eq!(list[0].kind, Kind::Bool(true));
        let inner = list[1].entries().unwrap();
        assert_eq!(inner[0].value.kind, Kind::Text("012".into()));
        assert_eq!(at(text, inner[1].value.place), "\"z\"");
        assert_eq!(inner[2].value.kind, Kind::Number(7.into()));
        assert_eq!(at(text, root[2].value.place), "${{ inputs.x }}");
        assert_eq!(root[3].value.text(), Some("l1\nl2\n"));
        assert!(at(text, root[3].value.place).contains("l2"), "{:?}", at(text, root[3].value.place));
    }

    #[test]
    fn duplicates_stay_and_yes_is_a_text() {
        let document = parse("t", "a: yes\na: null\n1: x\n").unwrap();
        let entries = document.root.entries().unwrap();
        assert_eq!(entries.len(), 3);
        assert_eq!(entries[0].value.text(), Some("yes"));
        assert_eq!(entries[1].value.kind, Kind::Null);
        assert_eq!(entries[2].key.text, "1");
    }

    #[test]
    fn an_alias_stands_where_it_is_used() {
        let text = "a: &x {k: v}\nb: *x\n";
        let document = parse("t", text).unwrap();
        assert_eq!(document.root.get("b").unwrap().place.line, 2);
        assert_eq!(document.root.get("b").unwrap().get("k").unwrap().text(), Some("v"));
    }

    #[test]
    fn data_may_be_merged() {
        let read = |text: &str| parse_data("t", text).unwrap().root;
        let plain = |text: &str| parse("t", text).unwrap().root;
        fn shape(node: &Node) -> String {
            match &node.kind {
                Kind::Map(entries) => {
                    let mut all: Vec<_> =
                        entries.iter().map(|it| format!("{}:{}", it.key.text, shape(&it.value))).collect();
                    all.sort();
                    format!("{{{}}}", all.join(","))
                }
                Kind::List(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(",")),
                other => format!("{other:?}"),
            }
        }
        for (merged, written) in [
            ("a: &m {x: 1, y: 2}\nb: {<<: *m, y: 3}\n", "a: {x: 1, y: 2}\nb: {x: 1, y: 3}\n"),
            ("a: &m {x: 1}\nb: &n {x: 2, z: 4}\nc: {<<: [*m, *n]}\n", "a: {x: 1}\nb: {x: 2, z: 4}\nc: {x: 1, z: 4}\n"),
            ("a: &m {x: {<<: {q: 1}}}\nb: [{<<: *m}]\n", "a: {x: {q: 1}}\nb: [{x: {q: 1}}]\n"),
            ("a: {<<: 5}\n", "a: {\"<<\": 5}\n"),
        ] {
            assert_eq!(shape(&read(merged)), shape(&plain(written)), "{merged}");
        }
        let text = "a: &m {x: 1}\nb: {<<: *m}\n";
        assert_eq!(read(text).get("b").unwrap().get("x").unwrap().place.line, 2, "an alias stands where it is used");
    }

    #[test]
    fn what_is_no_document_is_told_with_its_place() {
        for (text, line) in [("a: [1, 2\nb: 3\n", 2), ("a: b: c\n", 1), ("a: *nothing\n", 1), ("a: \"x\n", 1)] {
            let error = parse("t", text).unwrap_err();
            assert!(!error.message.is_empty());
            assert_eq!(error.place.map(|p| p.line), Some(line), "{text:?}: {error}");
        }
        for text in ["a: 1\n---\nb: 2\n", "a: !secret x\n", "a: &m {x: 1}\nb: {<<: *m}\n", "? [1]\n: x\n"] {
            parse("t", text).unwrap_err();
        }
        assert_eq!(parse("t", "# nothing\n\n").unwrap().root.kind, Kind::Null);
    }

    #[test]
    fn bombs_are_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            let aliases = vec![format!("*a{}", n - 1); 10].join(", ");
            bomb.push_str(&format!("a{n}: &a{n} [{aliases}]\n"));
        }
        parse("t", &bomb).unwrap_err();
        parse("t", &"[".repeat(100_000)).unwrap_err();
        parse("t", &"x".repeat(MAX_BYTES + 1)).unwrap_err();
        let deep: String = (0..200).map(|n| format!("{}k:\n", " ".repeat(n))).collect();
        parse("t", &deep).unwrap_err();
    }
}
