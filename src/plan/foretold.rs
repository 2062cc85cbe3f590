//! What an expression of a plan gives as far as that is known, and what is shown of the rest.

use super::Plan;
use crate::model::{ActionPath, Expr, Foretold, Reference, RunId, Scope, StepAction, ValueType, Values};
use std::collections::BTreeMap;

impl Plan {
    /// The value of an expression in a run, or before there is one, when actions have given these outputs.
    #[must_use]
    pub fn foretell(&self, expr: &Expr, run: Option<&RunId>, outputs: &BTreeMap<ActionPath, Values>) -> Foretold {
        let scope = Scope { run: run.map(RunId::as_str), inputs: &self.inputs, outputs };
        expr.foretell(&scope, &|reference| self.unknown(reference))
    }

    /// What stands for a value that is not known: of its type, a text or a list of one.
    fn unknown(&self, reference: &Reference) -> Foretold {
        let is_whole = reference == reference.whole();
        let (action, output) = match reference.whole() {
            Reference::Output { action, output } => (action, output),
            Reference::RunId => return reference.unknown("(the run's id)".into()),
            Reference::Input(_) | Reference::Part { .. } => {
                return reference
                    .unknown(format!("(input {}, not given)", reference.to_string().replacen("inputs.", "", 1)));
            }
        };
        let later = reference.unknown(format!("(known after step-{})", self.number(action.step())));
        let given = self.definition(action).map(StepAction::outputs).unwrap_or_default();
        match given.into_iter().find(|(name, _)| name == output) {
            Some((_, ValueType::List(_))) if is_whole => Foretold::List(vec![later]),
            _ => later,
        }
    }
}
