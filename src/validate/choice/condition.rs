//! Conditions on inputs: `inputs.tls`, `inputs.env == "prod" and not inputs.small`, `inputs.size in ["s", "m"]`.
//!
//! Their grammar: `or`, `and`, `not`, parentheses; `==`, `!=`, `in`, `not in` between an input and a text in quotes, a number, `true`,
//! `false`, another input, or a list of these; an input of type `bool` alone. Of an input it may be a part: `inputs.site.tls`. `${{ }}` around the whole may be there or not.

use super::super::known_inputs::KnownInputs;
use super::super::words::meant;
use crate::model::{Lexeme, Reference, Value, ValueType, lexemes};
use std::collections::BTreeSet;
use std::iter::Peekable;
use std::vec::IntoIter;

/// What must be so.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    /// A value that is `true`.
    Is(Operand),
    /// Two values that are equal.
    Equal(Operand, Operand),
    /// A value that is one of these.
    OneOf(Operand, Vec<Operand>),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

/// A value in a condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    /// An input or a part of one.
    Input(Reference),
    Value(Value),
}

/// Reads a condition.
///
/// # Errors
/// What was expected.
pub(super) fn parse(text: &str) -> Result<Condition, String> {
    let inner = text.trim();
    let inner = inner.strip_prefix("${{").and_then(|it| it.strip_suffix("}}")).unwrap_or(inner);
    let mut parser = Parser { lexemes: lexemes(inner)?.into_iter().peekable() };
    let condition = parser.any()?;
    match parser.lexemes.next() {
        None => Ok(condition),
        Some(lexeme) => Err(format!("found {lexeme} where it could end")),
    }
}

struct Parser {
    lexemes: Peekable<IntoIter<Lexeme>>,
}

impl Parser {
    fn takes(&mut self, lexeme: &Lexeme) -> bool {
        self.lexemes.next_if_eq(lexeme).is_some()
    }

    fn word(&mut self, word: &str) -> bool {
        self.takes(&Lexeme::Word(word.to_owned()))
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut all = vec![self.all()?];
        while self.word("or") {
            all.push(self.all()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::Any(all) })
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut all = vec![self.not()?];
        while self.word("and") {
            all.push(self.not()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::All(all) })
    }

    fn not(&mut self) -> Result<Condition, String> {
        if self.word("not") { Ok(Condition::Not(Box::new(self.not()?))) } else { self.one() }
    }

    fn one(&mut self) -> Result<Condition, String> {
        if self.takes(&Lexeme::Sign("(")) {
            let inner = self.any()?;
            return if self.takes(&Lexeme::Sign(")")) { Ok(inner) } else { Err("a `)` is missing".to_owned()) };
        }
        let left = self.operand()?;
        if self.takes(&Lexeme::Sign("==")) {
            return Ok(Condition::Equal(left, self.operand()?));
        }
        if self.takes(&Lexeme::Sign("!=")) {
            return Ok(Condition::Not(Box::new(Condition::Equal(left, self.operand()?))));
        }
        if self.word("not") {
            return match self.word("in") {
                true => Ok(Condition::Not(Box::new(Condition::OneOf(left, self.list()?)))),
                false => Err("after a value `not` stands before `in` only".to_owned()),
            };
        }
        if self.word("in") {
            return Ok(Condition::OneOf(left, self.list()?));
        }
        Ok(Condition::Is(left))
    }

    fn list(&mut self) -> Result<Vec<Operand>, String> {
        if !self.takes(&Lexeme::Sign("[")) {
            return Ok(vec![self.operand()?]);
        }
        let mut items = vec![self.operand()?];
        while self.takes(&Lexeme::Sign(",")) {
            items.push(self.operand()?);
        }
        if self.takes(&Lexeme::Sign("]")) { Ok(items) } else { Err("a `]` is missing".to_owned()) }
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let Some(lexeme) = self.lexemes.next() else { return Err("a value is missing at the end".to_owned()) };
        match lexeme {
            Lexeme::Text(text) => Ok(Operand::Value(text.into())),
            Lexeme::Number(number) => Ok(Operand::Value(number.into())),
            Lexeme::Word(word) if word == "true" || word == "false" => Ok(Operand::Value((word == "true").into())),
            Lexeme::Word(word) => match Reference::parse(&word) {
                Ok(reference) if reference.input().is_some() => Ok(Operand::Input(reference)),
                _ => Err(format!(
                    "found `{word}`, expected an input (`inputs.NAME`), a text in quotes, a number, `true` or `false`"
                )),
            },
            Lexeme::Sign(sign) => Err(format!("found `{sign}` where a value is expected")),
        }
    }
}

impl Condition {
    /// What of it cannot be meant, for inputs of these types.
    pub(super) fn misfit(&self, inputs: &KnownInputs<'_>) -> Option<(String, Option<String>)> {
        if let Some(unknown) = self.inputs().into_iter().find(|name| inputs.type_of(name).is_none()) {
            let help = meant(unknown, inputs.names(), "inputs");
            return Some((format!("there is no input `{unknown}`"), Some(help)));
        }
        if let Some(secret) =
            self.inputs().into_iter().find(|name| inputs.type_of(name).is_some_and(ValueType::is_secret))
        {
            return Some((format!("`inputs.{secret}` is a secret, and nothing is decided by one"), None));
        }
        match self {
            Self::Is(Operand::Value(Value::Bool(_))) => None,
            Self::Is(Operand::Value(value)) => Some((format!("`{value}` alone is neither true nor false"), None)),
            Self::Is(Operand::Input(input)) => {
                let value_type = type_of(input, inputs)?;
                (*value_type != ValueType::Bool).then(|| {
                    let help = format!("compare it: `{input} == ...`");
                    (format!("`{input}` is of type `{value_type}`, and alone only `bool` is true or false"), Some(help))
                })
            }
            Self::Equal(left, right) => comparable(left, right, inputs),
            Self::OneOf(left, right) => match right.as_slice() {
                [Operand::Input(list)] if matches!(type_of(list, inputs), Some(ValueType::List(_))) => None,
                items => items.iter().find_map(|item| comparable(left, item, inputs)),
            },
            Self::Not(inner) => inner.misfit(inputs),
            Self::All(all) | Self::Any(all) => all.iter().find_map(|it| it.misfit(inputs)),
        }
    }

    /// Whether it holds.
    pub(super) fn holds(&self, inputs: &KnownInputs<'_>) -> bool {
        let value = |operand: &Operand| match operand {
            Operand::Input(input) => {
                let whole = input.input().and_then(|name| inputs.value(name)).unwrap_or_default();
                input.within(&whole).cloned().unwrap_or_default()
            }
            Operand::Value(value) => value.clone(),
        };
        match self {
            Self::Is(operand) => value(operand) == Value::Bool(true),
            Self::Equal(left, right) => value(left) == value(right),
            Self::OneOf(left, right) => {
                let left = value(left);
                right.iter().map(value).any(|right| match &right {
                    Value::Array(items) => items.contains(&left),
                    one => *one == left,
                })
            }
            Self::Not(inner) => !inner.holds(inputs),
            Self::All(all) => all.iter().all(|it| it.holds(inputs)),
            Self::Any(all) => all.iter().any(|it| it.holds(inputs)),
        }
    }

    /// The inputs it names.
    pub(super) fn inputs(&self) -> BTreeSet<&str> {
        match self {
            Self::Is(operand) => of(operand).into_iter().collect(),
            Self::Equal(left, right) => of(left).into_iter().chain(of(right)).collect(),
            Self::OneOf(left, right) => of(left).into_iter().chain(right.iter().filter_map(of)).collect(),
            Self::Not(inner) => inner.inputs(),
            Self::All(all) | Self::Any(all) => all.iter().flat_map(Self::inputs).collect(),
        }
    }
}

/// The input that is named.
fn of(operand: &Operand) -> Option<&str> {
    match operand {
        Operand::Input(input) => input.input(),
        Operand::Value(_) => None,
    }
}

/// The type of an input; of a part of one it is not known.
fn type_of<'i>(input: &Reference, inputs: &'i KnownInputs<'_>) -> Option<&'i ValueType> {
    let whole = inputs.type_of(input.input()?);
    whole.filter(|_| input == input.whole())
}

fn comparable(left: &Operand, right: &Operand, inputs: &KnownInputs<'_>) -> Option<(String, Option<String>)> {
    match (left, right) {
        // A piece's input may be given as one.
        (Operand::Value(_), Operand::Value(_)) => None,
        (Operand::Input(input), Operand::Value(value)) | (Operand::Value(value), Operand::Input(input)) => {
            let value_type = type_of(input, inputs)?;
            let mismatch = value_type.check(value).err()?;
            Some((format!("`{input}` can never be `{value}`: expected {}", mismatch.expected), None))
        }
        (Operand::Input(one), Operand::Input(other)) => {
            let (a, b) = (type_of(one, inputs)?, type_of(other, inputs)?);
            let fits = a.accepts(b) || b.accepts(a);
            (!fits).then(|| (format!("`{one}` is of type `{a}` and `{other}` of type `{b}`"), None))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;
    use serde_json::json;

    const INPUTS: &str = "inputs:\n  tls: { type: bool, about: a }\n  env: { type: string, about: a }\n  n: { type: int, about: a }\n  \
                          sizes: { type: list(string), about: a }\n  site: { type: map, about: a }\n  key: { type: secret, about: a }\n";

    #[test]
    fn conditions_hold_as_they_read() {
        let document = document::parse("x", INPUTS).unwrap();
        let values = [("tls", json!(true)), ("env", json!("prod")), ("n", json!(2)), ("sizes", json!(["s", "prod"]))];
        let site = ("site", json!({"tls": true, "ports": {"web": 80}}));
        let values = values.into_iter().chain([site]).map(|(name, value)| (name.to_owned(), value)).collect();
        let inputs = KnownInputs::of(&document, Some(&values));
        for (text, holds) in [
            ("inputs.tls", true),
            ("${{ inputs.tls }}", true),
            ("not inputs.tls", false),
            ("inputs.env == \"prod\"", true),
            ("inputs.env != 'prod'", false),
            ("inputs.env in ['test', 'prod'] and inputs.n == 2", true),
            ("inputs.env not in ['test']", true),
            ("inputs.env in inputs.sizes", true),
            ("inputs.n == 3 or inputs.tls and not inputs.env == 'x'", true),
            ("(inputs.n == 3 or inputs.tls) and inputs.env == 'x'", false),
            ("false", false),
            ("inputs.site.tls and inputs.site.ports.web == 80", true),
            ("inputs.site.cdn", false),
            ("inputs.site.cdn == 'x' or inputs.env == inputs.site.name", false),
        ] {
            let condition = parse(text).unwrap();
            assert_eq!(condition.misfit(&inputs), None, "{text}");
            assert_eq!(condition.holds(&inputs), holds, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        let document = document::parse("x", INPUTS).unwrap();
        let inputs = KnownInputs::of(&document, None);
        for (text, says) in [
            ("inputs.env ==", "a value is missing"),
            ("inputs.env = 'x'", "`=` has no meaning"),
            ("inputs.env == prod", "a text in quotes"),
            ("steps.a.b.c", "expected an input"),
            ("(inputs.tls", "`)` is missing"),
            ("inputs.tls inputs.tls", "where it could end"),
            ("inputs.env == 'x", "does not end"),
        ] {
            assert!(parse(text).unwrap_err().contains(says), "{text}: {:?}", parse(text));
        }
        for (text, says) in [
            ("inputs.tsl", "no input `tsl`"),
            ("inputs.env", "alone only `bool`"),
            ("inputs.n == 'x'", "can never be"),
            ("inputs.key == 'x'", "is a secret"),
            ("inputs.n == inputs.env", "of type `int`"),
            ("inputs.env in [1]", "can never be"),
        ] {
            let told = parse(text).unwrap().misfit(&inputs).unwrap().0;
            assert!(told.contains(says), "{text}: {told}");
        }
    }
}
