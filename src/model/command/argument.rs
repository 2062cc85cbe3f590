//! An argument of a command.

use crate::model::decode::field;
use crate::model::{Decode, Foretold, Param, Text, Value, ValueType};
use std::ops::Deref;

/// An argument: a text, or a number or a boolean, which is written as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument(pub Text);

impl Deref for Argument {
    type Target = Text;
    fn deref(&self) -> &Text {
        &self.0
    }
}

impl Decode for Argument {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        match given {
            Foretold::Known(Value::Number(number)) => Ok(Self(number.to_string().into())),
            Foretold::Known(Value::Bool(it)) => Ok(Self(it.to_string().into())),
            other => Text::decode(other).map(Self),
        }
    }
}

/// A field that is a text, or a number or a boolean, which is written as one.
///
/// # Errors
/// When it is something else.
pub(in crate::model) fn text(given: &Foretold, name: &'static str) -> Result<Option<Text>, serde_json::Error> {
    Ok(field::<Option<Argument>>(given, name)?.map(|it| it.0))
}

impl Param for Argument {
    fn value_type() -> ValueType {
        ValueType::Word
    }
}

/// A text as one word of a command that can be typed into a shell.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%:=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_is_an_argument_as_it_is_written() {
        let words: Vec<Argument> = Decode::decode(&json!(["-p", 5432, true]).into()).unwrap();
        assert_eq!(words.iter().map(|word| word.as_str()).collect::<Vec<_>>(), ["-p", "5432", "true"]);
        assert!(Argument::decode(&json!([]).into()).is_err() && Argument::decode(&json!(null).into()).is_err());
    }

    #[test]
    fn a_word_comes_out_of_a_shell_as_it_went_in() {
        assert_eq!(quoted("/etc/nginx/a-b_c.conf"), "/etc/nginx/a-b_c.conf");
        for word in ["", "/a b", "/a'b", "/$(id)", "/a\\b", "/~", "/a;b", "/ä"] {
            let argv = format!("printf %s {}", quoted(word));
            let output = std::process::Command::new("sh").args(["-c", &argv]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }
}
