//! Sets keys of `$CONFIG`.

use serde_json::Value;

use super::super::span::{self, Patch};
use super::super::{Note, Reason};
use super::array::{self, Array};
use super::config::{Config, ConfigEntry};
use super::insert::{self, NewElement};
use super::literal::{ArrayKey, Literal};
use super::setting::Setting;
use super::style::{Style, quoted};

const COMPUTED_ADVICE: &str = "write the value out, or put the setting into a file of its own \
                               beside it (`*.config.php`, read after config.php)";

/// The changes that make the settings hold.
///
/// # Errors
///
/// Every setting that cannot be made safely.
pub(super) fn set(config: &Config<'_>, wanted: &[(String, Setting)]) -> Result<(Patch, Vec<Note>), Vec<Reason>> {
    let style = Style::of(config);
    let mut patch = Patch::default();
    let mut new = Vec::new();
    let mut notes = Vec::new();
    let mut reasons = Vec::new();
    for (key, setting) in wanted {
        let entry = match config.entry(key) {
            Ok(entry) => entry,
            Err(reason) => {
                reasons.push(reason);
                continue;
            }
        };
        let Some(entry) = entry else {
            new.push(new_entry(&style, key, &setting.alone()));
            continue;
        };
        let line = span::line_number(config.bytes, config.span(entry.element.tokens.clone()).start);
        let made = match setting {
            Setting::Value(value) => replace(&EntryAt { config, style: &style, entry }, key, value, &mut patch),
            Setting::Append(values) => append(&EntryAt { config, style: &style, entry }, key, values, &mut patch),
        };
        match made {
            Ok(Made::Nothing) => {}
            Ok(Made::Replaced) => {
                notes.push(Note::remark(Some(line), format!("`{key}` is set here: it is replaced")));
            }
            Ok(Made::Appended) => {
                let message = format!("`{key}` is set here: what it holds is kept");
                notes.push(Note::remark(Some(line), message));
            }
            Err(reason) => reasons.push(reason),
        }
    }
    insert::at_the_end(config, &style, &config.array, &new, &mut patch);
    if reasons.is_empty() { Ok((patch, notes)) } else { Err(reasons) }
}

enum Made {
    Nothing,
    Replaced,
    Appended,
}

fn new_entry(style: &Style, key: &str, value: &Value) -> NewElement {
    NewElement { lines: style.entry(key, value), in_line: style.entry_in_line(key, value) }
}

fn computed(config: &Config<'_>, key: &str, entry: &ConfigEntry) -> Reason {
    config.reason(entry, format!("the value of `{key}` is computed here"), COMPUTED_ADVICE)
}

/// An entry where it stands.
#[derive(Clone, Copy)]
pub(super) struct EntryAt<'a> {
    pub(super) config: &'a Config<'a>,
    pub(super) style: &'a Style,
    pub(super) entry: &'a ConfigEntry,
}

fn replace(at: &EntryAt<'_>, key: &str, value: &Value, patch: &mut Patch) -> Result<Made, Reason> {
    let EntryAt { config, style, entry } = *at;
    let literal = config.literal(entry).ok_or_else(|| computed(config, key, entry))?;
    if literal.is(value) {
        return Ok(Made::Nothing);
    }
    let start = config.span(entry.element.tokens.clone()).start;
    if span::is_first_in_line(config.bytes, start) {
        let indent = span::indent(config.bytes, start);
        let is_list = value.is_array() || value.is_object();
        put_value(at, &style.value(value, indent), is_list, patch);
    } else {
        patch.replace(config.span(entry.element.value()), style.value_in_line(value));
    }
    Ok(Made::Replaced)
}

/// Puts the text in the place of the entry's value; the gap after `=>` changes where a list takes
/// the place of a single value, or the other way round.
pub(super) fn put_value(at: &EntryAt<'_>, text: &[u8], is_list: bool, patch: &mut Patch) {
    let EntryAt { config, style, entry } = *at;
    let value = config.span(entry.element.value());
    let arrow_end = entry.element.arrow.map_or(value.start, |arrow| config.tokens[arrow].span.end);
    let start = config.span(entry.element.tokens.clone()).start;
    let gap = &config.bytes[arrow_end..value.start];
    let fitting = style.gap_before(is_list, span::indent(config.bytes, start));
    let fits = gap.contains(&b'\n') == fitting.contains(&b'\n');
    if fits || !span::is_blank(gap) || (is_list && gap.contains(&b'\n')) {
        patch.replace(value, text);
    } else {
        patch.replace(arrow_end..value.end, [&fitting, text].concat());
    }
}

fn append(at: &EntryAt<'_>, key: &str, values: &[String], patch: &mut Patch) -> Result<Made, Reason> {
    let EntryAt { config, style, entry } = *at;
    let literal = config.literal(entry).ok_or_else(|| computed(config, key, entry))?;
    let (Literal::List(elements), Some(array)) = (literal, array_of(config, entry)) else {
        let message = format!("`{key}` is not a list here");
        return Err(config.reason(entry, message, "make it a list by hand"));
    };
    let holds = |value: &str| elements.iter().any(|(_, found)| found.is(&Value::from(value)));
    let mut missing: Vec<&str> = Vec::new();
    for value in values {
        if !holds(value) && !missing.contains(&value.as_str()) {
            missing.push(value);
        }
    }
    if missing.is_empty() {
        return Ok(Made::Nothing);
    }
    let Some(numbering) = Numbering::of(&elements, style.numbers_elements()) else {
        let message = format!("the numbers of the elements of `{key}` are not understood");
        return Err(config.reason(entry, message, "number them from 0, or take the numbers out"));
    };
    let new: Vec<_> = missing
        .iter()
        .enumerate()
        .map(|(at, value)| {
            let text = [numbering.before(at), quoted(value)].concat();
            NewElement { lines: text.clone(), in_line: text }
        })
        .collect();
    insert::at_the_end(config, style, &array, &new, patch);
    Ok(Made::Appended)
}

fn array_of(config: &Config<'_>, entry: &ConfigEntry) -> Option<Array> {
    array::read(config.bytes, &config.tokens, entry.element.value().start)
}

/// Whether, and from where, the elements of a list are numbered.
struct Numbering(Option<i64>);

impl Numbering {
    fn of(elements: &[(Option<Literal>, Literal)], when_empty: bool) -> Option<Self> {
        let mut next = 0_i64;
        let mut is_numbered = elements.is_empty() && when_empty;
        for (key, _) in elements {
            let at = match key.as_ref().map(Literal::as_key) {
                Some(ArrayKey::Number(number)) => {
                    is_numbered = true;
                    number
                }
                Some(ArrayKey::Text) => continue,
                Some(ArrayKey::Unclear) => return None,
                None => next,
            };
            next = next.max(at.checked_add(1)?);
        }
        Some(Self(is_numbered.then_some(next)))
    }

    fn before(&self, at: usize) -> Vec<u8> {
        let number = self.0.map(|first| first.saturating_add_unsigned(at as u64));
        number.map_or_else(Vec::new, |number| format!("{number} => ").into_bytes())
    }
}
