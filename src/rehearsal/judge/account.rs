//! The account: whether it is as it was, and whether what is new in it is what the run has made.
//!
//! It is read from the emulator's own picture of it, not through AWS's API. Left out is what changes by itself or may rightly differ
//! after a way back: terminated instances, why an instance changed its state, addresses that are no Elastic IPs, which zone of a
//! database serves and how often it was started, how often a target was registered.

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::region::Region;
use crate::rehearsal::scenario::VerdictRow;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Members that say nothing of whether something is as it was.
const PASSING: &[&str] = &["version", "troubles", "state_reason", "address", "boots", "registration"];

/// What ids of things that actions make begin with.
const IDS: &[&str] = &["i-", "ami-", "sg-", "arn:aws:elasticloadbalancing:", "arn:aws:acm:", "arn:aws:rds:"];

/// A picture of the account: each thing by its kind and id.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::rehearsal) struct AccountPicture(BTreeMap<(String, String), Value>);

impl AccountPicture {
    /// Looks.
    pub(in crate::rehearsal) async fn take(region: &Region) -> Result<Self, RehearsalError> {
        Ok(Self::of(&region.emulator().call("GET", "/plus/state", None).await?))
    }

    fn of(document: &Value) -> Self {
        let mut things = BTreeMap::new();
        for (kind, all) in document.as_object().into_iter().flatten() {
            for thing in all.as_array().into_iter().flatten() {
                if matches!(text(thing, "state"), "terminated" | "shutting-down") || !thing.is_object() {
                    continue;
                }
                let mut thing = settled(thing);
                if kind == "instances"
                    && let Some(fields) = thing.as_object_mut()
                {
                    fields.remove("public_ip");
                }
                things.insert((kind.clone(), id_of(&thing)), thing);
            }
        }
        Self(things)
    }

    /// One row: whether all is as it was.
    pub(in crate::rehearsal) fn as_it_was(&self, now: &Self) -> VerdictRow {
        let mut differs = Vec::new();
        for (key, was) in &self.0 {
            match now.0.get(key) {
                None => differs.push(format!("- {} {}", key.0, key.1)),
                Some(is) => differences(&format!("{} {}", key.0, key.1), was, is, &mut differs),
            }
        }
        differs.extend(now.0.keys().filter(|key| !self.0.contains_key(key)).map(|(kind, id)| format!("+ {kind} {id}")));
        let seen = if differs.is_empty() { format!("{} resources", self.0.len()) } else { differs.join("; ") };
        VerdictRow::new("the account is as at the start", differs.is_empty(), seen)
    }

    /// One row: whether what is new is what actions say that they have made, and all that is there still. `outputs` are those of
    /// the actions that are done.
    pub(in crate::rehearsal) fn made(&self, now: &Self, outputs: &[Value]) -> VerdictRow {
        let mut said = BTreeSet::new();
        outputs.iter().for_each(|output| texts(output, &mut said));
        let new: Vec<&(String, String)> = now.0.keys().filter(|key| !self.0.contains_key(key)).collect();
        let mut wrong: Vec<String> = new
            .iter()
            .filter(|key| !said.contains(key.1.as_str()) && !now.belongs(key))
            .map(|(kind, id)| format!("+ {kind} {id}, which no action says that it has made"))
            .collect();
        wrong.extend(self.0.keys().filter(|key| !now.0.contains_key(key)).map(|(kind, id)| format!("- {kind} {id}")));
        let mut there = BTreeSet::new();
        now.0.values().for_each(|thing| texts(thing, &mut there));
        let is_id = |text: &&&str| IDS.iter().any(|start| text.starts_with(start));
        let mut locks = BTreeSet::new();
        outputs.iter().filter_map(|output| output.get("lock")).for_each(|lock| texts(lock, &mut locks));
        // A claim's lock goes when the claim is given back, which is an action of its own.
        let lost = said.iter().filter(is_id).filter(|id| !there.contains(**id) && !locks.contains(**id));
        wrong.extend(lost.map(|id| format!("{id}, which an action says that it has made, is not there")));
        let seen = if wrong.is_empty() { format!("{} new", new.len()) } else { wrong.join("; ") };
        VerdictRow::new("exactly one of everything made, none of what was undone", wrong.is_empty(), seen)
    }

    /// Whether something comes with something else: an image's snapshots; the lock of a claim, which is named by what it locks.
    fn belongs(&self, (kind, id): &(String, String)) -> bool {
        match kind.as_str() {
            "snapshots" => self.0.iter().any(|((kind, _), image)| {
                let of_image = image.get("snapshot_ids").and_then(Value::as_array);
                kind == "images" && of_image.is_some_and(|all| all.iter().any(|it| it == id.as_str()))
            }),
            "security_groups" => {
                let name = self.0.get(&(kind.clone(), id.clone())).map(|group| text(group, "name")).unwrap_or_default();
                let locks =
                    name.strip_prefix("runbook-claim-").map(|instance| ("instances".to_owned(), instance.to_owned()));
                locks.is_some_and(|key| {
                    self.0
                        .get(&key)
                        .and_then(|it| it.get("tags"))
                        .is_some_and(|tags| tags.get("runbook:claim").is_some())
                })
            }
            _ => false,
        }
    }
}

/// What tells one thing of its kind from the others.
fn id_of(thing: &Value) -> String {
    let names = ["id", "arn", "allocation_id", "name"];
    let id = names.iter().find_map(|name| thing.get(*name).and_then(Value::as_str)).unwrap_or_default();
    // A record set is told by its type, too.
    [id, text(thing, "type"), text(thing, "set_identifier")]
        .into_iter()
        .enumerate()
        .filter(|(at, part)| *at == 0 || (!part.is_empty() && thing.get("ttl").is_some()))
        .map(|(_, part)| part)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The same without what passes, and with lists of things as mappings by their ids.
fn settled(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !PASSING.contains(&name.as_str()));
            Value::Object(kept.map(|(name, it)| (name.clone(), settled(it))).collect())
        }
        Value::Array(items) if items.iter().all(Value::is_object) => Value::Object(
            items
                .iter()
                .map(|it| {
                    let it = settled(it);
                    let id = id_of(&it);
                    (if id.is_empty() { it.to_string() } else { id }, it)
                })
                .collect(),
        ),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(settled).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        other => other.clone(),
    }
}

fn differences(place: &str, was: &Value, is: &Value, into: &mut Vec<String>) {
    match (was, is) {
        (Value::Object(before), Value::Object(after)) => {
            for name in before.keys().chain(after.keys().filter(|name| !before.contains_key(*name))) {
                let (was, is) = (before.get(name).unwrap_or(&Value::Null), after.get(name).unwrap_or(&Value::Null));
                differences(&format!("{place} {name}"), was, is, into);
            }
        }
        (was, is) if was == is => (),
        (was, is) => into.push(format!("{place}: {was} -> {is}")),
    }
}

/// All texts in a value, names of fields apart.
fn texts<'v>(value: &'v Value, into: &mut BTreeSet<&'v str>) {
    match value {
        Value::String(text) => {
            into.insert(text);
        }
        Value::Array(items) => items.iter().for_each(|it| texts(it, into)),
        Value::Object(fields) => fields.values().for_each(|it| texts(it, into)),
        _ => (),
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn start() -> Value {
        json!({
            "version": 3,
            "instances": [{ "id": "i-1", "state": "running", "type": "t3.medium", "public_ip": "198.51.100.1", "tags": { "Name": "web" } }],
            "images": [], "snapshots": [],
            "security_groups": [{ "id": "sg-1", "name": "web", "ingress": [{ "protocol": "tcp", "from": 22 }] }],
            "zones": [{ "id": "Z1", "records": [
                { "name": "a.example.", "type": "A", "ttl": 60, "values": ["198.51.100.1"] },
                { "name": "a.example.", "type": "AAAA", "ttl": 60, "values": ["2001:db8::1"] }
            ] }],
            "target_groups": [{ "arn": "arn:aws:elasticloadbalancing:tg", "targets": [{ "id": "i-1", "registration": 1 }] }],
        })
    }

    /// The account with one thing in it made another.
    fn with(change: impl FnOnce(&mut Value)) -> AccountPicture {
        let mut document = start();
        change(&mut document);
        AccountPicture::of(&document)
    }

    #[test]
    fn each_difference_to_the_start_is_seen_and_told() {
        let same = |now: &AccountPicture| AccountPicture::of(&start()).as_it_was(now);
        assert!(same(&with(|_| ())).ok);
        for (change, told) in [
            (("/instances/0/type", json!("t3.small")), "instances i-1 type: \"t3.medium\" -> \"t3.small\""),
            (("/instances/0/state", json!("stopped")), "state"),
            (("/instances/0/tags", json!({ "Name": "web", "runbook:claim": "r1" })), "runbook:claim"),
            (("/security_groups/0/ingress", json!([])), "ingress"),
            (("/zones/0/records/0/values", json!(["198.51.100.2"])), "a.example. A values"),
            (("/zones/0/records", json!([])), "records"),
            (("/images", json!([{ "id": "ami-1" }])), "+ images ami-1"),
            (("/instances", json!([])), "- instances i-1"),
            (("/target_groups/0/targets", json!([])), "targets"),
        ] {
            let row = same(&with(|document| *document.pointer_mut(change.0).unwrap() = change.1.clone()));
            assert!(!row.ok && row.seen.contains(told), "{change:?}: {row:?}");
        }
        for passes in [
            ("/instances/0/public_ip", json!("203.0.113.1")),
            ("/target_groups/0/targets/0/registration", json!(2)),
            ("/version", json!(9)),
        ] {
            assert!(
                same(&with(|document| *document.pointer_mut(passes.0).unwrap() = passes.1.clone())).ok,
                "{passes:?}"
            );
        }
        let gone = with(|document| {
            let instances = document["instances"].as_array_mut().unwrap();
            instances.push(json!({ "id": "i-2", "state": "terminated" }));
        });
        assert!(same(&gone).ok, "what is terminated is gone");
    }

    #[test]
    fn what_is_new_is_what_actions_have_made_and_is_there_once() {
        let made = |now: &AccountPicture, outputs: Value| AccountPicture::of(&start()).made(now, &[outputs]);
        let image = |document: &mut Value| {
            document["images"] = json!([{ "id": "ami-1", "snapshot_ids": ["snap-1"] }]);
            document["snapshots"] = json!([{ "id": "snap-1" }]);
        };
        assert!(made(&with(image), json!({ "image": "ami-1" })).ok);
        assert!(!made(&with(image), json!({})).ok, "made, and nobody says so");
        assert!(!made(&with(|_| ()), json!({ "image": "ami-1" })).ok, "said to be made, and not there");
        let twice = with(|document| {
            image(document);
            document["images"].as_array_mut().unwrap().push(json!({ "id": "ami-2", "snapshot_ids": [] }));
        });
        assert!(!made(&twice, json!({ "image": "ami-1" })).ok, "made twice");
        let lock = |claimed: bool| {
            with(|document| {
                let group = json!({ "id": "sg-2", "name": "runbook-claim-i-1", "ingress": [] });
                document["security_groups"].as_array_mut().unwrap().push(group);
                if claimed {
                    document["instances"][0]["tags"]["runbook:claim"] = json!("r1");
                }
            })
        };
        assert!(made(&with(|_| ()), json!({ "lock": "sg-2" })).ok, "it was given back");
        assert!(made(&lock(true), json!({})).ok && !made(&lock(false), json!({})).ok, "a lock goes with its claim");
        assert!(!made(&with(|document| document["instances"] = json!([])), json!({})).ok, "something is gone");
    }
}
