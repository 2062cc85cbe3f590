//! What RDS says of a DB instance and of its conversion between single-AZ and Multi-AZ.
//!
//! After ModifyDBInstance the status stays `available` for tens of seconds with the change only under the pending values,
//! so "available" alone is never "done"; and it can come back `available` without the change, when there was no capacity
//! for the standby.

use crate::access::{Aws, AwsError, code_of};
use crate::model::Failure;
use aws_sdk_rds::types::{DbInstance, PendingModifiedValues, SourceType};
use std::collections::BTreeSet;

/// Looks at a DB that is `available`, unchanged and with nothing pending before that counts as "it did not happen": verify
/// may begin before RDS shows the change, or after it has come to nothing.
pub(super) const IDLE_LOOKS: u32 = 20;

/// Statuses from which a DB does not become `available` by itself.
const STUCK: &[&str] = &[
    "deleting",
    "failed",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
    "insufficient-capacity",
    "restore-error",
    "stopped",
    "stopping",
    "storage-full",
];

/// The part of a DB instance's description that decides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Db {
    /// `available`, `modifying`, ...
    pub(super) status: String,
    /// Whether it is Multi-AZ now.
    pub(super) multi_az: bool,
    /// Where the standby is.
    pub(super) standby: Option<String>,
    /// A change of Multi-AZ that is pending or under way.
    pub(super) pending: Option<bool>,
    /// Other changes that are pending, by name; values may be secret.
    pub(super) others: Vec<&'static str>,
    /// The zones of its subnet group; empty where there is none.
    pub(super) zones: BTreeSet<String>,
    /// Its engine.
    pub(super) engine: String,
    /// Its engine's version.
    pub(super) version: String,
    /// Its class, e.g. `db.t3.small`.
    pub(super) class: String,
}

/// How a conversion stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Progress {
    /// It is as wanted, with nothing pending.
    Done,
    /// It goes on.
    Going(String),
    /// It is over, and it is not as wanted.
    CameToNothing,
}

/// Follows a conversion over several looks.
#[derive(Debug, Default)]
pub(super) struct Follow {
    seen_modifying: bool,
    idle: u32,
}

impl Follow {
    /// What one more look tells.
    pub(super) fn look(&mut self, db: &Db, wanted: bool) -> Progress {
        if db.is(wanted) {
            return Progress::Done;
        }
        let going = db.status != "available" || db.pending.is_some() || db.multi_az == wanted;
        if going {
            self.seen_modifying |= db.status == "modifying";
            self.idle = 0;
            return Progress::Going(db.told());
        }
        self.idle += 1;
        match self.seen_modifying || self.idle >= IDLE_LOOKS {
            true => Progress::CameToNothing,
            false => Progress::Going(db.told()),
        }
    }
}

impl Db {
    /// Whether it is completely so: available, the value, nothing pending, and a standby where there is to be one.
    pub(super) fn is(&self, multi_az: bool) -> bool {
        self.status == "available"
            && self.pending.is_none()
            && self.multi_az == multi_az
            && (!multi_az || self.standby.is_some())
    }

    /// Whether it waits for nothing and can be modified.
    pub(super) fn is_idle(&self) -> bool {
        self.status == "available" && self.pending.is_none()
    }

    /// Whether it does not become `available` without a person.
    pub(super) fn is_stuck(&self) -> bool {
        STUCK.contains(&self.status.as_str()) || self.status.starts_with("incompatible-")
    }

    /// "`available`, single-AZ, change to Multi-AZ pending".
    pub(super) fn told(&self) -> String {
        let standby = self.standby.as_ref().map(|zone| format!(" (standby in {zone})")).unwrap_or_default();
        let pending = self.pending.map(|to| format!(", change to {} pending", name(to))).unwrap_or_default();
        format!("`{}`, {}{standby}{pending}", self.status, name(self.multi_az))
    }

    fn from_rds(db: &DbInstance) -> Self {
        let pending = db.pending_modified_values();
        let subnets = db.db_subnet_group().map(|g| g.subnets()).unwrap_or_default();
        let zones = subnets.iter().filter_map(|s| s.subnet_availability_zone()?.name());
        Self {
            status: db.db_instance_status().unwrap_or("unknown").to_owned(),
            multi_az: db.multi_az().unwrap_or(false),
            standby: db.secondary_availability_zone().map(str::to_owned),
            pending: pending.and_then(|p| p.multi_az()),
            others: pending.map(other_changes).unwrap_or_default(),
            zones: zones.map(str::to_owned).collect(),
            engine: db.engine().unwrap_or_default().to_owned(),
            version: db.engine_version().unwrap_or("of unknown version").to_owned(),
            class: db.db_instance_class().unwrap_or("unknown").to_owned(),
        }
    }
}

/// "Multi-AZ" or "single-AZ".
pub(super) fn name(multi_az: bool) -> &'static str {
    if multi_az { "Multi-AZ" } else { "single-AZ" }
}

/// The names of pending changes other than Multi-AZ. A modification with ApplyImmediately would apply them too.
fn other_changes(pending: &PendingModifiedValues) -> Vec<&'static str> {
    let all = [
        ("additional storage volumes", !pending.additional_storage_volumes().is_empty()),
        ("allocated storage", pending.allocated_storage().is_some()),
        ("automation mode", pending.automation_mode().is_some()),
        ("backup retention period", pending.backup_retention_period().is_some()),
        ("CA certificate", pending.ca_certificate_identifier().is_some()),
        ("capacity reservation", pending.db_capacity_reservation_identifier().is_some()),
        ("instance class", pending.db_instance_class().is_some()),
        ("instance identifier", pending.db_instance_identifier().is_some()),
        ("subnet group", pending.db_subnet_group_name().is_some()),
        ("dedicated log volume", pending.dedicated_log_volume().is_some()),
        ("engine", pending.engine().is_some()),
        ("engine version", pending.engine_version().is_some()),
        ("IAM authentication", pending.iam_database_authentication_enabled().is_some()),
        ("IOPS", pending.iops().is_some()),
        ("license model", pending.license_model().is_some()),
        ("master user password", pending.master_user_password().is_some()),
        ("multi-tenant", pending.multi_tenant().is_some()),
        ("log exports", pending.pending_cloudwatch_logs_exports().is_some()),
        ("port", pending.port().is_some()),
        ("processor features", !pending.processor_features().is_empty()),
        ("storage throughput", pending.storage_throughput().is_some()),
        ("storage type", pending.storage_type().is_some()),
    ];
    all.into_iter().filter(|(_, set)| *set).map(|(name, _)| name).collect()
}

/// What decides of the DB instance.
///
/// # Errors
/// Refused when RDS does not know it.
pub(super) async fn describe(aws: &Aws, id: &str) -> Result<Db, Failure> {
    db_instance(aws, id).await.map(|db| Db::from_rds(&db))
}

/// The host name of the DB instance.
///
/// # Errors
/// Refused when RDS does not know it, or it has none yet.
pub(in crate::action) async fn endpoint(aws: &Aws, id: &str) -> Result<String, Failure> {
    let db = db_instance(aws, id).await?;
    let address = db.endpoint().and_then(|e| e.address()).map(str::to_owned);
    address.ok_or_else(|| Failure::refused(format!("DB instance `{id}` has no endpoint yet")))
}

/// The DB instance as RDS describes it.
///
/// # Errors
/// Refused when RDS does not know it.
pub(in crate::action) async fn db_instance(aws: &Aws, id: &str) -> Result<DbInstance, Failure> {
    let refused = || {
        Failure::refused(format!("there is no DB instance `{id}` in {}", aws.region))
            .advise("check the identifier, the region and whose credentials these are (`aws sts get-caller-identity`)")
    };
    match aws.read.rds.describe_db_instances().db_instance_identifier(id).send().await {
        Ok(answer) => answer.db_instances.unwrap_or_default().into_iter().next().ok_or_else(refused),
        Err(e) if matches!(code_of(&e), Some("DBInstanceNotFound" | "DBInstanceNotFoundFault")) => Err(refused()),
        Err(e) => Err(AwsError::from(e).failure(format!("cannot look at DB instance `{id}`"))),
    }
}

/// The last thing RDS said about the DB, for the operator. Best effort: progress may be lost.
pub(super) async fn last_event(aws: &Aws, id: &str) -> Option<String> {
    let asked = aws.read.rds.describe_events().source_type(SourceType::DbInstance).source_identifier(id).duration(180);
    let answer = asked.send().await.ok()?;
    let last = answer.events().iter().max_by_key(|e| e.date().map(|d| d.secs()))?;
    last.message().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db(status: &str, multi_az: bool, pending: Option<bool>) -> Db {
        let standby = multi_az.then(|| "us-east-1b".to_owned());
        Db { status: status.into(), multi_az, pending, standby, ..Db::default() }
    }

    #[test]
    fn available_alone_is_not_done() {
        let mut follow = Follow::default();
        for going in [db("available", false, Some(true)), db("modifying", false, Some(true))] {
            assert!(matches!(follow.look(&going, true), Progress::Going(_)), "{going:?}");
        }
        let half = Db { standby: None, ..db("available", true, None) };
        assert!(matches!(follow.look(&half, true), Progress::Going(_)));
        assert_eq!(follow.look(&db("available", true, None), true), Progress::Done);
    }

    #[test]
    fn coming_back_unchanged_is_a_failure() {
        let mut follow = Follow::default();
        let _ = follow.look(&db("modifying", false, Some(true)), true);
        assert_eq!(follow.look(&db("available", false, None), true), Progress::CameToNothing);
    }

    #[test]
    fn a_late_look_that_sees_nothing_is_patient_for_a_while() {
        let mut follow = Follow::default();
        let idle = db("available", false, None);
        for _ in 1..IDLE_LOOKS {
            assert!(matches!(follow.look(&idle, true), Progress::Going(_)));
        }
        assert_eq!(follow.look(&idle, true), Progress::CameToNothing);
    }

    #[test]
    fn other_pending_changes_are_named_without_their_values() {
        let pending = PendingModifiedValues::builder().multi_az(true).port(3307).master_user_password("****").build();
        assert_eq!(other_changes(&pending), ["master user password", "port"]);
    }
}
