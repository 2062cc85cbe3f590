//! Templates of files: Jinja2's syntax, as minijinja reads it.
//!
//! Promises: pure; what a template uses and is not given is an error, never an empty text; nothing is escaped, and no file is included.

use super::decode::known;
use super::{Decode, Foretold, Param, Value, ValueType};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use serde::de::Error;
use std::collections::{BTreeMap, BTreeSet};

/// How much work a template may make: a loop over millions is a mistake.
const FUEL: u64 = 1_000_000;
const NAME: &str = "template";
/// What no value can make right.
const UNKNOWN: [ErrorKind; 3] = [ErrorKind::UnknownFilter, ErrorKind::UnknownTest, ErrorKind::UnknownFunction];

/// A template that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTemplate(String);

impl FileTemplate {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it, with its line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut environment = environment();
        environment.template_from_named_str(NAME, text).map_err(|error| told(&error))?;
        // A filter that there is not is met only where it is used: what is reached without any value is tried.
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        environment.set_fuel(Some(FUEL));
        let tried = environment.template_from_named_str(NAME, text).and_then(|it| it.render(()));
        match tried {
            Err(error) if UNKNOWN.contains(&error.kind()) => Err(told(&error)),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The names that it uses and does not make itself.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        let environment = environment();
        let template = environment.template_from_named_str(NAME, &self.0);
        let known: BTreeSet<&str> = environment.globals().map(|(name, _)| name).collect();
        let names = template.map(|it| it.undeclared_variables(false)).unwrap_or_default();
        names.into_iter().filter(|name| !known.contains(name.as_str())).collect()
    }

    /// The text that it is with these values.
    ///
    /// # Errors
    /// What it uses and is not there, with its line.
    pub fn render(&self, values: &BTreeMap<String, Value>) -> Result<String, String> {
        let mut environment = environment();
        environment.set_fuel(Some(FUEL));
        let template = environment.template_from_named_str(NAME, &self.0).map_err(|error| told(&error))?;
        template.render(Serde(values)).map_err(|error| told(&error))
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // A line that only has a block on it is no line of the file. Only delimiters could be wrong, and they stay Jinja2's.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(syntax.unwrap_or_default());
    environment
}

fn told(error: &minijinja::Error) -> String {
    let detail =
        error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    match error.line() {
        Some(line) => format!("line {line} of the template: {detail}"),
        None => format!("the template: {detail}"),
    }
}

impl Decode for FileTemplate {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        let text: String = known(given)?;
        Self::parse(&text).map_err(serde_json::Error::custom)
    }
}

impl Param for FileTemplate {
    fn value_type() -> ValueType {
        ValueType::String
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_filter_that_there_is_not_is_told_when_it_is_read() {
        for text in ["{{ m.a | nofilter }}", "a\n{{ nofunction(x) }}", "{% if x is notest %}{% endif %}"] {
            assert!(FileTemplate::parse(text).unwrap_err().contains("unknown"), "{text}");
        }
        for text in
            ["{{ m.a.b | upper }}", "{% for it in list %}{{ it.x }}{% endfor %}", "{{ x + 1 }}", "{{ x.pop() }}"]
        {
            FileTemplate::parse(text).unwrap();
        }
    }

    fn rendered(text: &str, values: &Value) -> Result<String, String> {
        let values = values.as_object().unwrap().clone().into_iter().collect();
        FileTemplate::parse(text)?.render(&values)
    }

    #[test]
    fn a_list_becomes_lines_and_nothing_is_escaped() {
        let text = "upstream app {\n  {% for node in nodes %}\n  server {{ node.host }}:{{ node.port | default(80) }};\n  {% endfor %}\n}\n";
        let nodes = json!({ "nodes": [{ "host": "a", "port": 8080 }, { "host": "b<&>" }] });
        assert_eq!(rendered(text, &nodes).unwrap(), "upstream app {\n  server a:8080;\n  server b<&>:80;\n}\n");
        let names: Vec<String> = FileTemplate::parse(text).unwrap().names().into_iter().collect();
        assert_eq!(names, ["nodes"]);
    }

    #[test]
    fn what_is_missing_or_cannot_be_read_is_told_with_its_line() {
        assert!(rendered("a\n{{ nothing }}\n", &json!({})).unwrap_err().starts_with("line 2 of the template: "));
        assert!(FileTemplate::parse("a\n{% for %}\n").unwrap_err().starts_with("line 2 of the template: "));
        assert!(rendered("{% include 'x' %}", &json!({})).is_err(), "no file is included");
        assert!(
            rendered("{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}", &json!({}))
                .is_err()
        );
    }
}
