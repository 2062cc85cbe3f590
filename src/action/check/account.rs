//! `account.caller`: whose the credentials are, and whether they last.
//!
//! Not seen: the end of a single sign-on session, after which its credentials are no longer renewed.

use super::{Examine, Seen};
use crate::access::Lasting;
use crate::action::Lines;
use crate::model::{AccountCaller, Failure};
use jiff::{SignedDuration, Timestamp};

/// How long a run may take where a runbook does not say, in minutes. An hour is also what a role's session lasts by default.
const MINUTES: u32 = 60;

impl Examine for AccountCaller {
    const PERMISSIONS: &'static [&'static str] = &["sts:GetCallerIdentity"];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let aws = lines.aws().await?;
        let region = aws.region.clone();
        let caller =
            lines.access().caller(&region).await.map_err(|e| e.failure("cannot ask whose credentials these are"))?;
        let account = Seen::pass("account", format!("account {} as `{}`, in {region}", caller.account, caller.arn));
        let minutes = self.minutes.unwrap_or(MINUTES);
        let expiry = match aws.credentials_last().await {
            Ok(lasting) => expiry(lasting, minutes, Timestamp::now()),
            Err(why) => Seen::not_checkable("expiry", why),
        };
        Ok(vec![account, expiry])
    }
}

fn expiry(lasting: Lasting, minutes: u32, now: Timestamp) -> Seen {
    const ROW: &str = "expiry";
    let advice = "get new ones first, for several hours (`aws sts assume-role --duration-seconds 14400 ...`), or set `AWS_PROFILE` \
                  to a profile that renews its own: what ends in the middle leaves the site as it is until somebody goes on \
                  with new ones";
    match lasting {
        Lasting::Always => Seen::pass(ROW, "the credentials do not expire"),
        Lasting::Renewed => Seen::pass(ROW, "the credentials are renewed by their source when they expire"),
        Lasting::Untold => Seen::warn(
            ROW,
            format!("the credentials are temporary, and nothing tells until when (the run may take {minutes} minutes)"),
        )
        .advise(advice),
        Lasting::Until(end) => {
            let left = end.duration_since(now);
            let told = format!(
                "the credentials end at {end}, in {} minutes; the run may take {minutes}",
                left.as_mins().max(0)
            );
            match left < SignedDuration::from_mins(minutes.into()) {
                true => Seen::refuse(ROW, told).advise(advice),
                false => Seen::pass(ROW, told),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{Pass, Refuse, Warn};

    #[test]
    fn credentials_must_last_as_long_as_the_run() {
        let now: Timestamp = "2026-11-26T04:20:00Z".parse().unwrap();
        let ends = |minutes: i64| Lasting::Until(now + SignedDuration::from_mins(minutes));
        for (lasting, wanted) in [
            (Lasting::Always, Pass),
            (Lasting::Renewed, Pass),
            (Lasting::Untold, Warn),
            (ends(59), Refuse),
            (ends(-5), Refuse),
            (ends(61), Pass),
        ] {
            let seen = expiry(lasting, 60, now);
            assert_eq!(seen.verdict, wanted, "{seen:?}");
        }
        assert!(expiry(ends(23), 60, now).evidence.contains("in 23 minutes"));
    }
}
