//! What is known of inputs while a document is unrolled: the values that were given, else defaults, else examples of their types.

use super::trial::example;
use super::words::value;
use crate::document::{Document, Node};
use crate::model::{Expr, Reference, Scope, Value, ValueType, Values};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The inputs of a document.
pub(super) struct KnownInputs<'d> {
    declared: BTreeMap<&'d str, (ValueType, Option<Value>)>,
    given: Option<&'d Values>,
    /// Those that were asked for.
    asked: RefCell<BTreeSet<String>>,
}

impl<'d> KnownInputs<'d> {
    /// Those that a document declares, with the values that were given, where any were.
    pub(super) fn of(document: &'d Document, given: Option<&'d Values>) -> Self {
        let entries = document.root.get("inputs").and_then(Node::entries).unwrap_or_default();
        let declared = entries.iter().filter_map(|entry| {
            let value_type = ValueType::try_from(entry.value.get("type")?.text()?.to_owned()).ok()?;
            Some((entry.key.text.as_str(), (value_type, entry.value.get("default").map(value))))
        });
        Self { declared: declared.collect(), given, asked: RefCell::default() }
    }

    /// Whether values were given: without them what depends on inputs is judged by examples.
    pub(super) fn are_given(&self) -> bool {
        self.given.is_some()
    }

    /// The type of an input.
    pub(super) fn type_of(&self, name: &str) -> Option<&ValueType> {
        self.asked.borrow_mut().insert(name.to_owned());
        self.declared.get(name).map(|(value_type, _)| value_type)
    }

    /// The names of the inputs.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.declared.keys().copied()
    }

    /// Those of which anything was asked: they decide what the document is.
    pub(super) fn asked(&self) -> BTreeSet<String> {
        self.asked.borrow().clone()
    }

    /// The value of an input that is declared.
    pub(super) fn value(&self, name: &str) -> Option<Value> {
        self.asked.borrow_mut().insert(name.to_owned());
        let (value_type, default) = self.declared.get(name)?;
        let given = self.given.and_then(|given| given.get(name)).cloned();
        Some(given.or_else(|| default.clone()).unwrap_or_else(|| example(value_type)))
    }

    /// The value of a formula of inputs; nothing where it has none.
    pub(super) fn formula(&self, formula: &Expr) -> Option<Value> {
        let named = formula.references().into_iter().filter_map(Reference::input);
        let inputs = named.filter_map(|name| Some((name.to_owned(), self.value(name)?))).collect();
        formula.resolve(&Scope { run: None, inputs: &inputs, outputs: &BTreeMap::new() }).ok()
    }
}
