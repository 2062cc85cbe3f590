//! What the crowd has counted, and what failed, in words. Pure.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::rehearsal::scenario::VerdictRow;
use crate::rehearsal::world::users::UsersBefore;

/// How many failures are told in the verdict.
const TOLD: usize = 10;
/// How many are kept for the region's log: more are the same again and again.
const KEPT: usize = 500;
/// What an upload takes beside its body.
const UPLOAD_MARGIN: Duration = Duration::from_secs(5);

/// What was counted so far.
#[derive(Debug, Default)]
pub(super) struct CrowdSeen(Mutex<CrowdTally>);

/// Numbers and failures.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::rehearsal) struct CrowdTally {
    requests: u64,
    sessions: u64,
    uploads: u64,
    failed: u64,
    failures: Vec<String>,
}

impl CrowdSeen {
    pub(super) fn asked(&self) {
        self.tally(|tally| tally.requests += 1);
    }

    pub(super) fn logged_in(&self) {
        self.tally(|tally| tally.sessions += 1);
    }

    pub(super) fn uploaded(&self) {
        self.tally(|tally| tally.uploads += 1);
    }

    pub(super) fn failed(&self, what: String) {
        self.tally(|tally| tally.note(what));
    }

    pub(super) fn told(&self) -> CrowdTally {
        self.tally(|tally| tally.clone())
    }

    fn tally<T>(&self, with: impl FnOnce(&mut CrowdTally) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl CrowdTally {
    fn note(&mut self, what: String) {
        self.failed += 1;
        if self.failures.len() < KEPT {
            self.failures.push(what);
        }
    }

    /// What failed, in order.
    pub(in crate::rehearsal) fn failures(&self) -> &[String] {
        &self.failures
    }

    /// The row of a verdict, of a part that took so long. Where nothing was asked nothing was shown.
    pub(in crate::rehearsal) fn row(&self, users: &UsersBefore, took: Duration) -> VerdictRow {
        let too_short = took < Duration::from_secs(users.upload_s) + UPLOAD_MARGIN;
        let enough = self.requests > 0 && self.sessions > 0 && (self.uploads > 0 || too_short);
        let counted = format!(
            "{} requests, {} sessions, {} uploads of {} MiB",
            grouped(self.requests),
            grouped(self.sessions),
            grouped(self.uploads),
            users.upload_mib
        );
        let mut seen = match self.failed {
            0 if enough => format!("{counted}: none failed"),
            0 => format!("{counted}: too few to show anything"),
            failed => format!("{counted}: {} failed", grouped(failed)),
        };
        for failure in self.failures.iter().take(TOLD) {
            seen.push_str("; ");
            seen.push_str(failure);
        }
        VerdictRow::new("no request of the site's users failed", self.failed == 0 && enough, seen)
    }
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The value of an attribute of a page's `head`, as Nextcloud's templates write it: double quotes, escaped by `htmlspecialchars`.
pub(super) fn of_head(page: &str, name: &str) -> Option<String> {
    let head = page.split_once("<head")?.1.split_once('>')?.0;
    let value = head.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0;
    let escaped: BTreeMap<&str, &str> =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#039;", "'"), ("&#39;", "'")].into();
    let plain = escaped.iter().fold(value.to_owned(), |text, (from, to)| text.replace(from, to));
    Some(plain.replace("&amp;", "&")).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> UsersBefore {
        UsersBefore { user: "anna".into(), password: "secret".into(), upload_mib: 50, upload_s: 8 }
    }

    #[test]
    fn what_was_counted_is_told_and_the_first_failures() {
        let mut tally = CrowdTally { requests: 2431, sessions: 21, uploads: 4, ..CrowdTally::default() };
        let row = tally.row(&users(), Duration::from_secs(60));
        assert_eq!((row.ok, &*row.seen), (true, "2,431 requests, 21 sessions, 4 uploads of 50 MiB: none failed"));
        (0..12).for_each(|n| tally.note(format!("GET /{n}: 502")));
        let row = tally.row(&users(), Duration::from_secs(60));
        assert!(!row.ok && row.seen.contains(": 12 failed; GET /0: 502; ") && !row.seen.contains("GET /10"), "{row:?}");
        assert_eq!(tally.failures().len(), 12);
    }

    #[test]
    fn nothing_asked_is_no_pass_but_an_upload_needs_its_time() {
        let tally = |requests, sessions, uploads| CrowdTally { requests, sessions, uploads, ..CrowdTally::default() };
        let ok = |tally: CrowdTally, took| tally.row(&users(), Duration::from_secs(took)).ok;
        assert!(!ok(tally(0, 0, 0), 1) && !ok(tally(9, 0, 1), 60) && !ok(tally(9, 1, 0), 13));
        assert!(ok(tally(9, 1, 0), 12) && ok(tally(9, 1, 1), 60));
    }

    #[test]
    fn a_page_says_whose_it_is_and_its_token() {
        let page = "<!DOCTYPE html>\n<html><head data-user=\"anna\" data-user-displayname=\"Anna &amp; Co\" \
                    data-requesttoken=\"a+b&#039;=:c\">\n<title>x</title></head><body data-user=\"no\">";
        assert_eq!(of_head(page, "data-user").as_deref(), Some("anna"));
        assert_eq!(of_head(page, "data-user-displayname").as_deref(), Some("Anna & Co"));
        assert_eq!(of_head(page, "data-requesttoken").as_deref(), Some("a+b'=:c"));
        assert_eq!(of_head("<head data-requesttoken=\"t\"><body data-user=\"no\">", "data-user"), None);
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
