//! What is known here of `single-to-ha`: its before-state, its inputs in the lab, how it is played, and how the world must look
//! after each of its steps; and the same of `restart-web-node`, which is rehearsed on what it has made.
//!
//! The only place of the tool that knows the flagship: engine and actions do not, nor does the rest of the lab.

use serde_json::Value;

use crate::rehearsal::emulator::account::SeededAccount;
use crate::rehearsal::region::Region;
use crate::rehearsal::region::before::BeforeState;

/// What there is before `single-to-ha`.
#[must_use]
pub fn before() -> BeforeState {
    serde_saphyr::from_str(include_str!("before.yaml")).expect("a constant that a test reads")
}

/// The inputs file of the lab's operator, for `single-to-ha`.
#[must_use]
pub fn inputs(region: &Region) -> String {
    let account = region.account();
    let subnet = |letter: &str| account.subnets.get(letter).cloned().unwrap_or_default();
    format!(
        "# Inputs of the rehearsal: the lab's own account.\n\
         region: {}\ninstance: {}\ndb_instance: {}\nfqdn: {}\nzone: {}\nclone_subnet: {}\nalb_subnets: [{}, {}]\n\
         site_user: {}\nsite_password: {{ env: NEXTCLOUD_PASSWORD }}\ntags: {{ Owner: rehearsal }}\n",
        account.region,
        account.instance,
        account.db,
        account.fqdn,
        account.zone,
        subnet("b"),
        subnet("a"),
        subnet("b"),
        region.before().site.user,
    )
}

/// What an operator may type in the lab's shell, for `single-to-ha`.
pub(super) fn commands() -> String {
    [
        ("plan single-to-ha --inputs site.yaml", "say what would be done"),
        ("run single-to-ha --inputs site.yaml", "do it; Ctrl-C once: it rests"),
        ("status, resume, rollback --to step-5", "where it stands, go on, go back"),
        ("runs, log", "all runs, the journal of one"),
    ]
    .map(|(words, what)| format!("  runbook {words:<38}  {what}\n"))
    .concat()
}

/// The action that finds no capacity when it is refused.
pub(super) const START_ORIGINAL: &str = "clone-server/start-original";

/// The fault of an EC2 that has no capacity for the smaller type in the original's zone.
pub(super) fn no_capacity(account: &SeededAccount) -> Value {
    serde_json::json!({
        "service": "ec2", "action": "StartInstances", "code": "InsufficientInstanceCapacity",
        "message": "We currently do not have sufficient t3.small capacity in the Availability Zone you requested.",
        "times": 1000, "match": account.instance, "instance_type": crate::rehearsal::judge::expected::SMALL,
    })
}

/// How often EC2 refuses the clone: at a wait of a minute after the first few, more than a quarter of an hour.
pub(super) const NO_ROOM_TIMES: usize = 20;

/// The fault of an EC2 that has no room for the clone for a while.
pub(super) fn no_room() -> Value {
    serde_json::json!({
        "service": "ec2", "action": "RunInstances", "code": "InsufficientInstanceCapacity",
        "message": "We currently do not have sufficient capacity in the Availability Zone you requested.",
        "times": NO_ROOM_TIMES,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_before_state_is_what_the_runbook_takes_for_granted_and_the_emulator_for_itself() {
        let before = before();
        let text = include_str!("../../../runbooks/single-to-ha.yaml");
        let runbook = crate::validate::parse_runbook("single-to-ha.yaml", text).unwrap();
        for (input, is) in [
            ("nginx_file", &before.site.nginx_file),
            ("config_file", &before.site.config_file),
            ("cron_file", &before.site.cron_file),
            ("hidden_cron_file", &before.site.hidden_cron_file),
        ] {
            let found = runbook.inputs.iter().find(|known| *known.name == *input).unwrap();
            assert!(format!("{:?}", found.default).contains(is.as_str()), "{input}: {:?}", found.default);
        }
        // The emulator's own tests have no other account than this one.
        let seed = include_str!("../emulator/seed.py");
        let defaults = seed.split("DEFAULTS = {\n").nth(1).and_then(|rest| rest.split("\n}").next()).unwrap();
        let defaults: Value = serde_json::from_str(&format!("{{{}}}", defaults.trim_end_matches(','))).unwrap();
        assert_eq!(serde_json::to_value(&before.account).unwrap(), defaults);
    }

    #[test]
    fn what_is_known_here_of_the_flagship_is_so() {
        let text = include_str!("../../../runbooks/single-to-ha.yaml");
        let runbook = crate::validate::parse_runbook("single-to-ha.yaml", text).unwrap();
        assert!(runbook.actions().any(|action| action.path.to_string() == START_ORIGINAL));
    }
}
