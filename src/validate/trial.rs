//! Trial runs of decoding: what is not known yet is replaced by an example of its type, and the result decoded as an action
//! would decode it. This finds early what a type alone does not say: a port beyond 65535, an unknown address choice.

use crate::model::{
    Action, ActionKind, Check, CheckKind, Decode, Expr, ParamSpec, Piece, Runbook, SiteProbe, StepAction, Target,
    Value, ValueType,
};
use serde_json::json;
use std::collections::BTreeMap;

/// An example of each type.
pub(super) fn example(value_type: &ValueType) -> Value {
    use ValueType as T;
    match value_type {
        T::String | T::Any => json!("example"),
        T::Int => json!(1),
        T::Bool => json!(true),
        T::InstanceId => json!("i-0123456789abcdef0"),
        T::ImageId => json!("ami-0123456789abcdef0"),
        T::SubnetId => json!("subnet-0123456789abcdef0"),
        T::VpcId => json!("vpc-0123456789abcdef0"),
        T::GroupId => json!("sg-0123456789abcdef0"),
        T::Arn => json!("arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"),
        T::InstanceType => json!("t3.small"),
        T::DbId => json!("database-1"),
        T::DnsZone => json!("Z0123456789ABCDEFGHIJ"),
        T::Region => json!("eu-west-1"),
        T::Fqdn | T::CertificateName => json!("cloud.example.org"),
        T::Cidr => json!("10.0.0.0/16"),
        T::Path => json!("/example"),
        T::File => json!("example.txt"),
        T::Account => json!("www-data"),
        T::Php => json!("php8.2"),
        T::FileMode => json!("0640"),
        T::Url => json!("https://cloud.example.org/"),
        T::Service => json!("nginx"),
        T::BalancerName
        | T::TargetGroupName
        | T::GroupName
        | T::ImageName
        | T::SnapshotName
        | T::InstanceName
        | T::HeaderName
        | T::HeaderText => {
            json!("nextcloud-web")
        }
        T::GroupDescription | T::TagValue => json!("nextcloud"),
        T::Secret => json!({ "env": "PASSWORD" }),
        T::Target => json!({ "name": "example", "host": "example" }),
        T::Map | T::Tags | T::Environment | T::Headers => json!({}),
        T::Duration => json!("30s"),
        T::Word | T::TextOrSecret => json!("example"),
        T::Command => json!(["example"]),
        T::List(item) => json!([example(item)]),
    }
}

/// Whether a text with references of these types can become a value of type `wanted`.
pub(super) fn can_fit(pieces: &[Piece], types: &[&ValueType], wanted: &ValueType) -> bool {
    // A plain text may stand for anything: a few forms are tried.
    ["example", "0123456789abcdef0", "1", "e"].into_iter().any(|any_text| {
        let mut types = types.iter();
        let text: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Plain(text) => text.clone(),
                Piece::Reference(_) | Piece::Formula(_) => match types.next() {
                    Some(ValueType::String) | None => any_text.to_owned(),
                    Some(given) => example(given).as_str().map_or_else(|| "1".to_owned(), str::to_owned),
                },
            })
            .collect();
        wanted.check(&Value::String(text)).is_ok()
    })
}

/// Why parameters of an action cannot be decoded; those that are not given are filled with examples.
pub(super) fn action(kind: ActionKind, given: &BTreeMap<String, Value>) -> Option<String> {
    let params = kind.spec().params;
    let filled: serde_json::Map<String, Value> = params
        .iter()
        .filter_map(|p| {
            let value = match (&p.value_type, given.get(p.name)) {
                (_, None) if !p.required => return None,
                (ValueType::Target | ValueType::List(_), Some(_)) if names_targets(&p.value_type) => {
                    example(&p.value_type)
                }
                (_, Some(value)) => value.clone(),
                (value_type, None) => example(value_type),
            };
            Some((p.name.to_owned(), value))
        })
        .collect();
    Action::decode(kind, &Value::Object(filled).into()).err().map(|e| plain(&e))
}

/// Why one parameter of a check cannot be decoded; the others are filled with examples.
pub(super) fn check(kind: CheckKind, name: &str, given: &Value) -> Option<String> {
    let value = |p: &ParamSpec| if p.name == name { given.clone() } else { example(&p.value_type) };
    let params = kind.spec().params;
    let needed = params.iter().filter(|p| p.required || p.name == name);
    let filled: serde_json::Map<String, Value> = needed.map(|p| (p.name.to_owned(), value(p))).collect();
    Check::decode(kind, &Value::Object(filled).into()).err().map(|e| plain(&e))
}

/// Why named values or a list cannot be decoded whatever its references stand for: a field that there is not, or something in it that
/// is written out and cannot be meant. `decodes` is asked with values in the references' places.
pub(super) fn whatever_comes(expr: &Expr, decodes: impl Fn(Value) -> Option<String>) -> Option<String> {
    if !matches!(expr, Expr::List(_) | Expr::Map(_)) {
        return None;
    }
    let texts = ["example", "1", "/example", "https://example.org/"].map(Value::from);
    let others = [json!(1), json!(true), json!(["example"]), json!({})];
    let mut reasons = texts.iter().map(|form| decodes(stand_in(expr, form)));
    let first = reasons.next()??;
    // What is wrong with a form itself is another thing with each of them.
    let is_of_none = reasons.all(|reason| reason.as_ref() == Some(&first));
    (is_of_none && others.iter().all(|form| decodes(stand_in(expr, form)).is_some())).then_some(first)
}

/// The value of an expression with this in the place of all that is not written out.
fn stand_in(expr: &Expr, form: &Value) -> Value {
    match expr {
        Expr::Literal(value) => value.clone(),
        Expr::Reference(_) | Expr::Call(..) => form.clone(),
        Expr::Text(pieces) => {
            let word = form.as_str().map_or_else(|| "1".to_owned(), str::to_owned);
            let piece = |piece: &Piece| match piece {
                Piece::Plain(text) => text.clone(),
                Piece::Reference(_) | Piece::Formula(_) => word.clone(),
            };
            Value::String(pieces.iter().map(piece).collect())
        }
        Expr::List(items) => items.iter().map(|item| stand_in(item, form)).collect(),
        Expr::Map(fields) => {
            Value::Object(fields.iter().map(|(name, item)| (name.clone(), stand_in(item, form))).collect())
        }
    }
}

/// Why the fields of a target cannot be decoded.
pub(super) fn target(given: &BTreeMap<String, Value>) -> Option<String> {
    let mut fields: serde_json::Map<String, Value> = given.clone().into_iter().collect();
    fields.insert("name".into(), json!("example"));
    Target::decode(&Value::Object(fields).into()).err().map(|e| plain(&e))
}

/// A decoder's message in an operator's words.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string().replace("u16", "a whole number from 0 to 65535");
    text.replace("u32", "a whole number from 0 to 4294967295")
        .replace("unknown variant", "found")
        .replace("invalid value: integer", "found")
}

fn names_targets(value_type: &ValueType) -> bool {
    match value_type {
        ValueType::List(item) => names_targets(item),
        other => *other == ValueType::Target,
    }
}

/// A run's id: all are of this length and these characters.
const EXAMPLE_RUN: &str = "r20261123-212521-t8ux";

/// The value of an expression when inputs have these values, if nothing else is needed to know it.
pub(super) fn known(expr: &Expr, inputs: &BTreeMap<String, Value>) -> Option<Value> {
    let outputs = BTreeMap::new();
    expr.resolve(&crate::model::Scope { run: Some(EXAMPLE_RUN), inputs, outputs: &outputs }).ok()
}

/// The rounds of a runbook's loops, where inputs decide which there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounds {
    /// Those of the values that were given.
    Given,
    /// Those of examples: no values were given when it was read.
    Examples,
}

/// What an input is used for, where its value does not fit: one sentence.
pub(super) fn misfit(
    runbook: &Runbook,
    inputs: &BTreeMap<String, Value>,
    name: &str,
    rounds: Rounds,
) -> Option<String> {
    let uses = |expr: &Expr| expr.references().into_iter().any(|reference| reference.input() == Some(name));
    let as_field = runbook.targets.iter().flat_map(|t| t.fields.iter().map(move |(field, e)| (t, field, e)));
    for (spec, field, expr) in as_field.filter(|(_, _, e)| uses(e)) {
        if let Some(lacks) = lacks(expr, inputs, name) {
            return Some(format!("{lacks}, and `{field}` of target `{}` uses it", spec.name));
        }
        let Some(value) = known(&spec.fields[field], inputs) else { continue };
        if let Some(error) = target(&BTreeMap::from([(field.clone(), value)])) {
            return Some(format!("it cannot be `{field}` of target `{}`: {error}", spec.name));
        }
    }
    // Until inputs decide what it is, the rounds of its loops are examples.
    let is_example = |action: &StepAction| {
        rounds == Rounds::Examples && !runbook.decided_by.is_empty() && action.path.name().contains('@')
    };
    for action_use in runbook.actions().filter(|action| !is_example(action)) {
        for (parameter, expr) in action_use.with.iter().filter(|(_, e)| uses(e)) {
            if let Some(lacks) = lacks(expr, inputs, name) {
                return Some(format!("{lacks}, and `{parameter}` of `{}` uses it", action_use.path));
            }
            let Some(value) = known(expr, inputs) else { continue };
            if let Some(choices) = super::literal::choices(action_use.kind, parameter)
                && !value.as_str().is_some_and(|v| choices.contains(&v))
            {
                let all = super::words::listed(choices.iter().copied());
                return Some(format!("it cannot be `{parameter}` of `{}`: expected one of {all}", action_use.path));
            }
            if let Some(error) = action(action_use.kind, &BTreeMap::from([(parameter.clone(), value)])) {
                return Some(format!("it cannot be `{parameter}` of `{}`: {error}", action_use.path));
            }
        }
    }
    let here = "site".to_owned();
    let checks = runbook.preflight.iter().map(|it| ("check", &it.id, it.kind, &it.with));
    let guards = runbook.guards.iter().map(|it| ("guard", &it.id, it.kind, &it.with));
    let site = runbook.site.iter().map(|it| ("the", &here, SiteProbe::KIND, &it.with));
    for (what, id, kind, with) in checks.chain(guards).chain(site) {
        for (parameter, expr) in with.iter().filter(|(_, e)| uses(e)) {
            if let Some(lacks) = lacks(expr, inputs, name) {
                return Some(format!("{lacks}, and `{parameter}` of {what} `{id}` uses it"));
            }
            let error = known(expr, inputs).and_then(|value| check(kind, parameter, &value));
            if let Some(error) = error {
                return Some(format!("it cannot be `{parameter}` of {what} `{id}`: {error}"));
            }
        }
    }
    let head = [("the run's tags", &runbook.tags), ("`region`", &runbook.region)];
    head.into_iter()
        .find_map(|(what, expr)| Some(format!("{}, and {what} use it", lacks(expr.as_ref()?, inputs, name)?)))
}

/// What an expression needs of an input that is not there: a part, or what a function can be made of.
fn lacks(expr: &Expr, inputs: &BTreeMap<String, Value>, name: &str) -> Option<String> {
    let outputs = BTreeMap::new();
    let scope = crate::model::Scope { run: Some(EXAMPLE_RUN), inputs, outputs: &outputs };
    let missing = std::cell::RefCell::new(None);
    let _ = expr.foretell(&scope, &|reference| {
        if reference.input() == Some(name) {
            missing.borrow_mut().get_or_insert_with(|| reference.clone());
        }
        reference.unknown(reference.to_string())
    });
    let missing = missing.into_inner()?;
    Some(match inputs.get(name).and_then(|whole| missing.within(whole)) {
        None => format!("there is no `{missing}`"),
        Some(_) => format!("`{missing}` is not what a function there can be made of"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_of_their_types_and_fill_every_action() {
        for name in ValueType::names() {
            let value_type = ValueType::try_from(name.to_owned()).unwrap();
            value_type.check(&example(&value_type)).unwrap();
        }
        for kind in ActionKind::ALL {
            // What of named values must be there, its kind alone knows.
            let params = kind.spec().params.into_iter().filter(|p| p.required || p.value_type != ValueType::Map);
            let chosen = |p: &ParamSpec| super::super::literal::choices(*kind, p.name).map(|all| json!(all[0]));
            let all =
                params.map(|p| (p.name.to_owned(), chosen(&p).unwrap_or_else(|| example(&p.value_type)))).collect();
            assert_eq!(action(*kind, &all), None, "{kind}");
            assert_eq!(action(*kind, &BTreeMap::new()), None, "{kind}");
        }
    }

    #[test]
    fn texts_that_can_never_fit_are_found() {
        let fits = |text: &str, given: ValueType, wanted: ValueType| {
            let Ok(Expr::Text(pieces)) = Expr::parse_text(text) else { panic!("{text}") };
            can_fit(&pieces, &[&given], &wanted)
        };
        assert!(fits("https://${{ inputs.x }}/status.php", ValueType::Fqdn, ValueType::Url));
        assert!(!fits("ftp://${{ inputs.x }}/", ValueType::Fqdn, ValueType::Url));
        assert!(fits("subnet-${{ inputs.x }}", ValueType::String, ValueType::SubnetId));
        assert!(!fits("/etc/${{ inputs.x }}", ValueType::Path, ValueType::Path));
    }
}
