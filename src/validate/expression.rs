//! Values with references: from a node to an expression of the type its place asks for.

use super::literal::{item, list, map, of_type, once};
use super::problem::Notes;
use super::scope::Declared;
use super::trial;
use super::words::{listed, meant, value};
use crate::document::{Kind, Node, Place};
use crate::model::{ActionKind, Expr, Piece, Reference, ReferenceError, Value, ValueType, declared_outputs};

/// What is said of a secret where plain data belongs.
const SECRET_ALONE: &str = "a secret can only stand in a parameter of type `secret`: elsewhere its reference would be \
    written down in its place";

/// Where an expression stands: decides which references are known there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Here {
    /// In the head of the runbook: inputs only.
    Head,
    /// In a target: what it names must exist; whether it comes early enough is judged at each use.
    Target,
    /// In a check before the run: inputs, and what is looked up before it.
    Preflight,
    /// In the action at this position.
    Action((usize, usize)),
}

/// Reads expressions at one place.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) scope: &'a Declared,
    pub(super) here: Here,
}

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
            (Kind::Map(entries), ValueType::Map | ValueType::Tags | ValueType::Any | ValueType::Environment) => {
                let inner = if *wanted == ValueType::Environment { &ValueType::TextOrSecret } else { &ValueType::Any };
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
            notes.add(node.place, format!("{what}: a target is given by its name, references are not possible here"));
            return None;
        }
        if self.scope.has_target(name) {
            return Some(Expr::Literal(Value::from(name)));
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
        let places = self.places(node, expr.references().len());
        let types: Vec<Option<ValueType>> = expr
            .references()
            .into_iter()
            .zip(&places)
            .map(|(reference, place)| self.type_of(reference, *place, notes))
            .collect();
        match &expr {
            Expr::Reference(reference) => {
                if let Some(Some(given)) = types.first()
                    && !wanted.accepts(given)
                {
                    let expected = wanted.expected();
                    let message = format!("{what}: `{reference}` is of type `{given}`, expected {expected}");
                    match given.is_secret() {
                        true => notes.advise(node.place, message, SECRET_ALONE),
                        false => notes.add(node.place, message),
                    }
                }
            }
            Expr::Text(pieces) => {
                mixed(node, &References { pieces, types: &types, places: &places }, wanted, what, notes);
            }
            _ => {}
        }
        Some(expr)
    }

    /// The type of what a reference points at, if it may be used here.
    fn type_of(&self, reference: &Reference, place: Place, notes: &mut Notes) -> Option<ValueType> {
        let (action, output) = match reference {
            Reference::RunId if self.here == Here::Head => {
                notes.add(place, "`run.id` is known only when the run begins; only inputs can be used here");
                return None;
            }
            Reference::RunId if self.here == Here::Preflight => {
                notes.add(place, "`run.id` is known only when the run begins, and checks come before");
                return None;
            }
            Reference::RunId => return Some(ValueType::String),
            Reference::Input(name) => {
                let Some(known) = self.scope.inputs.get(name) else {
                    let help = meant(name, self.scope.inputs.keys().map(String::as_str), "inputs");
                    notes.advise(place, format!("there is no input `{name}`"), help);
                    return None;
                };
                return known.clone();
            }
            Reference::Output { action, output } => (action, output),
        };
        if self.here == Here::Head {
            notes.add(
                place,
                format!("`{reference}` is known only while the runbook runs; only inputs can be used here"),
            );
            return None;
        }
        let Some(known) = self.scope.action(action) else {
            if let Some(why) = self.scope.left_out(action) {
                let message = format!("`{reference}` is not there: `{action}` is left out, for {why}");
                notes.advise(place, message, "what uses it needs the same `when`");
                return None;
            }
            let step = action.step().as_str();
            if self.scope.step(step).is_some() {
                let siblings = self.scope.actions.iter().filter(|k| k.path.step().as_str() == step);
                let help = meant(action.name(), siblings.map(|k| k.path.name()), "actions of the step");
                notes.advise(place, format!("step `{step}` has no action `{}`", action.name()), help);
            } else {
                let help = meant(step, self.scope.steps.iter().map(String::as_str), "steps");
                notes.advise(place, format!("there is no step `{step}`"), help);
            }
            return None;
        };
        if let Here::Action(here) = self.here
            && known.position >= here
        {
            notes.push(
                super::problem::Where::At(place),
                format!("`{reference}` is not known yet: {}", later(known.position, here)),
                Some("only outputs of actions that come before can be used".into()),
            );
            return None;
        }
        let kind = known.kind?;
        let given = declared_outputs(kind, &known.outputs).0.remove(output).map(|extract| extract.value_type);
        if self.here == Here::Preflight && !kind.looks_up() {
            notes.advise(
                place,
                format!("`{reference}` is known only once `{action}` has run, and checks come before"),
                format!("a check can use inputs, and what {} gives", lookers()),
            );
            return None;
        }
        let spec = kind.spec();
        let given = given
            .or_else(|| spec.outputs.iter().find(|(name, _)| name == output).map(|(_, value_type)| value_type.clone()));
        if given.is_none() {
            let help = match spec.outputs.as_slice() {
                [] => format!("`{}` gives nothing", spec.name),
                outputs => {
                    let declared = declared_outputs(kind, &known.outputs);
                    let names = declared.types().map(|(name, _)| name).chain(outputs.iter().map(|(n, _)| *n));
                    meant(output, names, "outputs")
                }
            };
            notes.advise(place, format!("`{action}` is a `{}` and gives no `{output}`", spec.name), help);
        }
        given
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

fn later(known: (usize, usize), here: (usize, usize)) -> &'static str {
    if known == here {
        "it is an output of this same action"
    } else if known.0 == here.0 {
        "it is an output of a later action"
    } else {
        "it is an output of a later step"
    }
}

/// The kinds whose outputs a check can use, for a message.
fn lookers() -> String {
    listed(ActionKind::ALL.iter().filter(|k| k.looks_up()).map(|k| k.as_str()))
}

/// What a text refers to: its pieces, and of each reference its type, as far as it is known, and its place.
struct References<'a> {
    pieces: &'a [Piece],
    types: &'a [Option<ValueType>],
    places: &'a [Place],
}

/// A text with references among other characters.
fn mixed(node: &Node, references: &References<'_>, wanted: &ValueType, what: &str, notes: &mut Notes) {
    let References { pieces, types, places } = *references;
    let before = notes.len();
    for (given, place) in types.iter().zip(places) {
        if let Some(given) = given
            && !(given.is_text() || matches!(given, ValueType::Int | ValueType::Bool))
        {
            let message = format!("{what}: a value of type `{given}` cannot be part of a text");
            let help = "a reference that stands alone keeps its type";
            notes.advise(*place, message, if given.is_secret() { SECRET_ALONE } else { help });
        }
    }
    if !wanted.takes_text() {
        notes.add(node.place, format!("{what}: found a text with references, expected {}", wanted.expected()));
    } else if notes.len() == before
        && types.iter().all(Option::is_some)
        && !trial::can_fit(pieces, &types.iter().flatten().collect::<Vec<_>>(), wanted)
    {
        let message = format!("{what}: found a text that cannot become {}", wanted.expected());
        notes.add(node.place, message);
    }
}
