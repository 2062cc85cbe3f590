//! The checks before a run: ids, kinds, parameters, and that all they refer to is known before anything has run.

use super::actions::Surroundings;
use super::fields::Fields;
use super::problem::Notes;
use super::reader::{Here, Reader};
use super::words::{found, inside, nearest};
use super::{steps, trial, ways};
use crate::document::{Node, Place};
use crate::model::{ActionKind, CheckKind, Expr, ParamSpec, PreflightCheck, TargetSpec, ValueType};
use std::collections::{BTreeMap, HashMap};

const FIELDS: &[&str] = &["id", "do", "title", "with"];

/// Reads all checks. Those that are broken are left out, and their problems told.
pub(super) fn read(around: &Surroundings<'_>, node: Option<&Node>, notes: &mut Notes) -> Vec<PreflightCheck> {
    let Some(node) = node else { return Vec::new() };
    let Some(items) = node.items() else {
        notes.add(node.place, format!("`preflight`: found {}, expected a list of checks", found(node)));
        return Vec::new();
    };
    let mut ids = HashMap::new();
    let mut checks = Vec::new();
    for (n, item) in items.iter().enumerate() {
        let id = steps::id(item, "check", &mut ids, notes).map(|(id, _)| id);
        checks.extend(one(around, item, n, id, notes));
    }
    checks
}

fn one(
    around: &Surroundings<'_>,
    node: &Node,
    number: usize,
    id: Option<String>,
    notes: &mut Notes,
) -> Option<PreflightCheck> {
    let what = id.as_ref().map_or_else(|| format!("check {}", number + 1), |id| format!("check `{id}`"));
    let fields = Fields::of(node, node.place, &what, FIELDS, notes)?;
    let title = fields.line("title", notes);
    let kind = kind(&fields, &what, notes)?;
    let given = ProbeGiven { with: fields.get("with"), check: node.place };
    let with = parameters(around, (kind, kind.spec().params, Here::Preflight), given, &what, notes);
    Some(PreflightCheck { id: id?, kind, title, with: with? })
}

fn kind(fields: &Fields<'_>, what: &str, notes: &mut Notes) -> Option<CheckKind> {
    let node = fields.required("do", notes)?;
    let Some(name) = node.text() else {
        notes.add(node.place, format!("`do` of {what}: found {}, expected the name of a check", found(node)));
        return None;
    };
    let kind = CheckKind::ALL.iter().copied().find(|k| k.as_str() == name);
    if kind.is_none() {
        let names = CheckKind::ALL.iter().map(|k| k.as_str());
        let help = if ActionKind::ALL.iter().any(|k| k.as_str() == name) {
            "that is an action: actions belong to steps".to_owned()
        } else {
            match nearest(name, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`runbook actions` lists the checks, too".into(),
            }
        };
        notes.advise(node.place, format!("there is no check `{name}`"), help);
    }
    kind
}

/// What a check, or a guard, is given, and where that stands.
#[derive(Clone, Copy)]
pub(super) struct ProbeGiven<'a> {
    pub(super) with: Option<&'a Node>,
    pub(super) check: Place,
}

/// Reads the parameters of a check or a guard: those that it takes, and where it stands.
pub(super) fn parameters(
    around: &Surroundings<'_>,
    (kind, params, here): (CheckKind, Vec<ParamSpec>, Here),
    ProbeGiven { with: node, check: place }: ProbeGiven<'_>,
    what: &str,
    notes: &mut Notes,
) -> Option<BTreeMap<String, Expr>> {
    let names: Vec<&str> = params.iter().map(|p| p.name).collect();
    let before = notes.len();
    let fields = match node {
        None => None,
        Some(node) => Some(Fields::of(node, node.place, &format!("`with` of {what} (`{kind}`)"), &names, notes)?),
    };
    let mut with = BTreeMap::new();
    for param in &params {
        let Some(value) = fields.as_ref().and_then(|f| f.get(param.name)) else {
            if param.required && fields.as_ref().is_none_or(|f| f.lacks(param.name)) {
                let help = format!("{}: {}", inside(&param.about), param.value_type.expected());
                let message = format!("{what} (`{kind}`) has no `{}`", param.name);
                notes.advise(node.map_or(place, |n| n.place), message, help);
            }
            continue;
        };
        let Some(expr) = parameter(around, (kind, param, here), value, what, notes) else { continue };
        with.insert(param.name.to_owned(), expr);
    }
    if notes.len() == before {
        ways::one(&params, &with, &format!("{what} (`{kind}`)"), (node, node.map_or(place, |n| n.place)), notes);
    }
    (notes.len() == before).then_some(with)
}

/// Reads one parameter of a check, a guard or the site.
pub(super) fn parameter(
    around: &Surroundings<'_>,
    (kind, param, here): (CheckKind, &ParamSpec, Here),
    value: &Node,
    what: &str,
    notes: &mut Notes,
) -> Option<Expr> {
    let what = format!("`{}` of {what}", param.name);
    if !ways::is_fixed(param, value, &what, notes) {
        return None;
    }
    let reader = Reader { text: &around.document.text, scope: around.scope, here };
    let expr = reader.read(value, &param.value_type, &what, notes)?;
    if param.value_type == ValueType::Target {
        // A guard looks while the runbook runs: what its target needs by then is `guards`' to see.
        if here == Here::Preflight {
            target_known(around.targets, value, &what, notes);
        }
    } else {
        let decodes = |given| trial::check(kind, param.name, &given);
        let error = match &expr {
            Expr::Literal(given) => decodes(given.clone()),
            expr => trial::whatever_comes(expr, decodes),
        };
        if let Some(error) = error {
            notes.add(value.place, format!("{what}: {error}"));
        }
    }
    Some(expr)
}

/// Tells a target that does not exist before the run. A host key that an action pins is not needed: until then the
/// operator's own known_hosts decides.
fn target_known(targets: &[TargetSpec], node: &Node, what: &str, notes: &mut Notes) {
    let Some(target) = targets.iter().find(|t| Some(t.name.as_str()) == node.text()) else { return };
    for (field, expr) in target.fields.iter().filter(|(field, _)| *field != "host_key") {
        let later = expr.references().into_iter().find(|r| r.output().is_some());
        if let Some(reference) = later {
            notes.advise(
                node.place,
                format!("{what}: the `{field}` of target `{}` is known only while the runbook runs", target.name),
                format!("it is `{reference}`; a check needs a target that is there before"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_known_to_use_aws_or_not() {
        for kind in CheckKind::ALL {
            let on_host = kind.spec().params.iter().any(|p| p.value_type == ValueType::Target);
            let both = [CheckKind::NextcloudConfig, CheckKind::InstanceGuest].contains(kind);
            let neither = [CheckKind::HttpAnswers, CheckKind::NextcloudLogin, CheckKind::ProbeHolds].contains(kind);
            assert!(both || neither || on_host != kind.needs_aws(), "{kind}");
        }
    }
}
