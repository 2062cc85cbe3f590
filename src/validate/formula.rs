//! What a formula gives: the type of what it refers to, of a part of that, and of functions.

use super::problem::{Notes, Where};
use super::reader::{Here, Reader, SECRET_ALONE};
use super::words::{listed, meant};
use crate::document::Place;
use crate::model::{ActionKind, Expr, Function, PartKey, Reference, ValueType, declared_outputs};
use std::fmt;

/// What a formula gives, as far as that is known before there are values.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum FormulaType {
    /// A value of this type.
    Of(ValueType),
    /// A text that a function makes, which may have any form.
    Text,
    /// A list of such texts.
    Texts,
    /// Something that is judged when it is known; or a mistake that was told.
    Unknown,
}

impl FormulaType {
    /// Whether it can stand where this is wanted.
    pub(super) fn may_be(&self, wanted: &ValueType) -> bool {
        match (self, wanted) {
            (FormulaType::Of(given), wanted) => wanted.accepts(given),
            (FormulaType::Text, wanted) => wanted.takes_text(),
            (FormulaType::Texts, ValueType::List(item)) => item.takes_text(),
            (FormulaType::Texts, wanted) => matches!(wanted, ValueType::Any | ValueType::Command),
            (FormulaType::Unknown, _) => true,
        }
    }

    /// Whether it can be a part of a text.
    pub(super) fn may_be_in_a_text(&self) -> bool {
        match self {
            FormulaType::Of(given) => given.is_text() || matches!(given, ValueType::Int | ValueType::Bool),
            FormulaType::Text | FormulaType::Unknown => true,
            FormulaType::Texts => false,
        }
    }

    /// Its type, as far as it is known.
    pub(super) fn value_type(&self) -> Option<&ValueType> {
        match self {
            FormulaType::Of(value_type) => Some(value_type),
            FormulaType::Text => Some(&ValueType::String),
            FormulaType::Texts | FormulaType::Unknown => None,
        }
    }

    pub(super) fn is_secret(&self) -> bool {
        self.value_type().is_some_and(ValueType::is_secret)
    }

    /// `of type ...`.
    pub(super) fn of(&self) -> String {
        match self {
            FormulaType::Of(value_type) => format!("of type `{value_type}`"),
            FormulaType::Text | FormulaType::Unknown => "of type `string`".to_owned(),
            FormulaType::Texts => "of type `list(string)`".to_owned(),
        }
    }
}

impl fmt::Display for FormulaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.of())
    }
}

impl Reader<'_> {
    /// What a formula gives, if it may be used here.
    pub(super) fn given_by(&self, formula: &Expr, place: Place, notes: &mut Notes) -> FormulaType {
        match formula {
            Expr::Reference(reference) => match self.type_of(reference, place, notes) {
                None => FormulaType::Unknown,
                Some(whole) => part_of(reference, whole, place, notes),
            },
            Expr::Call(function, arguments) => self.called(*function, arguments, place, notes),
            Expr::Literal(value) if value.is_i64() => FormulaType::Of(ValueType::Int),
            Expr::Literal(value) if value.is_boolean() => FormulaType::Of(ValueType::Bool),
            Expr::Literal(_) => FormulaType::Text,
            Expr::Text(_) | Expr::List(_) | Expr::Map(_) => FormulaType::Unknown,
        }
    }

    fn called(&self, function: Function, arguments: &[Expr], place: Place, notes: &mut Notes) -> FormulaType {
        let before = notes.len();
        let given: Vec<FormulaType> = arguments.iter().map(|argument| self.given_by(argument, place, notes)).collect();
        if notes.len() > before {
            return FormulaType::Unknown;
        }
        if given.iter().any(FormulaType::is_secret) {
            let message = format!("`{function}` is given a secret");
            notes.advise(place, message, SECRET_ALONE);
            return FormulaType::Unknown;
        }
        let takes = |at: usize, what: &str, notes: &mut Notes| {
            let (written, given) = (arguments[at].written(), given[at].of());
            notes.add(place, format!("`{function}` takes {what}, and `{written}` is {given}"));
        };
        let is_text = |at: usize| given[at].may_be(&ValueType::String);
        match function {
            Function::Default => return defaulted(arguments, &given, place, notes),
            Function::If if !given[0].may_be(&ValueType::Bool) => takes(0, "`true` or `false` first", notes),
            Function::If => return either(arguments, &given, place, notes),
            Function::Join => {
                let is_list = match &given[0] {
                    FormulaType::Of(ValueType::List(item)) => FormulaType::Of(item.as_ref().clone()).may_be_in_a_text(),
                    FormulaType::Texts | FormulaType::Unknown => true,
                    FormulaType::Of(_) | FormulaType::Text => false,
                };
                if !is_list {
                    takes(0, "a list of texts or numbers", notes);
                } else if !is_text(1) {
                    takes(1, "a text to stand between the items", notes);
                }
            }
            Function::Split if !is_text(0) => takes(0, "a text", notes),
            Function::Split if !is_text(1) || arguments[1] == Expr::Literal("".into()) => {
                takes(1, "a text at which it splits", notes);
            }
            Function::Split => return FormulaType::Texts,
            Function::Lower if !is_text(0) => takes(0, "a text", notes),
            Function::Lower => {}
            Function::Format => {
                let pattern = match &arguments[0] {
                    Expr::Literal(pattern) => pattern.as_str(),
                    _ => None,
                };
                match pattern.map(|pattern| pattern.matches("{}").count()) {
                    Some(count) if count == arguments.len() - 1 => {
                        let unfit = (1..given.len()).find(|at| !given[*at].may_be_in_a_text());
                        unfit.into_iter().for_each(|at| takes(at, "texts and numbers", notes));
                    }
                    Some(count) => {
                        let values = arguments.len() - 1;
                        notes.add(place, format!("`format` has {count} `{{}}` and {values} value(s) to put there"));
                    }
                    None => notes.add(place, "`format` takes a text in quotes first, with `{}` where values go"),
                }
            }
        }
        if notes.len() > before { FormulaType::Unknown } else { FormulaType::Text }
    }

    /// The type of what a reference points at, if it may be used here.
    fn type_of(&self, reference: &Reference, place: Place, notes: &mut Notes) -> Option<ValueType> {
        let (action, output) = match reference.whole() {
            Reference::RunId if self.here == Here::Head => {
                notes.add(place, "`run.id` is known only when the run begins; only inputs can be used here");
                return None;
            }
            Reference::RunId if self.here == Here::Preflight => {
                notes.add(place, "`run.id` is known only when the run begins, and checks come before");
                return None;
            }
            Reference::RunId if self.here == Here::Guard => {
                notes.add(place, "`run.id` says nothing of what is to be so; a guard can use inputs and outputs");
                return None;
            }
            Reference::RunId | Reference::Part { .. } => return Some(ValueType::String),
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
                Where::At(place),
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
}

/// What `if` gives: a value that may be of the one or of the other, which are of one type.
fn either(arguments: &[Expr], given: &[FormulaType], place: Place, notes: &mut Notes) -> FormulaType {
    match (&given[1], &given[2]) {
        (FormulaType::Unknown, _) | (_, FormulaType::Unknown) => FormulaType::Unknown,
        (one, other) if one == other => one.clone(),
        (one, other) if one.may_be(&ValueType::String) && other.may_be(&ValueType::String) => FormulaType::Text,
        (one, FormulaType::Of(wider)) if one.may_be(wider) => given[2].clone(),
        (FormulaType::Of(wider), other) if other.may_be(wider) => given[1].clone(),
        (one, other) => {
            let (then, otherwise) = (arguments[1].written(), arguments[2].written());
            let message = format!("`if` gives values of one type: `{then}` is {one}, and `{otherwise}` is {other}");
            notes.add(place, message);
            FormulaType::Unknown
        }
    }
}

/// What `default` gives.
fn defaulted(arguments: &[Expr], given: &[FormulaType], place: Place, notes: &mut Notes) -> FormulaType {
    let written = arguments[0].written();
    match (&arguments[0], &given[0]) {
        (Expr::Reference(Reference::Part { .. }), FormulaType::Of(value_type)) => {
            if !given[1].may_be(value_type) {
                let (other, of) = (arguments[1].written(), given[1].of());
                notes.add(place, format!("`{written}` is of type `{value_type}`, and `{other}` in its place is {of}"));
            }
            given[0].clone()
        }
        (Expr::Reference(Reference::Part { .. }), _) => FormulaType::Unknown,
        _ => {
            let message = format!("`default` is for a part that may not be there, and `{written}` always has a value");
            notes.advise(place, message, "give the input a `default`, or name a part of it: `inputs.NAME.KEY`");
            FormulaType::Unknown
        }
    }
}

/// What a part of a value of this type is.
fn part_of(reference: &Reference, whole: ValueType, place: Place, notes: &mut Notes) -> FormulaType {
    let Reference::Part { of, keys } = reference else { return FormulaType::Of(whole) };
    let mut inner = FormulaType::Of(whole);
    for key in keys {
        inner = match (inner, key) {
            (FormulaType::Of(ValueType::List(item)), PartKey::Number(_)) => FormulaType::Of(*item),
            (FormulaType::Of(ValueType::Tags), PartKey::Name(_)) => FormulaType::Of(ValueType::String),
            (FormulaType::Of(ValueType::Map | ValueType::Any), PartKey::Name(_))
            | (FormulaType::Of(ValueType::Any), PartKey::Number(_))
            | (FormulaType::Unknown | FormulaType::Text | FormulaType::Texts, _) => FormulaType::Unknown,
            (FormulaType::Of(other), _) => {
                let message = format!("`{reference}`: `{of}` is of type `{other}` and has no such part");
                let help = match other {
                    ValueType::List(_) => "an item of a list is named by its number, from 0: `inputs.NAME[0]`",
                    ValueType::Map | ValueType::Tags => "a named value is named by its key: `inputs.NAME.KEY`",
                    _ => "parts have lists (`inputs.NAME[0]`) and named values (`inputs.NAME.KEY`)",
                };
                notes.advise(place, message, help);
                return FormulaType::Unknown;
            }
        };
    }
    inner
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
