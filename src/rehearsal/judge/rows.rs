//! Looking at the world after a step: what is asked where, and by which judgement it becomes a row.

use std::collections::BTreeSet;

use super::{files, judgements as judge, site};
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::judge::expected::ExpectedWorld;
use crate::rehearsal::judge::facts::{Start, WorldFacts, text};
use crate::rehearsal::region::Region;
use crate::rehearsal::scenario::VerdictRow;

/// All rows for the world as it must be.
pub(in crate::rehearsal) async fn rows(
    region: &Region,
    facts: &WorldFacts,
    start: &Start,
    expected: &ExpectedWorld,
) -> Result<Vec<VerdictRow>, RehearsalError> {
    let web = region.account().instance.as_str();
    let mut rows = vec![judge::servers(facts, &start.facts, web, expected), judge::database(facts, expected)];
    rows.extend(judge::balancer(facts, expected));
    rows.push(judge::certificate(facts, expected));
    rows.push(name(region, facts, start, expected).await);
    if expected.moved() && expected.both_serve() {
        rows.push(judge::targets(&region.balancer_health()));
    }
    if expected.moved() {
        rows.push(judge::round_trip(site::round_trip(region).await));
    }
    if let Some(release) = region.release().filter(|_| expected.serves()) {
        rows.push(judge::version(&release.version, site::version(region).await));
    }
    if expected.original_is_on() {
        let mut seen = Vec::new();
        for instance in facts.live() {
            seen.push(files::let_in(region, text(instance, "id")).await);
        }
        rows.push(judge::let_in(&region.before().site.database.user, &seen));
    }
    if expected.redirects() {
        let fqdn = &region.account().fqdn;
        rows.push(judge::redirect(fqdn, site::ask(region, &format!("http://{fqdn}/")).await));
    }
    rows.push(cron(region, facts, expected));
    rows.extend(edited(region, start, expected).await?);
    rows.push(judge::leftovers(facts, &start.facts, web, expected));
    if expected.at_the_start() {
        rows.extend(as_at_the_start(region, facts, start).await?);
    }
    Ok(rows)
}

async fn name(region: &Region, facts: &WorldFacts, start: &Start, expected: &ExpectedWorld) -> VerdictRow {
    let account = region.account();
    let at = site::addresses(&account.fqdn).await;
    if !expected.moved() {
        let same = (!expected.validation_record()).then(|| facts.records() == start.facts.records());
        return judge::name_at_home(&at, account.public_ip, same);
    }
    let balancer = facts.list("load_balancers").first().map(|b| text(b, "dns_name").to_owned()).unwrap_or_default();
    judge::name_at_balancer(&at, &site::addresses(&balancer).await)
}

fn cron(region: &Region, facts: &WorldFacts, expected: &ExpectedWorld) -> VerdictRow {
    let site = &region.before().site;
    let ids: Vec<String> = facts.live().iter().map(|i| text(i, "id").to_owned()).collect();
    let files: Vec<(bool, bool)> = ids
        .iter()
        .map(|id| [&site.cron_file, &site.hidden_cron_file].map(|f| files::there(region, id, f)).into())
        .collect();
    judge::cron(&files, expected.cron_is_active())
}

async fn edited(region: &Region, start: &Start, expected: &ExpectedWorld) -> Result<Vec<VerdictRow>, RehearsalError> {
    let (web, site) = (&region.account().instance, &region.before().site);
    let (nginx, config) = (site.nginx_file.as_str(), site.config_file.as_str());
    let mut rows = Vec::new();
    if expected.nginx_is_edited() {
        let hunks = match files::copy_of(region, web, nginx)? {
            Some(copy) => files::hunks(region, web, &copy, nginx).await?,
            None => Vec::new(),
        };
        rows.push(judge::hunks(&hunks));
    } else {
        rows.push(unchanged(region, start, nginx)?);
    }
    if !expected.config_is_edited() {
        rows.push(unchanged(region, start, config)?);
    } else if region.host(web).is_some_and(|host| host.is_up()) {
        let keys = match files::copy_of(region, web, config)? {
            Some(copy) => files::changed_keys(region, web, &copy, config).await?,
            None => Vec::new(),
        };
        rows.push(judge::keys(keys));
    } else {
        // php runs on the server only: with it off, the file's text stands for its meaning.
        rows.push(judge::keys_in_text(&files::text(region, web, config)?));
    }
    Ok(rows)
}

fn unchanged(region: &Region, start: &Start, path: &str) -> Result<VerdictRow, RehearsalError> {
    let now = files::fact(region, &region.account().instance, path)?;
    let differs = start.files.get(path).map_or_else(|| vec!["unknown"], |before| before.differs(&now));
    Ok(judge::unchanged(path, &differs))
}

async fn as_at_the_start(
    region: &Region,
    facts: &WorldFacts,
    start: &Start,
) -> Result<Vec<VerdictRow>, RehearsalError> {
    let (account, web) = (region.account(), &region.account().instance);
    let mut rows = vec![unchanged(region, start, &region.before().site.cron_file)?];
    for (folder, before) in &start.names {
        let now = files::names(region, web, folder)?;
        let more: BTreeSet<&String> = now.symmetric_difference(before).collect();
        let seen = format!("{} differences {more:?}", more.len());
        rows.push(VerdictRow::new(format!("{folder} holds what it held"), more.is_empty(), seen));
    }
    let timer = files::timer(region, web).await;
    rows.push(VerdictRow::new("certbot's timer is as at the start", timer == start.timer, timer));
    rows.extend(judge::account_as_at_the_start(facts, &start.facts, web, account.public_ip));
    let url = format!("https://{}/status.php", account.fqdn);
    rows.push(judge::answers(site::ask(region, &url).await));
    Ok(rows)
}
