//! Where a listener sends a request: the first rule that fits, then one of its target groups, by weight or as the cookie of an
//! earlier answer says.
//!
//! As on AWS, who has the cookie of a group stays with it whatever its weight is by now, 0 too, as long as the action names the
//! group ("Target group stickiness", Prescriptive Guidance; a weight is for requests without a cookie). Comparisons are
//! case-insensitive but of paths, `*` and `?` are wildcards ("Condition types for listener rules", ELB user guide).

use std::fmt::Write;

use serde_json::Value;

use crate::rehearsal::emulator::account::{AccountRule, AccountState, TargetGroup};

/// The cookie of a target group's stickiness, as AWS calls it.
const COOKIE: &str = "AWSALBTG";

/// What is forwarded, and where to.
pub(super) struct Route<'a> {
    /// What haproxy asks; none for everything else.
    conditions: Vec<String>,
    groups: Vec<(&'a TargetGroup, u64)>,
    /// Seconds for which a visitor stays with a group.
    sticky_s: Option<u64>,
}

impl<'a> Route<'a> {
    /// Of a rule; none when it cannot be followed yet.
    pub(super) fn of_rule(rule: &AccountRule, account: &'a AccountState) -> Option<Self> {
        let conditions: Vec<String> = rule.conditions.iter().map(condition).collect::<Option<_>>()?;
        Some(Self { conditions, ..Self::otherwise(rule.actions.last()?, account)? })
    }

    /// Of the default action.
    pub(super) fn otherwise(action: &Value, account: &'a AccountState) -> Option<Self> {
        let of = |arn: &Value| account.target_groups.iter().find(|group| Some(group.arn.as_str()) == arn.as_str());
        let forward = &action["ForwardConfig"];
        let groups: Vec<(&TargetGroup, u64)> = match forward["TargetGroups"].as_array() {
            Some(listed) => listed
                .iter()
                .map(|each| Some((of(&each["TargetGroupArn"])?, number(&each["Weight"]).unwrap_or(1))))
                .collect::<Option<_>>()?,
            None => vec![(of(&action["TargetGroupArn"])?, 1)],
        };
        let sticky = &forward["TargetGroupStickinessConfig"];
        let enabled = sticky["Enabled"] == true || sticky["Enabled"] == "true";
        let sticky_s = enabled.then(|| number(&sticky["DurationSeconds"])).flatten();
        Some(Self { conditions: Vec::new(), groups, sticky_s })
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = &'a TargetGroup> {
        self.groups.iter().map(|(group, _)| *group)
    }
}

/// haproxy's lines for them: the first one that fits.
pub(super) fn routing(routes: &[Route<'_>]) -> String {
    let mut out = String::new();
    let mut names = Vec::new();
    for (number, route) in routes.iter().enumerate() {
        let mut fits = "!{ var(txn.rule) -m found }".to_owned();
        for condition in &route.conditions {
            let _ = write!(fits, " {{ {condition} }}");
        }
        let _ = writeln!(out, "  http-request set-var(txn.rule) str(rule{number}) if {fits}");
        let here = format!("{{ var(txn.rule) -m str rule{number} }}");
        let open = format!("{here} !{{ var(txn.group) -m found }}");
        if let Some(seconds) = route.sticky_s {
            for group in route.groups() {
                let name = backend_name(group);
                let _ = writeln!(
                    out,
                    "  http-request set-var(txn.group) str({name}) if {open} {{ req.cook({COOKIE}) -m str {name} }}"
                );
            }
            let _ = writeln!(out, "  http-request set-var(txn.sticky) str({seconds}) if {here}");
        }
        let all: u64 = route.groups.iter().map(|(_, weight)| weight).sum();
        if all > 0 {
            let _ = writeln!(out, "  http-request set-var(txn.dice) rand({all}) if {open}");
        }
        let mut below = 0;
        for (group, weight) in route.groups.iter().filter(|(_, weight)| *weight > 0) {
            below += weight;
            let name = backend_name(group);
            let _ = writeln!(
                out,
                "  http-request set-var(txn.group) str({name}) if {open} {{ var(txn.dice) -m int lt {below} }}"
            );
        }
        names.extend(route.groups().map(backend_name));
    }
    names.sort_unstable();
    names.dedup();
    if routes.iter().any(|route| route.sticky_s.is_some()) {
        let _ = writeln!(
            out,
            "  http-response add-header Set-Cookie \"{COOKIE}=%[var(txn.group)]; Path=/; Max-Age=%[var(txn.sticky)]\" \
             if {{ var(txn.sticky) -m found }}"
        );
    }
    for name in names {
        let here = format!("{{ var(txn.group) -m str {name} }}");
        let _ = writeln!(out, "  use_backend {name}_open if {here} {{ nbsrv({name}) eq 0 }}");
        let _ = writeln!(out, "  use_backend {name} if {here}");
    }
    out
}

/// One condition as haproxy asks it.
fn condition(condition: &Value) -> Option<String> {
    let (sample, flags, values) = match condition["Field"].as_str()? {
        "http-header" => {
            let config = &condition["HttpHeaderConfig"];
            let name = config["HttpHeaderName"].as_str()?;
            let named = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            (format!("req.fhdr({})", named.then_some(name)?), "-i ", &config["Values"])
        }
        "host-header" => ("req.hdr(host),field(1,:)".to_owned(), "-i ", valued(condition, "HostHeaderConfig")),
        "path-pattern" => ("path".to_owned(), "", valued(condition, "PathPatternConfig")),
        _ => return None,
    };
    let values: Vec<String> = values.as_array()?.iter().filter_map(Value::as_str).map(pattern).collect();
    Some(format!("{sample} -m reg {flags}'^({})$'", values.join("|")))
}

fn valued<'a>(condition: &'a Value, config: &str) -> &'a Value {
    if condition["Values"].is_array() { &condition["Values"] } else { &condition[config]["Values"] }
}

/// A text with wildcards as a regular expression.
fn pattern(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '*' => ".*".to_owned(),
            '?' => ".".to_owned(),
            letter if letter.is_ascii_alphanumeric() || "-_/ ".contains(letter) => letter.to_string(),
            // A quote would end the word in haproxy's line.
            '\'' => "[\\x27]".to_owned(),
            letter => format!("\\{letter}"),
        })
        .collect()
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// What haproxy calls a target group.
pub(super) fn backend_name(group: &TargetGroup) -> String {
    format!("group_{}", group.name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn account() -> AccountState {
        let group = |name: &str| {
            json!({
                "arn": name, "name": name, "protocol": "HTTP", "port": 80,
                "health_check": {"path": "/", "port": "traffic-port", "protocol": "HTTP", "interval": 10, "timeout": 5,
                                 "healthy": 2, "unhealthy": 3, "matcher": "200"},
            })
        };
        serde_json::from_value(json!({"version": 1, "instances": [], "target_groups": [group("a"), group("b")]}))
            .unwrap()
    }

    #[test]
    fn a_rule_comes_before_the_weights_and_a_cookie_before_a_weight() {
        let account = account();
        let rule = AccountRule {
            priority: 10,
            conditions: vec![
                json!({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Trial", "Values": ["yes*", "it's"]}}),
            ],
            actions: vec![json!({"Type": "forward", "TargetGroupArn": "b"})],
        };
        let forward = json!({"Type": "forward", "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": "a", "Weight": 90}, {"TargetGroupArn": "b", "Weight": 10}],
            "TargetGroupStickinessConfig": {"Enabled": true, "DurationSeconds": 60}}});
        let routes = [Route::of_rule(&rule, &account).unwrap(), Route::otherwise(&forward, &account).unwrap()];
        let lines = routing(&routes);
        let at = |line: &str| lines.find(line).unwrap_or_else(|| panic!("{line}\nnot in\n{lines}"));
        let rule = at(
            "set-var(txn.rule) str(rule0) if !{ var(txn.rule) -m found } { req.fhdr(X-Trial) -m reg -i '^(yes.*|it[\\x27]s)$' }",
        );
        let cookie = at(
            "str(group_a) if { var(txn.rule) -m str rule1 } !{ var(txn.group) -m found } { req.cook(AWSALBTG) -m str group_a }",
        );
        let dice = at("set-var(txn.dice) rand(100)");
        let weight = at(
            "str(group_b) if { var(txn.rule) -m str rule1 } !{ var(txn.group) -m found } { var(txn.dice) -m int lt 100 }",
        );
        assert!(rule < cookie && cookie < dice && dice < weight, "{lines}");
        at("AWSALBTG=%[var(txn.group)]; Path=/; Max-Age=%[var(txn.sticky)]");
    }

    #[test]
    fn a_group_of_weight_0_gets_who_has_its_cookie_and_nobody_else() {
        let account = account();
        let forward = json!({"Type": "forward", "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": "a", "Weight": 0}, {"TargetGroupArn": "b", "Weight": 1}],
            "TargetGroupStickinessConfig": {"Enabled": true, "DurationSeconds": 60}}});
        let lines = routing(&[Route::otherwise(&forward, &account).unwrap()]);
        assert!(lines.contains("{ req.cook(AWSALBTG) -m str group_a }"), "{lines}");
        assert!(
            !lines.contains(
                "str(group_a) if { var(txn.rule) -m str rule0 } !{ var(txn.group) -m found } { var(txn.dice)"
            )
        );
        // A group that the action does not name any more has no say.
        let alone = json!({"Type": "forward", "TargetGroupArn": "b"});
        assert!(!routing(&[Route::otherwise(&alone, &account).unwrap()]).contains("group_a"));
    }
}
