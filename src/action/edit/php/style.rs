//! How a file writes its arrays, and values written the same way.

use serde_json::Value;

use super::super::span;
use super::config::Config;

/// The habits of a file.
#[derive(Debug)]
pub(super) struct Style {
    form: Form,
    /// The blanks before an entry.
    pub(super) indent: Vec<u8>,
    /// The blanks one level of nesting adds.
    pub(super) unit: Vec<u8>,
    pub(super) line_ending: &'static [u8],
}

/// How arrays are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As PHP's `var_export` does, and so Nextcloud itself: `array (` on a line of its own, keys
    /// and all.
    Exported,
    /// `array(`.
    Long,
    /// `[`.
    Short,
}

/// Nextcloud's own indentation.
const UNIT: &[u8] = b"  ";

impl Style {
    /// The habits of the file; Nextcloud's where the file shows none.
    pub(super) fn of(config: &Config<'_>) -> Self {
        let bytes = config.bytes;
        let open = &config.tokens[config.array.open].span;
        let form = match bytes[..open.start].last() {
            _ if bytes[open.start] == b'[' => Form::Short,
            Some(byte) if byte.is_ascii_whitespace() => Form::Exported,
            _ => Form::Long,
        };
        let close = config.tokens[config.array.close].span.start;
        let outer = if span::is_first_in_line(bytes, close) { close } else { open.start };
        let outer = span::indent(bytes, outer);
        let first = config.array.elements.first().map(|first| config.span(first.tokens.clone()).start);
        let indent = first
            .filter(|first| span::is_first_in_line(bytes, *first))
            .map_or_else(|| [outer, UNIT].concat(), |first| span::indent(bytes, first).to_vec());
        let unit = match indent.strip_prefix(outer) {
            Some(unit) if !unit.is_empty() => unit.to_vec(),
            _ => UNIT.to_vec(),
        };
        Self { form, indent, unit, line_ending: span::line_ending(bytes, open.start) }
    }

    /// An entry over as many lines as its value takes, without a comma; the first line is not
    /// indented.
    pub(super) fn entry(&self, key: &str, value: &Value) -> Vec<u8> {
        let gap = self.gap_before(is_list(value), &self.indent);
        [quoted(key), b" =>".to_vec(), gap, self.value(value, &self.indent)].concat()
    }

    /// What comes between `=>` and a value: `var_export` begins an array on a line of its own.
    pub(super) fn gap_before(&self, is_list: bool, indent: &[u8]) -> Vec<u8> {
        if is_list && self.form == Form::Exported { [b" ", self.line_ending, indent].concat() } else { b" ".to_vec() }
    }

    /// Whether elements of a list are written with their numbers.
    pub(super) fn numbers_elements(&self) -> bool {
        self.form == Form::Exported
    }

    /// An entry on one line, without a comma.
    pub(super) fn entry_in_line(&self, key: &str, value: &Value) -> Vec<u8> {
        [quoted(key), b" => ".to_vec(), self.value_in_line(value)].concat()
    }

    /// The value over several lines, of which all but the first begin with `indent`.
    pub(super) fn value(&self, value: &Value, indent: &[u8]) -> Vec<u8> {
        let inner = [indent, &self.unit].concat();
        let keyed = |key: Vec<u8>, element: &Value| {
            let gap = self.gap_before(is_list(element), &inner);
            [key, b" =>".to_vec(), gap, self.value(element, &inner)].concat()
        };
        let elements: Vec<Vec<u8>> = match value {
            Value::Array(elements) if self.numbers_elements() => {
                let numbered = elements.iter().enumerate();
                numbered.map(|(at, element)| keyed(at.to_string().into_bytes(), element)).collect()
            }
            Value::Array(elements) => elements.iter().map(|element| self.value(element, &inner)).collect(),
            Value::Object(elements) => elements.iter().map(|(key, element)| keyed(quoted(key), element)).collect(),
            scalar => return self.value_in_line(scalar),
        };
        if elements.is_empty() && !self.numbers_elements() {
            return self.value_in_line(value);
        }
        let mut text = self.brackets().0.to_vec();
        text.extend_from_slice(self.line_ending);
        for element in elements {
            text.extend([&inner, element.as_slice(), b",", self.line_ending].concat());
        }
        text.extend_from_slice(indent);
        text.push(self.brackets().1);
        text
    }

    /// The value on one line.
    pub(super) fn value_in_line(&self, value: &Value) -> Vec<u8> {
        let elements: Vec<Vec<u8>> = match value {
            Value::Null if self.form == Form::Exported => return b"NULL".to_vec(),
            Value::Null => return b"null".to_vec(),
            Value::Bool(truth) => return truth.to_string().into_bytes(),
            Value::Number(number) => return number.to_string().into_bytes(),
            Value::String(text) => return quoted(text),
            Value::Array(elements) => elements.iter().map(|element| self.value_in_line(element)).collect(),
            Value::Object(elements) => {
                let of = |(key, element): (&String, &Value)| self.entry_in_line(key, element);
                elements.iter().map(of).collect()
            }
        };
        let (open, close): (&[u8], u8) = match self.form {
            Form::Exported | Form::Long => (b"array(", b')'),
            Form::Short => (b"[", b']'),
        };
        let mut text = open.to_vec();
        text.extend(elements.join(b", ".as_slice()));
        text.push(close);
        text
    }

    fn brackets(&self) -> (&'static [u8], u8) {
        match self.form {
            Form::Exported => (b"array (", b')'),
            Form::Long => (b"array(", b')'),
            Form::Short => (b"[", b']'),
        }
    }
}

fn is_list(value: &Value) -> bool {
    value.is_array() || value.is_object()
}

/// A string in single quotes.
pub(super) fn quoted(text: &str) -> Vec<u8> {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")).into_bytes()
}
