//! `rds.set-multi-az`: converts a DB instance to Multi-AZ or back, at once.
//!
//! ModifyDBInstance with ApplyImmediately applies every other pending change too, so others are refused. A conversion
//! that is under way is joined, never sent again.

use super::preview::{request, shown};
use super::rds_state::{Db, Follow, Progress, UNSEEN, describe, last_event, name};
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Advice, Change, Facts, Failure, FailureKind, Finding, Found, RdsSetMultiAz, Text, tell};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Serialize, Deserialize)]
struct Before {
    multi_az: bool,
}

/// What RDS says of a change that asks for nothing new.
const NO_MODIFICATIONS: &str = "No modifications were requested";

/// Looks at a DB that shows nothing under way before an undo believes it: a modification sent a moment ago may not show.
const SETTLED_LOOKS: u32 = 3;

impl RdsSetMultiAz {
    fn id(&self) -> &str {
        self.db.as_str()
    }

    /// What a conversion changes, and what it is judged by: a change of class or engine is another deed than the one previewed.
    fn facts(&self, db: &Db) -> Facts {
        let of = |what: &str| format!("{what} of DB instance `{}`", self.db);
        Facts::from([
            (of("class"), db.class.clone()),
            (of("engine"), format!("{} {}", db.engine, db.version)),
            (of("Multi-AZ"), name(db.multi_az).to_owned()),
        ])
    }

    /// Refuses what would make a conversion go wrong or do more than asked.
    fn check(&self, db: &Db, wanted: bool) -> Result<(), Failure> {
        let id = self.id();
        if !db.others.is_empty() {
            return Err(Failure::refused(format!("DB instance `{id}` has other changes pending"))
                .cause(format!("they would be applied along with this one: {}", db.others.join(", ")))
                .advise(Advice::then_resume("apply or cancel them first")));
        }
        if db.is_stuck() {
            return Err(Failure::refused(format!("DB instance `{id}` cannot be modified")).cause(db.told()));
        }
        if let Some(cluster) = &db.cluster {
            return Err(Failure::refused(format!("`{id}` belongs to the DB cluster `{cluster}`"))
                .cause("an instance of a cluster has no Multi-AZ setting of its own: an Aurora cluster is made highly available by \
                        adding a reader, a Multi-AZ DB cluster is so already"));
        }
        if wanted && db.zones.len() == 1 {
            return Err(Failure::refused(format!("DB instance `{id}` cannot be Multi-AZ"))
                .cause(format!("its subnet group covers {} only", db.zones.iter().cloned().collect::<String>()))
                .advise("add a subnet of another Availability Zone to its subnet group"));
        }
        Ok(())
    }

    /// Sends the change, unless it is so or under way, as soon as the DB can be modified. `settled`: looks that must show
    /// nothing under way first.
    async fn change(&self, cx: &Context<'_>, aws: &Aws, wanted: bool, settled: u32) -> Result<(), Failure> {
        let mut idle = 0;
        wait_until(cx, &format!("DB instance `{}` available", self.id()), async || {
            let db = describe(aws, self.id()).await?;
            self.check(&db, wanted)?;
            if db.pending == Some(wanted) {
                return Ok(Glance::Done(Ok(())));
            }
            idle = if db.is_idle() { idle + 1 } else { 0 };
            if idle < settled {
                return Ok(Glance::NotYet(format!("`{}` is {}", self.id(), db.told())));
            }
            if db.multi_az == wanted {
                return Ok(Glance::Done(Ok(())));
            }
            Ok(match self.send(aws, wanted).await {
                Ok(()) => Glance::Done(Ok(())),
                // A backup that began since, or the end of another change.
                Err(error) if error.is(&["InvalidDBInstanceState", "InvalidDBInstanceStateFault"]) => {
                    idle = 0;
                    Glance::NotYet(format!("RDS does not change `{}` yet: {}", self.id(), error.message))
                }
                Err(error) => Glance::Done(Err(self.refused(&error, wanted))),
            })
        })
        .await?
    }

    async fn send(&self, aws: &Aws, wanted: bool) -> Result<(), AwsError> {
        let asked = aws.write.rds.modify_db_instance().db_instance_identifier(self.id());
        match asked.multi_az(wanted).apply_immediately(true).send().await.map_err(AwsError::from) {
            // So RDS answers when the change is the one that it has taken already: the answer to it was lost, and the change
            // does not show yet (hashicorp/terraform#3724, terraform-provider-aws#4187). The code is used for much else.
            Err(error) if error.is(&["InvalidParameterCombination"]) && error.message.contains(NO_MODIFICATIONS) => {
                Ok(())
            }
            answer => answer.map(drop),
        }
    }

    fn refused(&self, error: &AwsError, wanted: bool) -> Failure {
        let mut failure = error.failure(format!("cannot make DB instance `{}` {}", self.id(), name(wanted)));
        if error.is(&["InsufficientDBInstanceCapacity", "InsufficientDBInstanceCapacityFault"]) {
            failure.kind = FailureKind::NoCapacity;
        } else if error.is(&["DBSubnetGroupDoesNotCoverEnoughAZs", "InvalidVPCNetworkStateFault"]) {
            failure.kind = FailureKind::Refused;
            failure = failure.advise("add a subnet of another Availability Zone to its subnet group");
        }
        failure
    }

    /// Waits until the conversion is complete; a DB that comes back as it was is a failure.
    async fn follow(&self, cx: &Context<'_>, aws: &Aws, wanted: bool) -> Result<String, Failure> {
        let mut follow = Follow::looking(cx.looks(UNSEEN));
        wait_until(cx, &format!("DB instance `{}` {}", self.id(), name(wanted)), async || {
            let db = describe(aws, self.id()).await?;
            if db.is_stuck() {
                return Err(Failure::permanent(format!("DB instance `{}` is in trouble", self.id())).cause(db.told()));
            }
            match follow.look(&db, wanted) {
                Progress::Done(told) => Ok(Glance::Done(format!("`{}` is {told}", self.id()))),
                Progress::CameToNothing => Err(self.came_back(aws, &db).await),
                Progress::Going(told) => {
                    let event = if db.status == "modifying" { last_event(aws, self.id()).await } else { None };
                    let event = event.map(|e| format!(": {e}")).unwrap_or_default();
                    Ok(Glance::NotYet(format!("`{}` is {told}{event}", self.id())))
                }
            }
        })
        .await
    }

    async fn came_back(&self, aws: &Aws, db: &Db) -> Failure {
        let failure = Failure::permanent(format!("DB instance `{}` came back {}", self.id(), name(db.multi_az)));
        let failure = match last_event(aws, self.id()).await {
            Some(event) => failure.cause(format!("the last event RDS tells: {event}")),
            None => failure,
        };
        failure
            .cause("the modification ended without its effect, most often for want of capacity in the other zone")
            .advise(format!("`aws rds describe-events --source-type db-instance --source-identifier {}`", self.id()))
            .advise(Advice::resume("tries again; nothing else depends on it irreversibly"))
    }
}

impl Perform for RdsSetMultiAz {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["rds:DescribeDBInstances"];
    const PERMISSIONS: &'static [&'static str] =
        &["rds:DescribeDBInstances", "rds:DescribeEvents", "rds:ModifyDBInstance"];
    const UNDO_PERMISSIONS: &'static [&'static str] = &["rds:DescribeEvents", "rds:ModifyDBInstance"];

    fn sentence(&self) -> Text {
        tell!("make DB instance `{}` {} at once and wait until nothing is pending", self.db, name(self.multi_az))
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("make DB instance `{}` {} again, if it was", self.db, name(!self.multi_az)))
    }

    fn changes(&self) -> Vec<Change> {
        let with = [
            ("DBInstanceIdentifier", shown(&self.db)),
            ("MultiAZ", json!(self.multi_az).into()),
            ("ApplyImmediately", json!(true).into()),
        ];
        vec![request("rds:ModifyDBInstance", with)]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        let db = describe(&aws, self.id()).await?;
        let wanted = self.multi_az;
        self.check(&db, wanted)?;
        let found = if db.is(wanted) {
            Found::Holds
        } else if db.pending == Some(wanted) || (db.multi_az == wanted && db.pending.is_none()) {
            // In the second case only `available` or a sight of the standby is missing: nothing needs to be sent.
            Found::InProgress
        } else {
            Found::Absent
        };
        let before = json!(Before { multi_az: db.multi_az });
        let evidence = format!("`{}` is {}", self.db, db.told());
        Ok(Finding { before, facts: self.facts(&db), ..Finding::new(found, false, evidence) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        self.change(cx, &*cx.aws().await?, self.multi_az, 1).await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        Ok(Verified::by(self.follow(cx, &*cx.aws().await?, self.multi_az).await?))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let before: Before = cx.before()?;
        if before.multi_az == self.multi_az {
            return Ok(format!("`{}` was {} before: left as it is", self.db, name(self.multi_az)));
        }
        let aws = cx.aws().await?;
        self.change(cx, &aws, before.multi_az, SETTLED_LOOKS).await?;
        Ok(self.follow(cx, &aws, before.multi_az).await?)
    }
}
