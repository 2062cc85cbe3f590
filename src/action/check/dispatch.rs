//! From a call to the check that carries it out, and from what it saw to rows.

use super::{Examine, Seen};
use crate::access::Access;
use crate::action::{Lines, blot};
use crate::model::{
    Check, CheckCall, CheckKind, CheckRow, CheckVerdict, Failure, FailureKind, Foretold, Refusal, RowSpec,
};
use std::time::Duration;

/// No check may take longer; it only asks a few questions.
const LIMIT: Duration = Duration::from_secs(60);
/// A login may be slowed down on purpose.
const LOGIN_LIMIT: Duration = Duration::from_secs(120);

macro_rules! dispatch {
    ($($kind:ident),+ $(,)?) => {
        // Boxed, one by one: the futures of AWS calls are large.
        async fn look(check: &Check, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
            match check { $(Check::$kind(it) => Box::pin(it.examine(lines)).await,)+ }
        }

        /// Parameters without which a kind can be asked in part.
        fn may_be_unknown(kind: CheckKind) -> &'static [&'static str] {
            use crate::model as m;
            match kind { $(CheckKind::$kind => <m::$kind as Examine>::MAY_BE_UNKNOWN,)+ }
        }

        /// The IAM actions a kind of check needs; they only read.
        #[must_use]
        pub fn permissions_of_check(kind: CheckKind) -> &'static [&'static str] {
            use crate::model as m;
            match kind { $(CheckKind::$kind => <m::$kind as Examine>::PERMISSIONS,)+ }
        }
    };
}

dispatch! {
    AccountCaller,
    InstanceRunning,
    ProbeHolds,
    SshLogin,
    SshConsoleKeys,
    ServiceAtBoot,
    HostFreeDisk,
    HostOwnName,
    CronSources,
    CertificateRenewal,
    HttpAnswers,
    NginxBehindBalancer,
    NextcloudConfig,
    NextcloudLogin,
    RdsReady,
    InstanceClonePlace,
    InstanceTypeFits,
    InstanceVolumeKeys,
    InstanceGuest,
    BalancerSubnets,
    BalancerQuota,
    NamesFree,
    SecurityGroupClosed,
    SecurityGroupRules,
    DnsName,
}

/// Whether a check can be made in part without those of its parameters that are not known.
#[must_use]
pub fn asks_in_part(kind: CheckKind, parameters: &Foretold) -> bool {
    parameters.lacks_only(may_be_unknown(kind))
}

/// Carries out one check: all rows of its kind, in the kind's order.
pub async fn examine(call: &CheckCall, access: &Access) -> Vec<CheckRow> {
    let lines = Lines::new(access, call.region.as_deref()).looking_ahead(Some(call.ahead));
    let limit = if call.kind == CheckKind::NextcloudLogin { LOGIN_LIMIT } else { LIMIT };
    let looked = match Check::decode(call.kind, &call.parameters) {
        Err(e) => Err(Failure::permanent("its parameters cannot be used").cause(e.to_string())),
        Ok(check) => match tokio::time::timeout(limit, look(&check, &lines)).await {
            Ok(looked) => looked,
            Err(_) => Err(Failure::transient(format!("no answer within {} s", limit.as_secs()))),
        },
    };
    // A host that lets nobody in is refused by the check of the login; the others could not look.
    let looked = looked.map_err(|failure| match call.parameters.get("on") {
        Some(_) if call.kind != CheckKind::SshLogin => Failure { kind: FailureKind::Permanent, ..failure },
        _ => failure,
    });
    blot::rows(rows(&call.id, &call.kind.spec().rows, &looked))
}

/// The rows. What all of a check rests on and is not there (an instance, a database) is refused once, by its first row that may
/// refuse, and nobody can accept it; the others could not be looked at.
fn rows(id: &str, specs: &[RowSpec], looked: &Result<Vec<Seen>, Failure>) -> Vec<CheckRow> {
    let all = || specs.iter().map(|row| to_row(id, row, looked)).collect();
    let Err(failure) = looked else { return all() };
    let Some(first) = specs.iter().find(|row| row.refusal != Refusal::Never) else { return all() };
    if failure.kind != FailureKind::Refused {
        return all();
    }
    let others =
        Ok(specs.iter().map(|row| Seen::not_checkable(row.name, format!("see `{id}.{}`", first.name))).collect());
    let row = |row: &RowSpec| match row.name == first.name {
        true => to_row(id, row, looked),
        false => to_row(id, row, &others),
    };
    specs.iter().map(row).collect()
}

fn to_row(id: &str, spec: &RowSpec, looked: &Result<Vec<Seen>, Failure>) -> CheckRow {
    let seen = match looked {
        Ok(all) => all.iter().find(|seen| seen.row == spec.name).cloned(),
        Err(failure) => Some(Seen::failed(spec.name, failure)),
    };
    let seen = seen.unwrap_or_else(|| Seen::not_checkable(spec.name, "it was not looked at"));
    let verdict = match (seen.verdict, spec.refusal) {
        (CheckVerdict::Refuse, Refusal::Never) => CheckVerdict::NotCheckable,
        (verdict, _) => verdict,
    };
    CheckRow {
        id: format!("{id}.{}", spec.name),
        verdict,
        evidence: seen.evidence.split_whitespace().collect::<Vec<_>>().join(" "),
        advice: seen.advice,
        acceptable: spec.refusal == Refusal::Acceptable && !seen.is_final,
        accepted: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &'static str, refusal: Refusal, looked: &Result<Vec<Seen>, Failure>) -> CheckRow {
        to_row("dns", &RowSpec { name, about: "it is so", refusal }, looked)
    }

    #[test]
    fn what_could_not_be_asked_is_said_and_does_not_refuse() {
        let denied = Err(Failure::permanent("cannot look").cause("AccessDenied: no"));
        let it = row("ttl", Refusal::Final, &denied);
        assert_eq!((it.verdict, it.evidence.as_str()), (CheckVerdict::NotCheckable, "cannot look: AccessDenied: no"));
        assert_eq!(row("ttl", Refusal::Final, &Ok(Vec::new())).verdict, CheckVerdict::NotCheckable);
        let gone = Err(Failure::refused("there is no such instance"));
        let it = row("ttl", Refusal::Acceptable, &gone);
        assert!(it.refuses() && !it.acceptable, "what is not there nobody can take upon himself");
        let one = Ok(vec![Seen::of("ttl", Err(Failure::refused("there is no such subnet")))]);
        assert!(!row("ttl", Refusal::Acceptable, &one).acceptable, "nor where one row asks for it alone");
        assert!(row("ttl", Refusal::Acceptable, &Ok(vec![Seen::refuse("ttl", "too long")])).acceptable);
        assert_eq!(row("ttl", Refusal::Never, &gone).verdict, CheckVerdict::NotCheckable);
    }

    #[test]
    fn one_cause_is_one_refusal_and_final() {
        let specs = [("gone", Refusal::Never), ("state", Refusal::Acceptable), ("size", Refusal::Final)];
        let specs = specs.map(|(name, refusal)| RowSpec { name, about: "it is so", refusal });
        let gone = Err(Failure::refused("there is no such database").advise("check its name"));
        let told = rows("db", &specs, &gone);
        let verdicts: Vec<CheckVerdict> = told.iter().map(|row| row.verdict).collect();
        assert_eq!(verdicts, [CheckVerdict::NotCheckable, CheckVerdict::Refuse, CheckVerdict::NotCheckable]);
        assert!(!told[1].acceptable && told[1].advice == ["check its name"]);
        assert_eq!(told[2].evidence, "see `db.state`");
        let denied = Err(Failure::permanent("cannot look"));
        assert!(rows("db", &specs, &denied).iter().all(|row| row.evidence == "cannot look"));
    }

    #[test]
    fn rows_have_the_checks_id_and_one_line() {
        let looked = Ok(vec![Seen::warn("ttl", "3600 s,\n too long").advise("lower it")]);
        let it = row("ttl", Refusal::Never, &looked);
        assert_eq!((it.id.as_str(), it.evidence.as_str(), it.acceptable), ("dns.ttl", "3600 s, too long", false));
    }
}
