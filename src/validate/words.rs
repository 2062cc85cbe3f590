//! Words for messages: lists, suggestions, what was found.

use crate::document::{Entry, Kind, Node};
use crate::model::Value;

/// More names than this are not all told: nobody reads them.
const MANY: usize = 10;

fn commas(items: &[&str]) -> String {
    items.iter().map(|i| format!("`{i}`")).collect::<Vec<_>>().join(", ")
}

/// `a`, `b` and `c`.
pub(super) fn listed<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let items: Vec<&str> = items.into_iter().collect();
    match items.split_last() {
        None => "none".into(),
        Some((last, [])) => format!("`{last}`"),
        Some((last, others)) => format!("{} and `{last}`", commas(others)),
    }
}

/// The candidate that was probably meant.
pub(super) fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |t: &str| t.to_lowercase().replace(['_', '-', '.', ' '], "");
    let given = plain(given);
    let far = |c: &str| strsim::damerau_levenshtein(&given, &plain(c));
    let (best, distance) = candidates.into_iter().map(|c| (c, far(c))).min_by_key(|(_, d)| *d)?;
    let alike = !given.is_empty() && (best.starts_with(&given) || strsim::jaro_winkler(&given, &plain(best)) > 0.9);
    (distance <= 1.max(given.chars().count() / 3) || alike).then_some(best)
}

/// "did you mean `x`?", or which there are; `what` names them, e.g. "fields".
pub fn meant<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>, what: &str) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    match nearest(given, candidates.iter().copied()) {
        Some(best) => format!("did you mean `{best}`?"),
        None if candidates.is_empty() => format!("there are no {what}"),
        None if candidates.len() == 1 => format!("there is only `{}`", candidates[0]),
        None if candidates.len() > MANY => {
            format!("the {what} are {} and {} more", commas(&candidates[..MANY]), candidates.len() - MANY)
        }
        None => format!("the {what} are {}", listed(candidates)),
    }
}

/// What a value is, as a message says it.
pub(super) fn found(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "nothing".into(),
        Kind::Bool(it) => format!("`{it}`"),
        Kind::Number(it) => format!("`{it}`"),
        Kind::Text(text) if text.chars().count() > 60 || text.contains('\n') => {
            let start: String = text.chars().take_while(|c| *c != '\n').take(40).collect();
            format!("the text `{start}…`")
        }
        Kind::Text(text) => format!("`{text}`"),
        Kind::List(_) => "a list".into(),
        Kind::Map(_) => "named values".into(),
    }
}

/// Whether an entry is a text for a shell. Nothing is pasted into one: what stands in a formula's place is read as a part of it.
pub(super) fn is_script(entry: &Entry) -> bool {
    ["shell", "check", "undo"].contains(&entry.key.text.as_str()) && entry.value.text().is_some()
}

/// A value as a part of a text.
pub(super) fn plain(node: &Node) -> String {
    match &node.kind {
        Kind::Text(text) => text.clone(),
        Kind::Number(number) => number.to_string(),
        Kind::Bool(it) => it.to_string(),
        Kind::Null | Kind::List(_) | Kind::Map(_) => String::new(),
    }
}

/// A value as a formula has it: the same in quotes, in brackets, or what stands between `${{` and `}}`.
///
/// # Errors
/// Why it cannot stand in one.
pub(super) fn as_formula(node: &Node) -> Result<String, &'static str> {
    match &node.kind {
        Kind::Text(text) if text.contains("${{") => as_format(text),
        Kind::Text(text) => quoted(text),
        Kind::Number(_) | Kind::Bool(_) => Ok(plain(node)),
        Kind::List(items) => {
            let items: Vec<String> = items.iter().map(as_formula).collect::<Result<_, _>>()?;
            Ok(format!("[{}]", items.join(", ")))
        }
        Kind::Map(entries) => {
            let entry = |entry: &Entry| -> Result<String, &'static str> {
                Ok(format!("{}: {}", quoted(&entry.key.text)?, as_formula(&entry.value)?))
            };
            let entries: Vec<String> = entries.iter().map(entry).collect::<Result<_, _>>()?;
            // Two of these signs would end the formula.
            Ok(format!("{{{} }}", entries.join(", ")))
        }
        Kind::Null => Err("nothing is given there"),
    }
}

fn quoted(text: &str) -> Result<String, &'static str> {
    if text.contains("}}") {
        return Err("a text with `}}` in it cannot stand in a formula");
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}

/// A text with formulas in it as one: `format('a-{}', inputs.b)`.
fn as_format(text: &str) -> Result<String, &'static str> {
    let (mut pattern, mut values, mut rest) = (String::new(), Vec::new(), text.trim());
    if rest.contains("{}") {
        return Err("a text with `{}` and with references in it cannot stand in a formula");
    }
    while let Some((before, after)) = rest.split_once("${{") {
        let (inner, after) = after.split_once("}}").ok_or("a `}}` is missing in it")?;
        pattern.push_str(before);
        pattern.push_str("{}");
        values.push(inner.trim());
        rest = after;
    }
    pattern.push_str(rest);
    match values.as_slice() {
        [alone] if pattern == "{}" => Ok((*alone).to_owned()),
        values => Ok(format!("format({}, {})", quoted(&pattern)?, values.join(", "))),
    }
}

/// The first letter in lower case and no full stop: a description as a part of a sentence.
pub(super) fn inside(about: &str) -> String {
    let about = about.trim_end_matches('.');
    let mut letters = about.chars();
    let acronym = about.chars().nth(1).is_some_and(char::is_uppercase);
    match letters.next() {
        Some(first) if !acronym => first.to_lowercase().chain(letters).collect(),
        _ => about.to_owned(),
    }
}

/// A value as plain data; of duplicate keys the first stays, and [`super::literal::once`] has told them.
pub(super) fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Bool(it) => Value::Bool(*it),
        Kind::Number(it) => Value::Number(it.clone()),
        Kind::Text(it) => Value::String(it.clone()),
        Kind::List(items) => Value::Array(items.iter().map(value).collect()),
        Kind::Map(entries) => {
            let mut map = serde_json::Map::new();
            for entry in entries {
                map.entry(entry.key.text.clone()).or_insert_with(|| value(&entry.value));
            }
            Value::Object(map)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_suggestions() {
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(nearest("tilte", ["id", "title", "why"]), Some("title"));
        assert_eq!(nearest("instanceType", ["instance", "instance_type"]), Some("instance_type"));
        assert_eq!(nearest("region", ["fqdn", "instance"]), None);
        assert_eq!(nearest("certificate", ["certificate", "redirect"]), Some("certificate"));
        assert_eq!(meant("x", ["alpha", "beta"], "inputs"), "the inputs are `alpha` and `beta`");
        assert_eq!(meant("x", [], "inputs"), "there are no inputs");
    }
}
