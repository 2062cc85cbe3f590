//! What is known here of `restart-web-node`: which node, and how the world must look afterwards.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::rehearsal::emulator::account::SeededAccount;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::judge::facts::WorldFacts;
use crate::rehearsal::judge::files::inside;
use crate::rehearsal::region::Region;
use crate::rehearsal::scenario::VerdictRow;
use crate::rehearsal::site::visitor::Outage;

/// The service that is restarted.
const SERVICE: &str = "php8.2-fpm";

/// The nodes before one was restarted.
pub(in crate::rehearsal) struct NodeBefore {
    target_group: String,
    /// The one that is restarted: the flagship's clone.
    node: String,
    other: String,
    /// The service's main process, by node.
    processes: BTreeMap<String, String>,
}

impl NodeBefore {
    /// Looks; makes the operator know the nodes.
    pub(in crate::rehearsal) async fn look(region: &Region, facts: &WorldFacts) -> Result<Self, RehearsalError> {
        let missing = |what: &str| RehearsalError::Unsupported(format!("there is no {what} to restart a node of"));
        let other = region.account().instance.clone();
        let node = facts.clone_of(&other).ok_or_else(|| missing("second server"))?;
        for (id, address) in facts.public_addresses() {
            region.introduce(&id, address)?;
        }
        let processes = processes(region, [&node, &other]).await;
        let target_group = facts.target_group().ok_or_else(|| missing("target group"))?;
        Ok(Self { target_group, node, other, processes })
    }

    /// The inputs file of the lab's operator.
    pub(in crate::rehearsal) fn inputs(&self, account: &SeededAccount) -> String {
        format!(
            "region: {}\ntarget_group: {}\nnode: {}\nother_node: {}\nhost_key: console\nservice: {SERVICE}\n\
             url: https://{}/status.php\n",
            account.region, self.target_group, self.node, self.other, account.fqdn
        )
    }

    /// What must be so afterwards, beside what the flagship asks for.
    pub(in crate::rehearsal) async fn rows(
        &self,
        region: &Region,
        downtime: Outage,
    ) -> Result<Vec<VerdictRow>, RehearsalError> {
        let now = processes(region, [&self.node, &self.other]).await;
        let facts = WorldFacts::look(region).await?;
        Ok(vec![
            restarted(&self.processes, &now, &self.node, &self.other),
            answered_all_the_time(downtime),
            VerdictRow::new(
                "the node bears no mark of the run",
                facts.claim(&self.node).is_none(),
                mark(&facts, &self.node),
            ),
        ])
    }
}

fn mark(facts: &WorldFacts, node: &str) -> String {
    facts.claim(node).unwrap_or("none").to_owned()
}

fn restarted(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>, node: &str, other: &str) -> VerdictRow {
    let told = |id: &str| {
        let of = |all: &BTreeMap<String, String>| all.get(id).cloned().unwrap_or_default();
        (of(before), of(now))
    };
    let ((node_before, node_now), (other_before, other_now)) = (told(node), told(other));
    let runs = |process: &str| process.parse::<u32>().is_ok_and(|pid| pid > 0);
    let ok = runs(&node_now) && node_before != node_now && runs(&other_now) && other_before == other_now;
    let seen = format!("main process {node_before} -> {node_now}; on the other node {other_before} -> {other_now}");
    VerdictRow::new(format!("{SERVICE} was restarted on the node and only there"), ok, seen)
}

fn answered_all_the_time(downtime: Outage) -> VerdictRow {
    let seen = format!("{} answers, {} times none", downtime.answered, downtime.times);
    VerdictRow::new("the site answered all the time", downtime.times == 0 && downtime.answered > 0, seen)
}

/// Whether two steps were at work at the same time: a record of one stands between two of the other.
pub(in crate::rehearsal) fn overlap(log: &Value, one: &str, other: &str) -> VerdictRow {
    let numbers = |step: &str| -> Vec<u64> {
        let of_step = |record: &&Value| {
            let action = record.get("action").and_then(Value::as_str).unwrap_or_default();
            action.split_once('/').is_some_and(|(its, _)| its == step)
        };
        let records = log.as_array().map(Vec::as_slice).unwrap_or_default();
        records.iter().filter(of_step).filter_map(|record| record.get("seq")?.as_u64()).collect()
    };
    let (ones, others) = (numbers(one), numbers(other));
    let between = |inner: &[u64], outer: &[u64]| {
        let (first, last) = (outer.first().copied().unwrap_or(0), outer.last().copied().unwrap_or(0));
        inner.iter().any(|n| (first..last).contains(n))
    };
    let seen = format!("records {ones:?} and {others:?}");
    VerdictRow::new(
        format!("`{one}` and `{other}` ran at the same time"),
        between(&ones, &others) || between(&others, &ones),
        seen,
    )
}

async fn processes(region: &Region, nodes: [&String; 2]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for node in nodes {
        let show = ["systemctl", "show", "--property=MainPID", "--value", SERVICE];
        found.insert(node.clone(), inside(region, node, &show).await.trim().to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn log(steps: &[&str]) -> Value {
        let record = |(at, step): (usize, &&str)| json!({ "seq": at + 1, "action": format!("{step}/x") });
        steps.iter().enumerate().map(record).collect()
    }

    #[test]
    fn one_after_the_other_is_no_overlap() {
        assert!(overlap(&log(&["a", "b", "a", "b"]), "a", "b").ok);
        assert!(overlap(&log(&["b", "a", "b"]), "a", "b").ok);
        assert!(!overlap(&log(&["a", "a", "b", "b"]), "a", "b").ok);
        assert!(!overlap(&log(&["b", "a"]), "a", "b").ok);
        assert!(!overlap(&log(&["a", "a"]), "a", "b").ok);
        assert!(!overlap(&json!([]), "a", "b").ok);
    }

    #[test]
    fn a_restart_is_a_new_process_on_one_node_only() {
        let nodes = |node: &str, other: &str| {
            BTreeMap::from([("i-2".to_owned(), node.to_owned()), ("i-1".to_owned(), other.to_owned())])
        };
        let ok = |now: &BTreeMap<String, String>| restarted(&nodes("70", "71"), now, "i-2", "i-1").ok;
        assert!(ok(&nodes("90", "71")));
        assert!(!ok(&nodes("70", "71")), "not restarted");
        assert!(!ok(&nodes("90", "91")), "both restarted");
        assert!(!ok(&nodes("0", "71")) && !ok(&nodes("", "71")), "not running");
        assert!(!ok(&nodes("90", "")), "the other is off");
    }

    #[test]
    fn a_site_that_went_away_or_was_never_asked_is_seen() {
        let seen = |answered, times| answered_all_the_time(Outage { answered, times, ..Outage::default() }).ok;
        assert!(seen(9, 0));
        assert!(!seen(9, 1));
        assert!(!seen(0, 0));
    }
}
