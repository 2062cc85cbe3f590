//! Judgements: what was seen of the world, held against what must be so. Pure, one row each.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

use crate::rehearsal::balancer::health::TargetCheck;
use crate::rehearsal::judge::expected::{ExpectedWorld, SMALL, Servers};
use crate::rehearsal::judge::facts::{Start, WorldFacts, text};
use crate::rehearsal::scenario::VerdictRow;

/// The keys of config.php the flagship sets, in order.
const KEYS: [&str; 3] = ["overwritehost", "overwriteprotocol", "trusted_proxies"];

/// After EC2 refused the smaller type: the original runs with its old type, and the operator is told what can be typed.
pub(in crate::rehearsal) fn fallen_back(facts: &WorldFacts, start: &Start, status: &str) -> Vec<VerdictRow> {
    let (original, old) =
        start.facts.live().first().map(|i| (text(i, "id").to_owned(), text(i, "type"))).unwrap_or_default();
    let now = facts.instance(&original);
    let seen = now.map(|i| format!("{} {}", text(i, "state"), text(i, "type"))).unwrap_or_default();
    let offers = ["runbook resume", "runbook resolve", "runbook rollback"];
    let told: Vec<&str> = offers.into_iter().filter(|offer| status.contains(offer)).collect();
    vec![
        VerdictRow::new("the original runs again with its old type", seen == format!("running {old}"), seen),
        VerdictRow::new(
            "`runbook status` offers to try again, to go on as it is, to go back",
            told == offers,
            told.join(", "),
        ),
        VerdictRow::new(
            "`runbook status` says that the site is down",
            says_down(status),
            if says_down(status) { "the site is down" } else { "it does not" },
        ),
    ]
}

/// Whether a status says it in so many words, however they are wrapped: a step's id has `down` in it, too.
fn says_down(status: &str) -> bool {
    status.split_whitespace().collect::<Vec<_>>().join(" ").contains("the site is down")
}

pub(in crate::rehearsal) fn servers(
    facts: &WorldFacts,
    start: &WorldFacts,
    web: &str,
    expected: &ExpectedWorld,
) -> VerdictRow {
    let live = facts.live();
    let old = start.instance(web).map(|i| text(i, "type")).unwrap_or_default();
    let mut seen: Vec<String> =
        live.iter().map(|i| format!("{} {} {}", text(i, "state"), text(i, "type"), text(i, "az"))).collect();
    seen.sort();
    let zones: BTreeSet<&str> = live.iter().map(|i| text(i, "az")).collect();
    let is = |i: &Value, state: &str, size: &str| text(i, "state") == state && text(i, "type") == size;
    let one = |state, size| live.len() == 1 && live.iter().all(|i| text(i, "id") == web && is(i, state, size));
    let size = |i: &Value| if text(i, "id") == web && expected.keeps_old_type { old } else { SMALL };
    let state = |i: &Value, running: bool| if running || text(i, "id") != web { "running" } else { "stopped" };
    let two = |running| live.len() == 2 && zones.len() == 2 && live.iter().all(|i| is(i, state(i, running), size(i)));
    let (what, ok) = match expected.servers() {
        Servers::One { running: true, small: false } => ("one server, running, with its old type", one("running", old)),
        Servers::One { running: false, small: false } => {
            ("one server, stopped, with its old type", one("stopped", old))
        }
        Servers::One { running: true, small: true } => {
            ("one server, running, with the smaller type", one("running", SMALL))
        }
        Servers::One { running: false, small: true } => {
            ("one server, stopped, with the smaller type", one("stopped", SMALL))
        }
        Servers::Two { running: false } => ("two servers in two zones, the original stopped", two(false)),
        Servers::Two { running: true } if expected.keeps_old_type => {
            ("two servers run in two zones, the original with its old type", two(true))
        }
        Servers::Two { running: true } => ("two servers of the smaller type run in two zones", two(true)),
    };
    VerdictRow::new(what, ok, seen.join(", "))
}

pub(in crate::rehearsal) fn database(facts: &WorldFacts, expected: &ExpectedWorld) -> VerdictRow {
    let wanted = expected.multi_az();
    let db = facts.list("db_instances").first().cloned().unwrap_or_default();
    let multi = db.get("multi_az").and_then(Value::as_bool).unwrap_or_default();
    let pending = db.get("pending").map(Value::to_string).unwrap_or_default();
    let quiet = matches!(pending.as_str(), "{}" | "null" | "");
    let what = if wanted { "the database is Multi-AZ, nothing pending" } else { "the database is single-AZ" };
    let status = text(&db, "status");
    let seen = format!("multi_az={multi}, {status}, pending {pending}");
    VerdictRow::new(what, multi == wanted && quiet && status == "available", seen)
}

pub(in crate::rehearsal) fn balancer(facts: &WorldFacts, expected: &ExpectedWorld) -> Vec<VerdictRow> {
    let balancers = facts.list("load_balancers");
    let groups = facts.list("target_groups");
    let seen = format!("{} balancers, {} target groups", balancers.len(), groups.len());
    let active = balancers.iter().all(|b| text(b, "state") == "active");
    let wanted = (usize::from(expected.balancer()), usize::from(expected.target_group()));
    let ok = (balancers.len(), groups.len()) == wanted && active;
    let what = match wanted {
        (0, 0) => return vec![VerdictRow::new("no balancer and no target group", ok, seen)],
        (0, _) => return vec![VerdictRow::new("no balancer, and exactly one target group", ok, seen)],
        (_, 0) => "exactly one balancer, active, and no target group",
        _ => "exactly one balancer, active, with one target group",
    };
    let listeners = listeners(balancers.first());
    let as_wanted = listeners == expected.listeners();
    vec![
        VerdictRow::new(what, ok, seen),
        VerdictRow::new("its listeners are those of this step", as_wanted, listeners.join(", ")),
    ]
}

fn listeners(balancer: Option<&Value>) -> Vec<String> {
    let told = |l: &Value| {
        let action = l.get("default_actions").and_then(|a| a.get(0)).cloned().unwrap_or_default();
        let port = l.get("port").map(|p| p.to_string().replace('"', "")).unwrap_or_default();
        format!("{}:{port} {}", text(l, "protocol"), text(&action, "Type"))
    };
    let all = balancer.and_then(|b| b.get("listeners")).and_then(Value::as_array);
    let mut ports: Vec<String> = all.into_iter().flatten().map(told).collect();
    ports.sort();
    ports
}

pub(in crate::rehearsal) fn certificate(facts: &WorldFacts, expected: &ExpectedWorld) -> VerdictRow {
    let told = |c: &Value| {
        let used = c.get("in_use_by").and_then(Value::as_array).is_some_and(|u| !u.is_empty());
        format!("{} {}", text(c, "status"), if used { "in use" } else { "unused" })
    };
    let seen: Vec<String> = facts.list("certificates").iter().map(told).collect();
    if !expected.certificate() {
        return VerdictRow::new("no certificate", seen.is_empty(), format!("{} certificates", seen.len()));
    }
    let used = expected.listeners().iter().any(|listener| listener.starts_with("HTTPS"));
    match (expected.certificate_issued(), used) {
        (_, true) => VerdictRow::new("one certificate, issued and in use", seen == ["ISSUED in use"], seen.join(", ")),
        (true, false) => VerdictRow::new("one certificate, issued", seen == ["ISSUED unused"], seen.join(", ")),
        // With its record in the zone it may be issued at any moment.
        (false, false) => VerdictRow::new("one certificate", seen.len() == 1, seen.join(", ")),
    }
}

/// `same_records`: whether all of the zone's records are as at the start; nothing where one more is wanted.
pub(in crate::rehearsal) fn name_at_home(
    at: &BTreeSet<IpAddr>,
    home: Ipv4Addr,
    same_records: Option<bool>,
) -> VerdictRow {
    let at_home = *at == BTreeSet::from([home.into()]);
    let Some(same) = same_records else {
        return VerdictRow::new("the name points at the server", at_home, format!("{at:?}"));
    };
    let seen = format!("{at:?}, records {}", if same { "as at the start" } else { "changed" });
    VerdictRow::new("the name points at the server, its records as at the start", same && at_home, seen)
}

pub(in crate::rehearsal) fn name_at_balancer(at: &BTreeSet<IpAddr>, balancer: &BTreeSet<IpAddr>) -> VerdictRow {
    VerdictRow::new("the name resolves to the balancer", !at.is_empty() && at == balancer, format!("{at:?}"))
}

pub(in crate::rehearsal) fn targets(checks: &[TargetCheck]) -> VerdictRow {
    let seen: Vec<String> = checks.iter().map(|c| format!("{} {}", c.id, c.health.state)).collect();
    let ok = checks.len() == 2 && checks.iter().all(|c| c.health.state == "healthy");
    VerdictRow::new("both targets healthy by the balancer's own check", ok, seen.join(", "))
}

pub(in crate::rehearsal) fn round_trip(seen: Result<(), String>) -> VerdictRow {
    let ok = seen.is_ok();
    VerdictRow::new(
        "a file goes up and down through the balancer",
        ok,
        seen.err().unwrap_or_else(|| "same content".into()),
    )
}

pub(in crate::rehearsal) fn version(wanted: &str, seen: Result<String, String>) -> VerdictRow {
    let what = format!("the site is Nextcloud {wanted}");
    VerdictRow::new(what, seen.as_deref() == Ok(wanted), seen.unwrap_or_else(|error| error))
}

/// `seen`: as whom each server's site is let in by the database, or what was said instead.
pub(in crate::rehearsal) fn let_in(user: &str, seen: &[String]) -> VerdictRow {
    let is = |who: &String| who.strip_prefix(user).is_some_and(|rest| rest.starts_with('@'));
    let ok = !seen.is_empty() && seen.iter().all(is);
    VerdictRow::new("each server's site is let in by the database", ok, seen.join(", "))
}

pub(in crate::rehearsal) fn redirect(fqdn: &str, answer: Result<(u16, String), String>) -> VerdictRow {
    let wanted = [format!("https://{fqdn}:443/"), format!("https://{fqdn}/")];
    let ok = answer.as_ref().is_ok_and(|(status, location)| *status == 301 && wanted.contains(location));
    VerdictRow::new("http answers 301 to https", ok, answer.map_or_else(|e| e, |(s, l)| format!("{s} {l}")))
}

pub(in crate::rehearsal) fn answers(answer: Result<(u16, String), String>) -> VerdictRow {
    let ok = answer.as_ref().is_ok_and(|(status, _)| *status == 200);
    VerdictRow::new("the site answers at its name", ok, answer.map_or_else(|e| e, |(s, _)| s.to_string()))
}

/// `files`: for each server, whether its cron file is there under its own name and under the hidden one.
pub(in crate::rehearsal) fn cron(files: &[(bool, bool)], is_active: bool) -> VerdictRow {
    let told = |there: &(bool, bool)| match there {
        (true, false) => "active",
        (false, true) => "hidden",
        (true, true) => "both",
        (false, false) => "missing",
    };
    let seen: Vec<&str> = files.iter().map(told).collect();
    let active = seen.iter().filter(|s| **s == "active").count();
    let clean = !seen.is_empty() && seen.iter().all(|s| matches!(*s, "active" | "hidden"));
    let (what, wanted) = match is_active {
        true => ("cron is active on exactly one server", 1),
        false => ("cron is hidden on every server", 0),
    };
    VerdictRow::new(what, clean && active == wanted, seen.join(", "))
}

pub(in crate::rehearsal) fn hunks(hunks: &[String]) -> VerdictRow {
    VerdictRow::new(
        "nginx: diff is exactly 10,23d9 65c51 68c54",
        hunks == ["10,23d9", "65c51", "68c54"],
        hunks.join(" "),
    )
}

pub(in crate::rehearsal) fn keys(mut keys: Vec<String>) -> VerdictRow {
    keys.sort();
    VerdictRow::new("config.php: exactly three keys differ", keys == KEYS, keys.join(" "))
}

pub(in crate::rehearsal) fn keys_in_text(text: &str) -> VerdictRow {
    let there: Vec<&str> = KEYS.into_iter().filter(|key| text.contains(&format!("'{key}'"))).collect();
    VerdictRow::new("config.php: the three keys are in its text (the server is off)", there == KEYS, there.join(" "))
}

pub(in crate::rehearsal) fn unchanged(path: &str, differs: &[&str]) -> VerdictRow {
    let seen = if differs.is_empty() { "the same bytes, owner, mode and mtime".to_owned() } else { differs.join(", ") };
    VerdictRow::new(format!("{path} is as at the start"), differs.is_empty(), seen)
}

/// Exactly one of everything, and nothing that should be gone.
pub(in crate::rehearsal) fn leftovers(
    facts: &WorldFacts,
    start: &WorldFacts,
    web: &str,
    expected: &ExpectedWorld,
) -> VerdictRow {
    let more = |kind: &str| facts.list(kind).len().saturating_sub(start.list(kind).len());
    let (images, snapshots, groups) = (more("images"), more("snapshots"), more("security_groups"));
    let claimed = facts.claim(web).is_some();
    let claim_ok = (claimed, facts.locked(web)) == (expected.claimed(), claimed);
    let made = usize::from(expected.balancer_group()) + usize::from(claimed);
    let ok = (images, groups) == (usize::from(expected.image()), made) && (snapshots > 0) == expected.image();
    let seen = format!(
        "{images} images, {snapshots} snapshots, {groups} security groups more than at the start; the original is {}marked",
        if claimed { "" } else { "not " }
    );
    VerdictRow::new("exactly one of everything made, none of what was undone", ok && claim_ok, seen)
}

pub(in crate::rehearsal) fn account_as_at_the_start(
    facts: &WorldFacts,
    start: &WorldFacts,
    web: &str,
    home: Ipv4Addr,
) -> Vec<VerdictRow> {
    let address = facts.instance(web).map(|i| text(i, "public_ip").to_owned()).unwrap_or_default();
    let marked = facts.marked();
    let seen = if marked.is_empty() { "nothing".to_owned() } else { marked.join(", ") };
    let groups = facts.groups();
    vec![
        VerdictRow::new(
            "security groups are as at the start",
            groups == start.groups(),
            format!("{} groups", groups.len()),
        ),
        VerdictRow::new("the server has its Elastic IP", address == home.to_string(), address),
        VerdictRow::new("nothing carries a run's mark", marked.is_empty(), seen),
    ]
}

#[cfg(test)]
#[path = "judgements_test.rs"]
mod tests;
