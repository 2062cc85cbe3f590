//! Program and arguments, or a text for a shell.

use super::{Argument, quoted};
use crate::model::{Decode, Foretold, Param, Text, Value, ValueType};
use serde::de::Error;

/// How a shell is started for a text: it stops at the first command that fails, and at a variable that is not set.
const SHELL: [&str; 2] = ["sh", "-euc"];

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandLine {
    /// Program and arguments, as they are.
    Argv(Vec<Text>),
    /// A text for `sh -eu`.
    Shell(Text),
}

impl CommandLine {
    /// Of the two ways to say it the one that is given.
    ///
    /// # Errors
    /// When none is, or both.
    pub fn of(argv: Option<&[Argument]>, shell: Option<&Text>) -> Result<Self, &'static str> {
        match (argv, shell) {
            (Some(argv), None) => Ok(Self::Argv(argv.iter().map(|word| word.0.clone()).collect())),
            (None, Some(shell)) => Ok(Self::Shell(shell.clone())),
            (None, None) => Err("a command needs `argv`, its program and arguments, or `shell`, a text for `sh`"),
            (Some(_), Some(_)) => Err("a command has either `argv` or `shell`, not both"),
        }
    }

    /// Program and arguments.
    #[must_use]
    pub fn argv(&self) -> Vec<&str> {
        match self {
            Self::Argv(argv) => argv.iter().map(Text::as_str).collect(),
            Self::Shell(text) => SHELL.into_iter().chain([text.as_str()]).collect(),
        }
    }

    /// What it is called where there is no room for all of it.
    #[must_use]
    pub fn program(&self) -> &str {
        match self {
            Self::Argv(argv) => argv.first().map_or("", Text::as_str),
            Self::Shell(_) => "sh",
        }
    }

    /// As it can be typed into a shell. What is not known yet is told in words, which nobody types.
    #[must_use]
    pub fn typed(&self) -> Text {
        let word = |text: &Text| text.known().map_or_else(|| text.clone(), |known| quoted(known).into());
        match self {
            Self::Argv(argv) => Text::joined(argv.iter().map(word), " "),
            Self::Shell(text) => Text::joined(SHELL.map(Text::from).into_iter().chain([word(text)]), " "),
        }
    }

    /// What it is called in a sentence: as it can be typed, or of a script of several lines how it begins.
    #[must_use]
    pub fn told(&self) -> Text {
        match self {
            Self::Shell(text) if text.as_str().trim().contains('\n') => {
                let lines = text.as_str().trim().lines().count();
                let first = text.as_str().trim().lines().next().unwrap_or_default().trim();
                Text::from(format!("{first} ...` (a script of {lines} lines)").as_str())
            }
            other => Text::joined([other.typed(), Text::from("`")], ""),
        }
    }

    /// Whether it can be a command at all.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn is_one(&self) -> Result<(), String> {
        match self.program() {
            "" => Err("a command needs at least a program".to_owned()),
            program if program.starts_with('-') => Err(format!("`{program}` is no program")),
            _ => Ok(()),
        }
    }
}

impl Decode for CommandLine {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        match given {
            Foretold::Known(Value::String(text)) if text.trim().is_empty() => {
                Err(serde_json::Error::custom("a command needs at least a program"))
            }
            Foretold::Known(Value::String(text)) => Ok(Self::Shell(text.as_str().into())),
            Foretold::Text(text) => Ok(Self::Shell(text.clone())),
            list => {
                Vec::<Argument>::decode(list).map(|words| Self::Argv(words.into_iter().map(|word| word.0).collect()))
            }
        }
    }
}

impl Param for CommandLine {
    fn value_type() -> ValueType {
        ValueType::Command
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_is_program_and_arguments_and_a_text_is_for_a_shell() {
        let argv = CommandLine::decode(&json!(["sleep", 5]).into()).unwrap();
        assert_eq!((argv.argv(), argv.typed().as_str()), (vec!["sleep", "5"], "sleep 5"));
        let shell = CommandLine::decode(&json!("test -f /a && echo it's").into()).unwrap();
        assert_eq!(shell.argv(), ["sh", "-euc", "test -f /a && echo it's"]);
        assert_eq!(shell.typed().as_str(), r"sh -euc 'test -f /a && echo it'\''s'");
        assert_eq!(shell.told().as_str(), r"sh -euc 'test -f /a && echo it'\''s'`");
        let script = CommandLine::decode(&json!("set -x\necho a\n").into()).unwrap();
        assert_eq!(script.told().as_str(), "set -x ...` (a script of 2 lines)");
        for no in [json!(""), json!(" \n"), json!({}), json!(1)] {
            assert!(CommandLine::decode(&no.clone().into()).is_err(), "{no}");
        }
        assert!(CommandLine::decode(&json!([]).into()).unwrap().is_one().is_err());
        assert!(CommandLine::decode(&json!(["-x"]).into()).unwrap().is_one().is_err());
    }

    #[test]
    fn it_is_said_in_one_of_two_ways() {
        let (argv, shell) = ([Argument("true".into())], Text::from("true"));
        assert!(CommandLine::of(Some(&argv), Some(&shell)).is_err() && CommandLine::of(None, None).is_err());
        assert_eq!(CommandLine::of(Some(&argv), None).unwrap().program(), "true");
        assert_eq!(CommandLine::of(None, Some(&shell)).unwrap().program(), "sh");
    }
}
