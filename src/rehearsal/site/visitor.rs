//! A user of the site: asks all the time, and remembers when there was no answer. One follows DNS anew each time; another one keeps
//! the name's address for as long as the record says, as caches do.
//!
//! The lab's servers tell a TTL of a second for every name, so that a switch is seen at once: how long an address may be kept is
//! taken from the account's record as well, and divided by the region's pace. Not handled: caches that keep it for longer.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::access::{Dns, HttpOptions, Settings, http_client, why_unanswered};
use crate::model::{Failure, Pace};
use crate::rehearsal::dns::names::plain;
use crate::rehearsal::emulator::account::Zone;
use crate::rehearsal::emulator::client::EmulatorClient;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::region::Region;
use crate::rehearsal::region::network::REGION_ADDRESS;

/// From one question to the next.
const ROUND: Duration = Duration::from_millis(50);
/// Who has no answer by then has none.
const PATIENCE: Duration = Duration::from_secs(2);
/// What Route 53 answers for an alias of a load balancer.
const ALIAS_TTL: u32 = 60;

/// Whether an address answers well, as a user of the region reaches it.
pub(in crate::rehearsal) async fn answers(region: &Region, url: &str) -> Result<bool, RehearsalError> {
    let client = http_client(&settings(region), &HttpOptions::default()).map_err(unsupported)?;
    let answer = client.get(url).timeout(Duration::from_secs(5)).send().await;
    Ok(answer.is_ok_and(|answer| answer.status().is_success()))
}

/// How a user of the region connects.
pub(super) fn settings(region: &Region) -> Settings {
    Settings {
        ssh_config: None,
        trust: region.environment().get("RUNBOOK_TRUST_CA").map(PathBuf::from),
        poll: Settings::POLL,
        pace: Pace::USUAL,
        work_dir: region.folder().to_owned(),
        kept_dir: region.folder().join("commands"),
    }
}

pub(super) fn unsupported(failure: Failure) -> RehearsalError {
    RehearsalError::Unsupported(failure.message)
}

/// How long the site did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Outage {
    /// Seconds in all.
    pub total_s: f64,
    /// Seconds of the longest time without an answer.
    pub longest_s: f64,
    /// How many times it went away.
    pub times: u32,
    /// Questions that were answered.
    pub answered: u32,
}

/// A visitor at work; ends when dropped.
#[derive(Debug)]
pub(in crate::rehearsal) struct Visitor {
    task: JoinHandle<()>,
    seen: Arc<Mutex<Diary>>,
}

#[derive(Debug, Default)]
struct Diary {
    downtime: Outage,
    gone_since: Option<Instant>,
    told: Vec<String>,
}

impl Visitor {
    /// Begins to ask for an address, following DNS each time.
    pub(in crate::rehearsal) fn start(region: &Region, url: String) -> Result<Self, RehearsalError> {
        let client = http_client(&settings(region), &HttpOptions::default()).map_err(unsupported)?;
        Ok(Self::asking(Asker { url, client, keeping: None }))
    }

    /// Begins to ask for an address, keeping where its name leads for as long as may be.
    pub(in crate::rehearsal) fn start_keeping(region: &Region, url: String) -> Result<Self, RehearsalError> {
        let client = http_client(&settings(region), &HttpOptions::default()).map_err(unsupported)?;
        let keeping = Some(Keeping::of(region, &url)?);
        Ok(Self::asking(Asker { url, client, keeping }))
    }

    fn asking(mut asker: Asker) -> Self {
        let seen = Arc::new(Mutex::new(Diary::default()));
        let writing = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let mut rounds = tokio::time::interval(ROUND);
            rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                rounds.tick().await;
                let answer = asker.ask().await;
                writing.lock().unwrap_or_else(PoisonError::into_inner).note(answer, Instant::now());
            }
        });
        Self { task, seen }
    }

    /// Stops, and tells; also each time that it went away, in words.
    pub(in crate::rehearsal) fn end(self) -> (Outage, Vec<String>) {
        self.task.abort();
        let mut diary = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        diary.back(Instant::now());
        (diary.downtime, std::mem::take(&mut diary.told))
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Who asks, and where.
struct Asker {
    url: String,
    client: reqwest::Client,
    keeping: Option<Keeping>,
}

impl Asker {
    async fn ask(&mut self) -> Result<(), String> {
        if let Some(keeping) = &mut self.keeping
            && let Some(client) = keeping.another_client().await.map_err(|failure| failure.message)?
        {
            self.client = client;
        }
        match self.client.get(&self.url).timeout(PATIENCE).send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(answer.status().to_string()),
            Err(error) => Err(why_unanswered(error)),
        }
    }
}

/// A name's addresses, as a cache has them.
struct Keeping {
    name: String,
    port: u16,
    dns: Dns,
    emulator: EmulatorClient,
    settings: Settings,
    pace: u32,
    addresses: BTreeSet<IpAddr>,
    until: Instant,
}

impl Keeping {
    fn of(region: &Region, url: &str) -> Result<Self, RehearsalError> {
        let url =
            Url::parse(url).map_err(|error| RehearsalError::Unsupported(format!("`{url}` is no URL: {error}")))?;
        let pace = region.environment().get("RUNBOOK_PACE").and_then(|pace| pace.parse().ok()).unwrap_or(1);
        Ok(Self {
            name: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default().unwrap_or(443),
            dns: Dns::asking(Some(SocketAddr::from((REGION_ADDRESS, 53)))),
            emulator: region.emulator().clone(),
            settings: settings(region),
            pace,
            addresses: BTreeSet::new(),
            until: Instant::now(),
        })
    }

    /// A client for where the name leads now, when that is no longer kept and leads elsewhere.
    async fn another_client(&mut self) -> Result<Option<reqwest::Client>, Failure> {
        if Instant::now() < self.until {
            return Ok(None);
        }
        let asked = Instant::now();
        let addresses = self.dns.addresses(&self.name).await?;
        let told = self.dns.ttl(&self.name).await?.unwrap_or_default();
        let zones = self.emulator.state().await.map(|state| state.zones).unwrap_or_default();
        let ttl = told.max(ttl_of(&zones, &self.name).unwrap_or_default());
        self.until = asked + Duration::from_secs(u64::from(ttl)) / self.pace.max(1);
        if addresses == self.addresses {
            return Ok(None);
        }
        let there = addresses.iter().map(|address| SocketAddr::from((*address, self.port))).collect();
        self.addresses = addresses;
        let options = HttpOptions { resolve: Some((self.name.clone(), there)), ..HttpOptions::default() };
        http_client(&self.settings, &options).map(Some)
    }
}

/// For how long caches may keep a name's address, as its record says.
fn ttl_of(zones: &[Zone], name: &str) -> Option<u32> {
    let records = zones.iter().filter(|zone| !zone.private).flat_map(|zone| &zone.records);
    let there = records.filter(|record| plain(&record.name) == plain(name) && matches!(&*record.kind, "A" | "CNAME"));
    there.map(|record| if record.alias.is_some() { ALIAS_TTL } else { record.ttl.unwrap_or_default() }).max()
}

impl Diary {
    fn note(&mut self, answer: Result<(), String>, now: Instant) {
        match answer {
            Ok(()) => {
                self.downtime.answered += 1;
                self.back(now);
            }
            Err(why) if self.gone_since.is_none() => {
                self.gone_since = Some(now);
                self.downtime.times += 1;
                self.told.push(format!("{}: {why}", Timestamp::now().strftime("%H:%M:%S%.3f")));
            }
            Err(_) => {}
        }
    }

    fn back(&mut self, now: Instant) {
        if let Some(since) = self.gone_since.take() {
            let gone = (now - since).as_secs_f64();
            self.downtime.total_s += gone;
            self.downtime.longest_s = self.downtime.longest_s.max(gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_without_an_answer_is_added_up() {
        let (mut diary, start) = (Diary::default(), Instant::now());
        for (at, good) in [(0, true), (1, false), (3, false), (5, true), (6, false), (7, true)] {
            let answer = if good { Ok(()) } else { Err(format!("502 at {at}")) };
            diary.note(answer, start + Duration::from_secs(at));
        }
        assert_eq!(diary.downtime, Outage { total_s: 5.0, longest_s: 4.0, times: 2, answered: 3 });
        assert!(diary.told[0].ends_with(": 502 at 1") && diary.told[1].ends_with(": 502 at 6"), "{:?}", diary.told);
    }

    #[test]
    fn an_address_is_kept_for_as_long_as_its_record_says() {
        let zones = serde_json::json!([{ "id": "Z1", "name": "b.example.", "records": [
            { "name": "A.b.example.", "type": "A", "ttl": 30, "values": ["192.0.2.1"] },
            { "name": "b.example.", "type": "A", "alias": { "dns_name": "site-1.elb.example." } },
            { "name": "b.example.", "type": "MX", "ttl": 900, "values": ["10 a.b.example."] },
        ]}]);
        let zones: Vec<Zone> = serde_json::from_value(zones).unwrap();
        assert_eq!(ttl_of(&zones, "a.b.example"), Some(30));
        assert_eq!(ttl_of(&zones, "b.example"), Some(ALIAS_TTL));
        assert_eq!(ttl_of(&zones, "c.b.example"), None);
    }
}
