//! What is known here of `single-to-ha`: its inputs in the lab, and how the world must look after each of its steps.
//!
//! The only place of the tool that knows the flagship; engine and actions do not.

mod facts;
mod files;
mod rows;
mod site;

pub(super) use facts::{Facts, Start};
pub(super) use rows::{fallen_back, rows};

use super::account::SeededAccount;
use super::error::RehearsalError;
use super::operator::SITE_USER;

/// The number of the last step.
pub(super) const LAST_STEP: usize = 11;

const STEPS: [&str; LAST_STEP] = [
    "stop-cron",
    "edit-nginx",
    "patch-config-php",
    "shut-down",
    "rds-multi-az",
    "clone-server",
    "load-balancer",
    "certificate",
    "redirect",
    "failover-test",
    "restore-cron",
];

/// The number of a step: `step-5`, its id, or `start` (0).
pub(super) fn number(step: &str) -> usize {
    let by_number = step.strip_prefix("step-").and_then(|n| n.parse().ok());
    by_number.or_else(|| STEPS.iter().position(|id| *id == step).map(|at| at + 1)).unwrap_or(0)
}

/// The inputs file of the lab's operator, for `single-to-ha`.
#[must_use]
pub fn inputs(account: &SeededAccount) -> String {
    let subnet = |letter: &str| account.subnets.get(letter).cloned().unwrap_or_default();
    format!(
        "# Inputs of the rehearsal: the lab's own account.\n\
         region: {}\ninstance: {}\ndb_instance: {}\nfqdn: {}\nzone: {}\nclone_subnet: {}\nalb_subnets: [{}, {}]\n\
         site_user: {SITE_USER}\nsite_password: {{ env: NEXTCLOUD_PASSWORD }}\ntags: {{ Owner: rehearsal }}\n",
        account.region,
        account.instance,
        account.db,
        account.fqdn,
        account.zone,
        subnet("b"),
        subnet("a"),
        subnet("b"),
    )
}

/// The inputs of `restart-web-node` for the clone.
pub(super) fn node_inputs(account: &SeededAccount, facts: &Facts) -> Result<String, RehearsalError> {
    let missing = |what: &str| RehearsalError::Unsupported(format!("there is no {what} to restart a node of"));
    let group = facts.target_group().ok_or_else(|| missing("target group"))?;
    let clone = facts.clone_of(&account.instance).ok_or_else(|| missing("second server"))?;
    Ok(format!(
        "region: {}\ntarget_group: {group}\nnode: {clone}\nother_node: {}\nhost_key: console\n\
         service: php8.2-fpm\nurl: https://{}/status.php\n",
        account.region, account.instance, account.fqdn
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_numbers() {
        assert_eq!((number("start"), number("step-5"), number("rds-multi-az"), number("restore-cron")), (0, 5, 5, 11));
    }
}
