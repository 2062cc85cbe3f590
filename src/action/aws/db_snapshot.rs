//! `rds.snapshot`: a manual snapshot of a DB instance, waited for until it is available.
//!
//! CreateDBSnapshot has no client token. The identifier, of which RDS lets an account have one in a region, and our tag tell our own
//! work: what bears the identifier and not our tag is somebody's, and refused with whose it is.
//!
//! A snapshot can be deleted when RDS has made it, and not while it is being made: an undo waits for that first, then until it is gone.
//! Not handled: clusters, whose snapshots are others; copies in other regions.

use super::answers::said;
use super::patience::LATE;
use super::preview::{fact, request, shown, words};
use super::rds_state::{Db, describe};
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, RUN_TAG, Stop, Verified, wait_until};
use crate::model::{Advice, Change, Failure, FailureKind, Finding, Found, RdsSnapshot, Text, Values, tell};
use aws_sdk_rds::types::{DbSnapshot, Tag};
use serde_json::json;

/// What RDS says when there is no snapshot of an identifier.
const NOT_FOUND: &[&str] = &["DBSnapshotNotFound", "DBSnapshotNotFoundFault"];

/// What decides of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shot {
    id: String,
    arn: String,
    status: String,
    /// The DB instance that it is of.
    of: String,
    percent: Option<i32>,
    /// The run that made it; nothing where no run did.
    run: Option<String>,
    /// Whether it shows any tag at all: those that it was made with may come later.
    tagged: bool,
}

impl Shot {
    fn from_rds(shot: &DbSnapshot) -> Result<Self, Failure> {
        let id = said(shot.db_snapshot_identifier(), "the identifier of a DB snapshot")?.to_owned();
        let of = |what: &str| format!("the {what} of DB snapshot `{id}`");
        let value = |key: &str| shot.tag_list().iter().find(|tag| tag.key() == Some(key)).and_then(Tag::value);
        Ok(Self {
            arn: said(shot.db_snapshot_arn(), of("ARN"))?.to_owned(),
            status: said(shot.status(), of("status"))?.to_owned(),
            of: said(shot.db_instance_identifier(), of("DB instance"))?.to_owned(),
            percent: shot.percent_progress(),
            run: value(RUN_TAG).map(str::to_owned),
            tagged: !shot.tag_list().is_empty(),
            id,
        })
    }

    /// "DB snapshot `before-move` of `shop` is `creating` (40 %)".
    fn told(&self) -> String {
        let done = self.percent.filter(|_| self.status == "creating").map(|p| format!(" ({p} %)")).unwrap_or_default();
        format!("DB snapshot `{}` of `{}` is `{}`{done}", self.id, self.of, self.status)
    }

    fn outputs(&self) -> Values {
        Values::from([("snapshot".into(), json!(self.id)), ("arn".into(), json!(self.arn))])
    }
}

async fn find(aws: &Aws, id: &str) -> Result<Option<Shot>, Failure> {
    let asked = aws.read.rds.describe_db_snapshots().db_snapshot_identifier(id).send().await.map_err(AwsError::from);
    match asked {
        Ok(answer) => answer.db_snapshots().first().map(Shot::from_rds).transpose(),
        Err(error) if error.is(NOT_FOUND) => Ok(None),
        Err(error) => Err(error.failure(format!("cannot look for DB snapshot `{id}`"))),
    }
}

/// Whether a snapshot can be made of it now.
fn is_ready(db: &Db) -> bool {
    // CreateDBSnapshot, RDS API reference: "must be in the available or storage-optimization state".
    ["available", "storage-optimization"].contains(&db.status.as_str())
}

impl RdsSnapshot {
    fn id(&self) -> &str {
        self.name.as_str()
    }

    fn is_ours(&self, cx: &Context<'_>, shot: &Shot) -> bool {
        shot.run.as_deref() == Some(cx.call().run.as_str()) && shot.of.eq_ignore_ascii_case(self.db.as_str())
    }

    /// Our snapshot, if it is there; refuses another of its name. One without any tag may be ours, made by a call whose answer was
    /// lost, and is looked at again before it counts as somebody's.
    async fn ours(&self, cx: &Context<'_>, aws: &Aws) -> Result<Option<Shot>, Failure> {
        let (mut looks, most) = (0, cx.looks(LATE));
        loop {
            match find(aws, self.id()).await? {
                Some(shot) if !shot.tagged && looks < most => {
                    looks += 1;
                    cx.beat().beat(format!("`{}` shows no tags yet ({looks}/{most})", self.name))?;
                    cx.pause().await;
                }
                Some(shot) if !self.is_ours(cx, &shot) => return Err(self.is_anothers(&shot)),
                found => return Ok(found),
            }
        }
    }

    fn is_anothers(&self, shot: &Shot) -> Failure {
        let whose = match &shot.run {
            Some(run) => format!("run `{run}` made it of DB instance `{}`", shot.of),
            None => format!("it is of DB instance `{}`, and no run made it", shot.of),
        };
        Failure::refused(format!("a DB snapshot named `{}` is there already, and is not of this action", self.name))
            .cause(whose)
            .advise(Advice::then_resume(format!(
                "choose another name, or, when nobody needs it: `aws rds delete-db-snapshot --db-snapshot-identifier {}`",
                self.name
            )))
    }

    /// Ours, looked for a few times more: it was asked for a moment ago.
    async fn ours_or_late(&self, cx: &Context<'_>, aws: &Aws) -> Result<Option<Shot>, Failure> {
        for look in 0..cx.looks(LATE) {
            if look > 0 {
                cx.beat().beat(format!("looking for a DB snapshot named `{}`", self.name))?;
                cx.pause().await;
            }
            if let Some(shot) = self.ours(cx, aws).await? {
                return Ok(Some(shot));
            }
        }
        Ok(None)
    }

    /// Refuses a DB instance of which there can be none.
    fn check(&self, db: &Db) -> Result<(), Failure> {
        if let Some(cluster) = &db.cluster {
            return Err(Failure::refused(format!("`{}` belongs to the DB cluster `{cluster}`", self.db))
                .cause("RDS makes snapshots of a cluster, and none of its members")
                .advise("make it by a command: `aws rds create-db-cluster-snapshot`"));
        }
        if db.is_stuck() {
            return Err(Failure::refused(format!("no snapshot can be made of DB instance `{}`", self.db))
                .cause(db.told())
                .advise(Advice::then_resume("see to it that it is `available`")));
        }
        Ok(())
    }

    /// Asks for it as soon as the DB instance lets it be made.
    async fn create(&self, cx: &Context<'_>, aws: &Aws) -> Result<Shot, Failure> {
        wait_until(cx, &format!("DB instance `{}` available for a snapshot", self.db), async || {
            let db = describe(aws, self.db.as_str()).await?;
            self.check(&db)?;
            if !is_ready(&db) {
                return Ok(Glance::NotYet(format!("`{}` is {}", self.db, db.told())));
            }
            Ok(match self.ask(cx, aws).await {
                Ok(made) => Glance::Done(made),
                // A backup that began since.
                Err(error) if error.is(&["InvalidDBInstanceState", "InvalidDBInstanceStateFault"]) => {
                    Glance::NotYet(format!("RDS makes no snapshot of `{}` yet: {}", self.db, error.message))
                }
                // An earlier call of ours, which did not show; or somebody else's since.
                Err(error) if error.is(&["DBSnapshotAlreadyExists", "DBSnapshotAlreadyExistsFault"]) => {
                    match self.ours(cx, aws).await? {
                        Some(shot) => Glance::Done(Ok(shot)),
                        None => Glance::NotYet(format!("`{}` is taken, and RDS does not show it yet", self.name)),
                    }
                }
                Err(error) => Glance::Done(Err(self.refused(&error))),
            })
        })
        .await?
    }

    /// One CreateDBSnapshot.
    async fn ask(&self, cx: &Context<'_>, aws: &Aws) -> Result<Result<Shot, Failure>, AwsError> {
        let tags = cx.tags(None).into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let asked = aws.write.rds.create_db_snapshot().db_instance_identifier(self.db.as_str());
        let asked = asked.db_snapshot_identifier(self.id()).set_tags(Some(tags.collect()));
        let made = asked.send().await.map_err(AwsError::from)?.db_snapshot;
        Ok(match &made {
            Some(made) => Shot::from_rds(made).map_err(|cut| Failure { kind: FailureKind::Lost, ..cut }),
            None => Err(Failure::new(FailureKind::Lost, format!("RDS named no snapshot for `{}`", self.name))),
        })
    }

    fn refused(&self, error: &AwsError) -> Failure {
        let failure = error.failure(format!("cannot make a snapshot of DB instance `{}`", self.db));
        if !error.is(&["SnapshotQuotaExceeded", "SnapshotQuotaExceededFault"]) {
            return failure;
        }
        failure.advise(Advice::then_resume(
            "delete manual snapshots that nobody needs, or have the quota raised (RDS, `Manual DB instance snapshots`)",
        ))
    }

    /// Waits until RDS has made it. One that `failed` stays so.
    async fn wait_made(&self, cx: &Context<'_>, aws: &Aws) -> Result<Shot, Failure> {
        let (mut unseen, most) = (0, cx.looks(LATE));
        wait_until(cx, &format!("DB snapshot `{}` available", self.name), async || {
            let Some(shot) = self.ours(cx, aws).await? else {
                unseen += 1;
                return match unseen < most {
                    true => Ok(Glance::NotYet(format!("RDS does not show `{}` yet", self.name))),
                    false => Err(Failure::permanent(format!("there is no DB snapshot `{}`", self.name))
                        .cause("somebody has deleted it since it was begun")
                        .advise(Advice::resume("makes another"))),
                };
            };
            match shot.status.as_str() {
                "available" => Ok(Glance::Done(shot)),
                "failed" => Err(Failure::permanent(format!("DB snapshot `{}` could not be made", self.name))
                    .cause(shot.told())
                    .advise(format!(
                        "`aws rds describe-events --source-type db-snapshot --source-identifier {}`",
                        self.name
                    ))
                    .advise(Advice::resume("removes what is left of it and makes another"))),
                _ => Ok(Glance::NotYet(shot.told())),
            }
        })
        .await
    }

    /// Deletes ours and waits until it is gone; what shows it.
    async fn remove(&self, cx: &Context<'_>, aws: &Aws) -> Result<String, Failure> {
        wait_until(cx, &format!("DB snapshot `{}` deleted", self.name), async || {
            let Some(shot) = find(aws, self.id()).await? else {
                return Ok(Glance::Done(format!("DB snapshot `{}` is gone", self.name)));
            };
            // Another has its name since: ours is gone.
            if shot.tagged && !self.is_ours(cx, &shot) {
                return Ok(Glance::Done(format!(
                    "DB snapshot `{}` is gone; {} is not of this run",
                    self.name,
                    shot.told()
                )));
            }
            if !["available", "failed"].contains(&shot.status.as_str()) {
                return Ok(Glance::NotYet(shot.told()));
            }
            match aws
                .write
                .rds
                .delete_db_snapshot()
                .db_snapshot_identifier(self.id())
                .send()
                .await
                .map_err(AwsError::from)
            {
                Ok(_) => Ok(Glance::NotYet(format!("DB snapshot `{}` is being deleted", self.name))),
                Err(error) if error.is(NOT_FOUND) => Ok(Glance::NotYet(format!("`{}` still shows", self.name))),
                Err(error) if error.is(&["InvalidDBSnapshotState", "InvalidDBSnapshotStateFault"]) => {
                    Ok(Glance::NotYet(format!("RDS does not delete `{}` yet: {}", self.name, error.message)))
                }
                Err(error) => Err(error.failure(format!("cannot delete DB snapshot `{}`", self.name))),
            }
        })
        .await
    }
}

impl Perform for RdsSnapshot {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &["rds:DescribeDBInstances", "rds:DescribeDBSnapshots"];
    /// Deleting belongs to going forward too: what is left of a snapshot that failed is removed.
    const PERMISSIONS: &'static [&'static str] = &[
        "rds:AddTagsToResource",
        "rds:CreateDBSnapshot",
        "rds:DeleteDBSnapshot",
        "rds:DescribeDBInstances",
        "rds:DescribeDBSnapshots",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] = &["rds:DeleteDBSnapshot"];

    fn sentence(&self) -> Text {
        tell!("make a snapshot `{}` of DB instance `{}`, and wait until it is available", self.name, self.db)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("delete the DB snapshot `{}`", self.name))
    }

    fn changes(&self) -> Vec<Change> {
        let with = [
            ("DBInstanceIdentifier", shown(&self.db)),
            ("DBSnapshotIdentifier", shown(&self.name)),
            ("Tags", words("your own tags, and the run's").into()),
        ];
        vec![request("rds:CreateDBSnapshot", with)]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let aws = cx.aws().await?;
        if let Some(shot) = self.ours(cx, &aws).await? {
            let found = match shot.status.as_str() {
                "available" => Found::Holds,
                "failed" => Found::Otherwise,
                "creating" => Found::InProgress,
                _ => Found::Unknown,
            };
            let outputs = if found == Found::Otherwise { Values::new() } else { shot.outputs() };
            return Ok(Finding { outputs, ..Finding::new(found, true, shot.told()) });
        }
        let db = describe(&aws, self.db.as_str()).await?;
        self.check(&db)?;
        let wait = match is_ready(&db) {
            true => String::new(),
            false => format!("; it is made once `{}` is available (it is {} now)", self.db, db.told()),
        };
        let engine = format!("{} {}", db.engine, db.version);
        Ok(Finding {
            facts: fact(format!("engine of DB instance `{}`", self.db), engine),
            ..Finding::new(Found::Absent, false, format!("no DB snapshot is named `{}`{wait}", self.name))
        })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let aws = cx.aws().await?;
        let mut found = self.ours(cx, &aws).await?;
        if found.take_if(|shot| shot.status == "failed").is_some() {
            self.remove(cx, &aws).await?;
        }
        let shot = match found {
            Some(shot) => shot,
            None => self.create(cx, &aws).await?,
        };
        Ok(shot.outputs())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let shot = self.wait_made(cx, &*cx.aws().await?).await?;
        Ok(Verified { outputs: shot.outputs(), evidence: shot.told() })
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let aws = cx.aws().await?;
        let ours = match cx.output("snapshot") {
            Some(_) => true,
            None => match self.ours_or_late(cx, &aws).await {
                Ok(found) => found.is_some(),
                Err(failure) if failure.kind == FailureKind::Refused => false,
                Err(failure) => return Err(failure.into()),
            },
        };
        if !ours {
            return Ok(format!("this run has made no DB snapshot `{}`", self.name));
        }
        Ok(self.remove(cx, &aws).await?)
    }
}
