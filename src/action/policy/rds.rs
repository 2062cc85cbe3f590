//! Databases and their snapshots: both are named beforehand, by what the inputs say.

use super::deed::Deed;
use super::grant::{Grants, made_by_a_run, tags_for_a_run};

/// Grants it when it concerns a database or a snapshot.
///
/// To make a snapshot must be allowed on the database and on the snapshot, and what tags it is judged as AddTagsToResource on that
/// (Service Authorization Reference, Amazon RDS, `CreateDBSnapshot`; RDS User Guide, "Grant permission to tag Amazon RDS resources
/// during creation").
pub(super) fn narrow(action: &'static str, deed: &Deed, grants: &mut Grants<'_>) -> bool {
    match action {
        "rds:DescribeEvents" => return false,
        "rds:CreateDBSnapshot" => {
            let both = [database(deed, grants), snapshot(deed, grants)];
            grants.add("NewSnapshot", action, both, tags_for_a_run());
        }
        "rds:AddTagsToResource" => {
            let arn = snapshot(deed, grants);
            grants.add("NewSnapshot", action, [arn], tags_for_a_run());
        }
        "rds:DeleteDBSnapshot" => {
            let arn = snapshot(deed, grants);
            grants.add("OwnSnapshot", action, [arn], made_by_a_run());
        }
        "rds:DescribeDBSnapshots" => {
            let arn = snapshot(deed, grants);
            grants.add("Snapshot", action, [arn], None);
        }
        _ => {
            let arn = database(deed, grants);
            grants.add("Database", action, [arn], None);
        }
    }
    true
}

fn database(deed: &Deed, grants: &mut Grants<'_>) -> String {
    let db = deed.text("db").map(str::to_ascii_lowercase);
    if db.is_none() {
        grants.note(format!("the DB instance of `{}` is not known beforehand: any one is allowed", deed.path));
    }
    grants.regional("rds", &format!("db:{}", db.as_deref().unwrap_or("*")))
}

/// A snapshot by its name; one whose name the run makes up has any.
fn snapshot(deed: &Deed, grants: &Grants<'_>) -> String {
    let name = deed.text("name").map(str::to_ascii_lowercase);
    grants.regional("rds", &format!("snapshot:{}", name.as_deref().unwrap_or("*")))
}
