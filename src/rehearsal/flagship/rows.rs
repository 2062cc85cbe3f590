//! How the world must look after each step, row by row.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::error::RehearsalError;
use super::super::region::Region;
use super::super::scenario::Row;
use super::LAST_STEP;
use super::facts::{CONFIG, CRON, Facts, HIDDEN_CRON, NGINX, Start, text};
use super::{files, site};

const SMALL: &str = "t3.small";
const LARGE: &str = "t3.medium";

/// All rows for the world as it must be right after step number `step` (0: as at the start).
pub(in super::super) async fn rows(
    region: &Region,
    facts: &Facts,
    start: &Start,
    step: usize,
) -> Result<Vec<Row>, RehearsalError> {
    let mut rows = vec![servers(region, facts, step), database(facts, step)];
    rows.extend(balancer(facts, step));
    rows.push(certificate(facts, step));
    rows.push(name(region, facts, start, step).await);
    if step >= 8 {
        rows.push(targets(region));
        rows.push(round_trip(region).await);
    }
    if step >= 9 {
        rows.push(redirect(region).await);
    }
    rows.push(cron(region, facts, step));
    rows.extend(edited(region, start, step).await?);
    rows.push(leftovers(region, facts, start, step));
    if step == 0 {
        rows.extend(as_at_the_start(region, facts, start).await?);
    }
    Ok(rows)
}

/// After EC2 refused the smaller type: the original runs with its old type, and the clone is there.
pub(in super::super) fn fallen_back(facts: &Facts, start: &Start) -> Vec<Row> {
    let original = start.facts.live().first().map(|i| text(i, "id").to_owned()).unwrap_or_default();
    let now = facts.instance(&original);
    let seen = now.map(|i| format!("{} {}", text(i, "state"), text(i, "type"))).unwrap_or_default();
    vec![row("the original runs again with its old type", seen == format!("running {LARGE}"), seen)]
}

fn row(what: &str, ok: bool, seen: impl Into<String>) -> Row {
    Row { what: what.to_owned(), seen: seen.into(), ok }
}

fn servers(region: &Region, facts: &Facts, step: usize) -> Row {
    let live = facts.live();
    let mut seen: Vec<String> =
        live.iter().map(|i| format!("{} {} {}", text(i, "state"), text(i, "type"), text(i, "az"))).collect();
    seen.sort();
    let zones: BTreeSet<&str> = live.iter().map(|i| text(i, "az")).collect();
    let all = |state: &str, size: &str| live.iter().all(|i| text(i, "state") == state && text(i, "type") == size);
    let original = live.len() == 1 && live.first().is_some_and(|i| text(i, "id") == region.account().instance);
    let (what, ok) = match step {
        0..=3 => ("one server, running, with its old type", original && all("running", LARGE)),
        4..=5 => ("one server, stopped, with its old type", original && all("stopped", LARGE)),
        _ => (
            "two servers of the smaller type run in two zones",
            live.len() == 2 && zones.len() == 2 && all("running", SMALL),
        ),
    };
    row(what, ok, seen.join(", "))
}

fn database(facts: &Facts, step: usize) -> Row {
    let db = facts.list("db_instances").first().cloned().unwrap_or_default();
    let multi = db.get("multi_az").and_then(Value::as_bool).unwrap_or_default();
    let pending = db.get("pending").map(Value::to_string).unwrap_or_default();
    let quiet = matches!(pending.as_str(), "{}" | "null" | "");
    let what = if step >= 5 { "the database is Multi-AZ, nothing pending" } else { "the database is single-AZ" };
    let status = text(&db, "status");
    let seen = format!("multi_az={multi}, {status}, pending {pending}");
    row(what, multi == (step >= 5) && quiet && status == "available", seen)
}

fn balancer(facts: &Facts, step: usize) -> Vec<Row> {
    let balancers = facts.list("load_balancers");
    let groups = facts.list("target_groups");
    let seen = format!("{} balancers, {} target groups", balancers.len(), groups.len());
    if step < 7 {
        return vec![row("no balancer and no target group", balancers.is_empty() && groups.is_empty(), seen)];
    }
    let active = balancers.iter().all(|b| text(b, "state") == "active");
    let mut rows = vec![row(
        "exactly one balancer, active, with one target group",
        balancers.len() == 1 && groups.len() == 1 && active,
        seen,
    )];
    let empty = Vec::new();
    let first = balancers.first();
    let listeners = first.and_then(|b| b.get("listeners")).and_then(Value::as_array).unwrap_or(&empty);
    let mut ports: Vec<String> = listeners
        .iter()
        .map(|l| {
            let action = l.get("default_actions").and_then(|a| a.get(0)).cloned().unwrap_or_default();
            let port = l.get("port").map(|p| p.to_string().replace('"', "")).unwrap_or_default();
            format!("{}:{port} {}", text(l, "protocol"), text(&action, "Type"))
        })
        .collect();
    ports.sort();
    let wanted: &[&str] = match step {
        7 => &[],
        8 => &["HTTPS:443 forward"],
        _ => &["HTTP:80 redirect", "HTTPS:443 forward"],
    };
    rows.push(row("its listeners are those of this step", ports == wanted, ports.join(", ")));
    rows
}

fn certificate(facts: &Facts, step: usize) -> Row {
    let all = facts.list("certificates");
    let seen: Vec<String> = all
        .iter()
        .map(|c| {
            let used = c.get("in_use_by").and_then(Value::as_array).is_some_and(|u| !u.is_empty());
            format!("{} {}", text(c, "status"), if used { "in use" } else { "unused" })
        })
        .collect();
    match step {
        8.. => row("one certificate, issued and in use", seen == ["ISSUED in use"], seen.join(", ")),
        _ => row("no certificate", seen.is_empty(), seen.join(", ")),
    }
}

async fn name(region: &Region, facts: &Facts, start: &Start, step: usize) -> Row {
    let account = region.account();
    let at = site::addresses(&account.fqdn).await;
    if step < 8 {
        let same = facts.records() == start.facts.records();
        let home = at == BTreeSet::from([account.public_ip.into()]);
        let seen = format!("{at:?}, records {}", if same { "as at the start" } else { "changed" });
        return row("the name points at the server, its records as at the start", same && home, seen);
    }
    let balancer = facts.list("load_balancers").first().map(|b| text(b, "dns_name").to_owned()).unwrap_or_default();
    let there = site::addresses(&balancer).await;
    row("the name resolves to the balancer", !at.is_empty() && at == there, format!("{at:?}"))
}

fn targets(region: &Region) -> Row {
    let checks = region.balancer_health();
    let seen: Vec<String> = checks.iter().map(|c| format!("{} {}", c.id, c.health.state)).collect();
    let ok = checks.len() == 2 && checks.iter().all(|c| c.health.state == "healthy");
    row("both targets healthy by the balancer's own check", ok, seen.join(", "))
}

async fn round_trip(region: &Region) -> Row {
    let seen = site::round_trip(region).await;
    row(
        "a file goes up and down through the balancer",
        seen.is_ok(),
        seen.err().unwrap_or_else(|| "same content".into()),
    )
}

async fn redirect(region: &Region) -> Row {
    let fqdn = &region.account().fqdn;
    let answer = site::ask(region, &format!("http://{fqdn}/")).await;
    let wanted = [format!("https://{fqdn}:443/"), format!("https://{fqdn}/")];
    let ok = answer.as_ref().is_ok_and(|(status, location)| *status == 301 && wanted.contains(location));
    row("http answers 301 to https", ok, answer.map_or_else(|e| e, |(s, l)| format!("{s} {l}")))
}

fn cron(region: &Region, facts: &Facts, step: usize) -> Row {
    let state = |id: &str| match (files::there(region, id, CRON), files::there(region, id, HIDDEN_CRON)) {
        (true, false) => "active",
        (false, true) => "hidden",
        (true, true) => "both",
        (false, false) => "missing",
    };
    let ids: Vec<String> = facts.live().iter().map(|i| text(i, "id").to_owned()).collect();
    let seen: Vec<&str> = ids.iter().map(|id| state(id)).collect();
    let active = seen.iter().filter(|s| **s == "active").count();
    let clean = seen.iter().all(|s| matches!(*s, "active" | "hidden"));
    let (what, wanted) = match step {
        0 | LAST_STEP => ("cron is active on exactly one server", 1),
        _ => ("cron is hidden on every server", 0),
    };
    row(what, clean && active == wanted, seen.join(", "))
}

async fn edited(region: &Region, start: &Start, step: usize) -> Result<Vec<Row>, RehearsalError> {
    let web = &region.account().instance;
    let mut rows = Vec::new();
    let nginx = files::copy_of(region, web, NGINX)?;
    if step >= 2 {
        let hunks = match &nginx {
            Some(copy) => files::hunks(region, web, copy, NGINX).await?,
            None => Vec::new(),
        };
        rows.push(row(
            "nginx: diff is exactly 10,23d9 65c51 68c54",
            hunks == ["10,23d9", "65c51", "68c54"],
            hunks.join(" "),
        ));
    } else {
        rows.push(unchanged(region, start, NGINX)?);
    }
    let copy = files::copy_of(region, web, CONFIG)?;
    let up = region.host(web).is_some_and(|host| host.is_up());
    if step >= 3 {
        let wanted = ["overwritehost", "overwriteprotocol", "trusted_proxies"];
        let mut keys = match &copy {
            Some(copy) if up => files::changed_keys(region, web, copy, CONFIG).await?,
            Some(_) => vec!["(the server is off: not compared)".to_owned()],
            None => Vec::new(),
        };
        keys.sort();
        let ok = if up { keys == wanted } else { copy.is_some() };
        rows.push(row("config.php: exactly three keys differ", ok, keys.join(" ")));
    } else {
        rows.push(unchanged(region, start, CONFIG)?);
    }
    Ok(rows)
}

fn unchanged(region: &Region, start: &Start, path: &str) -> Result<Row, RehearsalError> {
    let web = &region.account().instance;
    let now = files::fact(region, web, path)?;
    let differs = start.files.get(path).map_or_else(|| vec!["unknown"], |before| before.differs(&now));
    let seen = if differs.is_empty() { "the same bytes, owner, mode and mtime".to_owned() } else { differs.join(", ") };
    Ok(row(&format!("{path} is as at the start"), differs.is_empty(), seen))
}

/// Exactly one of everything, and nothing that should be gone.
fn leftovers(region: &Region, facts: &Facts, start: &Start, step: usize) -> Row {
    let images = facts.list("images").len() - start.facts.list("images").len().min(facts.list("images").len());
    let snapshots =
        facts.list("snapshots").len() - start.facts.list("snapshots").len().min(facts.list("snapshots").len());
    let groups = facts.groups().len() - start.facts.groups().len().min(facts.groups().len());
    let seen = format!("{images} images, {snapshots} snapshots, {groups} security groups more than at the start");
    let wanted = (usize::from(step >= 6), usize::from(step >= 7));
    let ok = (images, groups) == wanted && (snapshots > 0) == (step >= 6);
    let claimed = facts.instance(&region.account().instance).and_then(|i| i.get("tags")?.get("runbook:claim").cloned());
    let claim_ok = claimed.is_some() == (1..LAST_STEP).contains(&step);
    let seen = format!("{seen}; the original is {}marked", if claimed.is_some() { "" } else { "not " });
    row("exactly one of everything made, none of what was undone", ok && claim_ok, seen)
}

async fn as_at_the_start(region: &Region, facts: &Facts, start: &Start) -> Result<Vec<Row>, RehearsalError> {
    let web = &region.account().instance;
    let mut rows = vec![unchanged(region, start, CRON)?];
    for (folder, before) in &start.names {
        let now = files::names(region, web, folder)?;
        let more: Vec<&String> = now.symmetric_difference(before).collect();
        rows.push(row(
            &format!("{folder} holds what it held"),
            more.is_empty(),
            format!("{} differences {more:?}", more.len()),
        ));
    }
    let timer = files::timer(region, web).await;
    rows.push(row("certbot's timer is as at the start", timer == start.timer, timer));
    let groups = facts.groups() == start.facts.groups();
    rows.push(row("security groups are as at the start", groups, format!("{} groups", facts.groups().len())));
    let address = facts.instance(web).map(|i| text(i, "public_ip").to_owned()).unwrap_or_default();
    rows.push(row("the server has its Elastic IP", address == region.account().public_ip.to_string(), address));
    let marked = facts.marked();
    rows.push(row(
        "nothing carries a run's mark",
        marked.is_empty(),
        if marked.is_empty() { "nothing".into() } else { marked.join(", ") },
    ));
    let answer = site::ask(region, &format!("https://{}/status.php", region.account().fqdn)).await;
    let ok = answer.as_ref().is_ok_and(|(status, _)| *status == 200);
    rows.push(row("the site answers at its name", ok, answer.map_or_else(|e| e, |(s, _)| s.to_string())));
    Ok(rows)
}
