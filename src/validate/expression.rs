//! Values with references: from a node to an expression of the type its place asks for.

use super::formula::FormulaType;
use super::literal::{item, list, map, of_type, once};
use super::problem::Notes;
use super::reader::{Reader, SECRET_ALONE};
use super::trial;
use super::words::{meant, value};
use crate::document::{Kind, Node, Place};
use crate::model::{Expr, Piece, Reference, ReferenceError, Value, ValueType};

impl Reader<'_> {
    /// Reads `node` as `what` (e.g. "`port` of target `web-1`"), which is to be of type `wanted`. Nothing when something
    /// is wrong with it.
    pub(super) fn read(&self, node: &Node, wanted: &ValueType, what: &str, notes: &mut Notes) -> Option<Expr> {
        let once = once(node, wanted, what, notes);
        self.part(node, wanted, what, notes).filter(|_| once)
    }

    /// Reads a value, or a part of one, in which nothing is given twice.
    fn part(&self, node: &Node, wanted: &ValueType, what: &str, notes: &mut Notes) -> Option<Expr> {
        let before = notes.len();
        let expr = match (&node.kind, wanted) {
            (_, ValueType::Secret) if node.text().is_none_or(|t| !t.contains("${{")) => {
                self.literal(node, wanted, what, notes)
            }
            (Kind::Text(_), ValueType::Target) => self.target(node, what, notes),
            (Kind::Text(text), _) if text.contains("${{") => self.with_references(node, wanted, what, notes),
            (Kind::List(items), ValueType::List(_) | ValueType::Any | ValueType::Command) => {
                let inner = match wanted {
                    ValueType::List(inner) => inner.as_ref(),
                    ValueType::Command => &ValueType::Word,
                    _ => &ValueType::Any,
                };
                let read: Vec<_> =
                    items.iter().enumerate().map(|(n, i)| self.part(i, inner, &item(what, n), notes)).collect();
                read.into_iter().collect::<Option<_>>().map(list)
            }
            (
                Kind::Map(entries),
                ValueType::Map | ValueType::Tags | ValueType::Any | ValueType::Environment | ValueType::Headers,
            ) => {
                let of_texts = matches!(wanted, ValueType::Environment | ValueType::Headers);
                let inner = if of_texts { &ValueType::TextOrSecret } else { &ValueType::Any };
                let read: Vec<_> = entries
                    .iter()
                    .map(|e| {
                        let what = format!("`{}` in {what}", e.key.text);
                        Some((e.key.text.clone(), self.part(&e.value, inner, &what, notes)?))
                    })
                    .collect();
                read.into_iter().collect::<Option<_>>().map(map)
            }
            _ => self.literal(node, wanted, what, notes),
        };
        expr.filter(|_| notes.len() == before)
    }

    fn literal(&self, node: &Node, wanted: &ValueType, what: &str, notes: &mut Notes) -> Option<Expr> {
        let value = value(node);
        let source = self.text.get(node.place.start..node.place.end).unwrap_or_default();
        if let (Kind::Number(number), ValueType::Word | ValueType::TextOrSecret) = (&node.kind, wanted)
            && source.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
            && number.to_string() != source.trim()
        {
            // 0755, 1_000, 1.50: YAML reads them as other numbers than they look like.
            let message = format!("{what}: found the number {number}, which is written otherwise");
            notes.advise(node.place, message, "put it in quotes to make it a text");
            return None;
        }
        of_type(node, &value, wanted, what, notes).then_some(Expr::Literal(value))
    }

    fn target(&self, node: &Node, what: &str, notes: &mut Notes) -> Option<Expr> {
        let name = node.text().unwrap_or_default();
        if name.contains("${{") {
            let message = format!("{what}: a target is given by its name");
            let help = "of references only a loop's `${{ each }}` stands for one; here is none, or another word";
            notes.advise(node.place, message, help);
            return None;
        }
        if self.scope.has_target(name) {
            return Some(Expr::Literal(Value::from(name)));
        }
        let is_of = |target: &&String| {
            target.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')).is_some_and(|n| n.parse::<u32>().is_ok())
        };
        // Of a group only its targets are known here.
        if let Some(one) = self.scope.targets.iter().find(is_of) {
            let help = format!(
                "did you mean `{one}`? Where `{name}` is a group, `for_each: ${{{{ targets.{name} }}}}` with `on: ${{{{ each }}}}` means all of it"
            );
            notes.advise(node.place, format!("{what}: there is no target `{name}`"), help);
            return None;
        }
        let help = meant(name, self.scope.targets.iter().map(String::as_str), "targets");
        notes.advise(node.place, format!("{what}: there is no target `{name}`"), help);
        None
    }

    fn with_references(&self, node: &Node, wanted: &ValueType, what: &str, notes: &mut Notes) -> Option<Expr> {
        let expr = match Expr::parse_text(node.text().unwrap_or_default()) {
            Ok(expr) => expr,
            Err(error) => {
                self.malformed(node, &error, what, notes);
                return None;
            }
        };
        let formulas = expr.formulas();
        let places = self.places(node, formulas.len());
        let given: Vec<FormulaType> =
            formulas.iter().zip(&places).map(|(formula, place)| self.given_by(formula, *place, notes)).collect();
        match (&expr, formulas.first(), given.first()) {
            (Expr::Text(pieces), ..) => mixed(node, (pieces, &given, &places), wanted, what, notes),
            (_, Some(formula), Some(given)) if !given.may_be(wanted) => {
                let (written, expected) = (formula.written(), wanted.expected());
                let message = format!("{what}: `{written}` is {given}, expected {expected}");
                match given.is_secret() {
                    true => notes.advise(node.place, message, SECRET_ALONE),
                    false => notes.add(node.place, message),
                }
            }
            _ => {}
        }
        Some(expr)
    }

    fn malformed(&self, node: &Node, error: &ReferenceError, what: &str, notes: &mut Notes) {
        let message = format!("{what}: {error}");
        let ReferenceError::Form(text) = error else {
            notes.add(node.place, message);
            return;
        };
        let mut parts = text.split('.');
        let (first, rest): (&str, Vec<&str>) = (parts.next().unwrap_or_default(), parts.collect());
        let guess = match super::words::nearest(first, ["inputs", "steps", "run"]) {
            _ if rest.is_empty() && self.scope.inputs.contains_key(first) => Some(format!("inputs.{first}")),
            Some(root) if root != first && !rest.is_empty() => Some(format!("{root}.{}", rest.join("."))),
            _ => None,
        };
        match guess.filter(|g| Reference::parse(g).is_ok()) {
            Some(guess) => notes.advise(node.place, message, format!("did you mean `${{{{ {guess} }}}}`?")),
            None => notes.add(node.place, message),
        }
    }

    /// Where the references stand inside a text; the whole text where that cannot be told (an alias).
    fn places(&self, node: &Node, count: usize) -> Vec<Place> {
        let source = &self.text[node.place.start..node.place.end];
        let mut found: Vec<Place> = Vec::new();
        for (at, _) in source.match_indices("${{") {
            let end = source[at..].find("}}").map_or(source.len(), |n| at + n + 2);
            let before = found.last().copied().unwrap_or(node.place);
            found.push(before.onward(self.text, node.place.start + at, node.place.start + end));
        }
        if found.len() == count { found } else { vec![node.place; count] }
    }
}

/// A text with formulas among other characters: its pieces, and of each formula what it gives and its place.
fn mixed(
    node: &Node,
    (pieces, given, places): (&[Piece], &[FormulaType], &[Place]),
    wanted: &ValueType,
    what: &str,
    notes: &mut Notes,
) {
    let before = notes.len();
    for (given, place) in given.iter().zip(places) {
        if !given.may_be_in_a_text() {
            let message = format!("{what}: a value {} cannot be part of a text", given.of());
            let help = "a reference that stands alone keeps its type";
            notes.advise(*place, message, if given.is_secret() { SECRET_ALONE } else { help });
        }
    }
    let types: Option<Vec<&ValueType>> = given.iter().map(FormulaType::value_type).collect();
    if !wanted.takes_text() {
        notes.add(node.place, format!("{what}: found a text with references, expected {}", wanted.expected()));
    } else if notes.len() == before && types.is_some_and(|types| !trial::can_fit(pieces, &types, wanted)) {
        let message = format!("{what}: found a text that cannot become {}", wanted.expected());
        notes.add(node.place, message);
    }
}
