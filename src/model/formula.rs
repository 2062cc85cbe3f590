//! What stands between `${{` and `}}`: a reference, a part of what it stands for, a value that is written out, or a function of these.
//!
//! `inputs.ports.web`, `inputs.nodes[0]`, `["a", "b"][0]`, `{"a": 1 }.a`, `inputs.ports["web-1"]`, `default(inputs.ports.web, 80)`, `join(inputs.nodes, ",")`.

use super::Value;
use super::expr::{Expr, Piece};
use super::function::Function;
use super::lexeme::{Lexeme, lexemes};
use super::reference::{PartKey, Reference, ReferenceError};
use std::iter::Peekable;
use std::vec::IntoIter;

/// How deep functions may stand in functions.
const DEEPEST: usize = 8;

impl Expr {
    /// Reads a text, with its references.
    ///
    /// # Errors
    /// The first reference that is malformed.
    pub fn parse_text(text: &str) -> Result<Self, ReferenceError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find("${{") {
            if at > 0 {
                pieces.push(Piece::Plain(rest[..at].to_owned()));
            }
            let (inside, after) = rest[at + 3..].split_once("}}").ok_or(ReferenceError::Unclosed)?;
            pieces.push(match formula(inside)? {
                Expr::Reference(reference) => Piece::Reference(reference),
                made => Piece::Formula(made),
            });
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Plain(rest.to_owned()));
        }
        Ok(match (pieces.len(), pieces.pop()) {
            (_, None) => Expr::Literal(Value::from("")),
            (1, Some(Piece::Plain(text))) => Expr::Literal(Value::from(text)),
            (1, Some(Piece::Reference(reference))) => Expr::Reference(reference),
            (1, Some(Piece::Formula(made))) => made,
            (_, Some(last)) => {
                pieces.push(last);
                Expr::Text(pieces)
            }
        })
    }
}

/// Reads a formula.
///
/// # Errors
/// When it is none.
fn formula(text: &str) -> Result<Expr, ReferenceError> {
    match Reference::parse(text) {
        Ok(reference) => Ok(Expr::Reference(reference)),
        // What has none of a formula's signs was meant to be a reference.
        Err(error) if !text.contains(['(', '[', '"', '\'', ',', ')', ']', '{']) => Err(error),
        Err(_) => {
            let why = |why| ReferenceError::Formula(text.trim().to_owned(), why);
            let all = lexemes(text).map_err(why)?;
            let is_alone = all.len() == 1;
            let mut parser = Parser { lexemes: all.into_iter().peekable() };
            let read = parser.value(0).map_err(why)?;
            match parser.lexemes.next() {
                None if !is_alone => Ok(read),
                None => Err(why("it is a value that is written out; write it without `${{ }}`".into())),
                Some(lexeme) => Err(why(format!("found {lexeme} where it could end"))),
            }
        }
    }
}

struct Parser {
    lexemes: Peekable<IntoIter<Lexeme>>,
}

impl Parser {
    fn takes(&mut self, sign: &'static str) -> bool {
        self.lexemes.next_if_eq(&Lexeme::Sign(sign)).is_some()
    }

    fn value(&mut self, depth: usize) -> Result<Expr, String> {
        self.value_if_there(depth)?
    }

    /// A value; or why a part that is named of one that is written out is not there.
    fn value_if_there(&mut self, depth: usize) -> Result<Result<Expr, String>, String> {
        if depth > DEEPEST {
            return Err(format!("functions stand in each other more than {DEEPEST} deep"));
        }
        Ok(Ok(match self.lexemes.next() {
            None => return Err("a value is missing at the end".into()),
            Some(Lexeme::Text(text)) => Expr::Literal(text.into()),
            Some(Lexeme::Number(number)) => Expr::Literal(number.into()),
            Some(Lexeme::Word(word)) if word == "true" || word == "false" => Expr::Literal((word == "true").into()),
            Some(Lexeme::Word(word)) if self.takes("(") => self.call(&word, depth)?,
            Some(Lexeme::Word(word)) => self.part(&word)?,
            Some(Lexeme::Sign("[")) => {
                let list = self.list(depth)?;
                return self.part_of_written(list);
            }
            Some(Lexeme::Sign("{")) => {
                let map = self.map(depth)?;
                return self.part_of_written(map);
            }
            Some(lexeme) => return Err(format!("found {lexeme} where a value is expected")),
        }))
    }

    /// The items of a list that is written out.
    fn list(&mut self, depth: usize) -> Result<Expr, String> {
        let mut items = Vec::new();
        while !self.takes("]") {
            if !items.is_empty() && !self.takes(",") {
                return Err("a `,` or a `]` is missing".into());
            }
            items.push(self.value(depth + 1)?);
        }
        Ok(Expr::List(items))
    }

    /// The entries of a map that is written out.
    fn map(&mut self, depth: usize) -> Result<Expr, String> {
        let mut entries = std::collections::BTreeMap::new();
        while !self.takes("}") {
            if !entries.is_empty() && !self.takes(",") {
                return Err("a `,` or a `}` is missing".into());
            }
            let Some(Lexeme::Text(name)) = self.lexemes.next() else {
                return Err("before a `:` stands a name in quotes".into());
            };
            if !self.takes(":") {
                return Err(format!("a `:` is missing after \"{name}\""));
            }
            entries.insert(name, self.value(depth + 1)?);
        }
        Ok(Expr::Map(entries))
    }

    /// What the keys behind a value that is written out name of it.
    fn part_of_written(&mut self, mut value: Expr) -> Result<Result<Expr, String>, String> {
        for key in self.keys()? {
            value = match (value, &key) {
                (Expr::Reference(whole), _) => Expr::Reference(whole.part(vec![key]).ok_or("`run.id` has no parts")?),
                (Expr::List(mut items), PartKey::Number(at)) if *at < items.len() => items.swap_remove(*at),
                (Expr::Map(mut entries), PartKey::Name(name)) if entries.contains_key(name) => {
                    entries.remove(name).unwrap_or(Expr::List(Vec::new()))
                }
                (whole @ (Expr::List(_) | Expr::Map(_)), PartKey::Number(at)) => {
                    return Ok(Err(format!("`{}` has no item {at}", whole.written())));
                }
                (whole @ (Expr::List(_) | Expr::Map(_)), PartKey::Name(name)) => {
                    return Ok(Err(format!("`{}` has no `{name}`", whole.written())));
                }
                (other, _) => return Err(format!("`{}` has no parts", other.written())),
            };
        }
        Ok(Ok(value))
    }

    fn call(&mut self, name: &str, depth: usize) -> Result<Expr, String> {
        let Some(function) = Function::named(name) else {
            let all: Vec<String> = Function::names().map(|name| format!("`{name}`")).collect();
            return Err(format!("there is no function `{name}`; there are {}", all.join(", ")));
        };
        let mut arguments = Vec::new();
        while !self.takes(")") {
            if !arguments.is_empty() && !self.takes(",") {
                return Err(format!("a `,` or a `)` is missing in `{name}(...)`"));
            }
            arguments.push(self.value_if_there(depth + 1)?);
        }
        // Of what is written out it is known by now whether it is there.
        if let (Function::Default, [first, Ok(otherwise)]) = (function, arguments.as_slice()) {
            match first {
                Err(_) => return Ok(otherwise.clone()),
                Ok(Expr::Reference(_) | Expr::Call(..)) => {}
                Ok(there) => return Ok(there.clone()),
            }
        }
        let arguments: Vec<Expr> = arguments.into_iter().collect::<Result<_, _>>()?;
        match function.takes(arguments.len()) {
            true => Ok(Expr::Call(function, arguments)),
            false => Err(format!("`{name}` does not take {} value(s)", arguments.len())),
        }
    }

    /// A reference with keys in brackets behind it, and keys by name behind these.
    fn part(&mut self, word: &str) -> Result<Expr, String> {
        let reference = Reference::parse(word).map_err(|error| error.to_string())?;
        let keys = self.keys()?;
        let whole = if keys.is_empty() { Some(reference) } else { reference.part(keys) };
        Ok(Expr::Reference(whole.ok_or("`run.id` has no parts")?))
    }

    /// Keys in brackets, and by name behind these.
    fn keys(&mut self) -> Result<Vec<PartKey>, String> {
        let mut keys = Vec::new();
        loop {
            let is_named = |lexeme: &Lexeme| matches!(lexeme, Lexeme::Word(word) if word.starts_with('.'));
            if let Some(Lexeme::Word(names)) = self.lexemes.next_if(is_named) {
                keys.extend(names[1..].split('.').map(|name| PartKey::Name(name.to_owned())));
                continue;
            }
            if !self.takes("[") {
                return Ok(keys);
            }
            let key = match self.lexemes.next() {
                Some(Lexeme::Text(name)) => PartKey::Name(name),
                Some(Lexeme::Number(at)) => {
                    PartKey::Number(usize::try_from(at).map_err(|_| "items are counted from 0".to_owned())?)
                }
                _ => return Err("in `[ ]` stands a number, or a name in quotes".into()),
            };
            if !self.takes("]") {
                return Err("a `]` is missing".into());
            }
            keys.push(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_read_and_written_alike() {
        for text in [
            "inputs.ports.web",
            "inputs.nodes[0]",
            "inputs.ports[\"web.1\"].http",
            "steps.a.b@web-2.json.id",
            "default(inputs.ports.web, 80)",
            "join(split(lower(inputs.names), \",\"), \" \")",
            "format(\"{}:{}\", inputs.host, true)",
        ] {
            assert_eq!(formula(text).unwrap().written(), text);
        }
        assert_eq!(formula("inputs.ports['web-1']").unwrap().written(), "inputs.ports.web-1");
    }

    #[test]
    fn what_is_none_is_told() {
        for (text, says) in [
            ("inputs", "is not a reference"),
            ("input.x", "is not a reference"),
            ("run.id[0]", "no parts"),
            ("inputs.x[", "a number, or a name in quotes"),
            ("inputs.x[-1]", "counted from 0"),
            ("inputs.x[0", "`]` is missing"),
            ("lower(inputs.x", "a `,` or a `)`"),
            ("lower(inputs.x) inputs.y", "where it could end"),
            ("lower()", "does not take 0"),
            ("upper(inputs.x)", "there are `default`"),
            ("\"x\"", "written out"),
            ("lower(\"x)", "does not end"),
            ("lower(inputs.x + 1)", "`+` has no meaning"),
            ("lower(lower(lower(lower(lower(lower(lower(lower(lower(lower(1))))))))))", "more than 8 deep"),
        ] {
            let told = formula(text).unwrap_err().to_string();
            assert!(told.contains(says), "{text}: {told}");
        }
    }

    #[test]
    fn malformed_references_are_told() {
        assert_eq!(Expr::parse_text("a ${{ x"), Err(ReferenceError::Unclosed));
        assert!(matches!(Expr::parse_text("${{ input.x }}"), Err(ReferenceError::Form(_))));
        assert!(matches!(Expr::parse_text("${{ steps.a.b }}"), Err(ReferenceError::Form(_))));
    }
}
