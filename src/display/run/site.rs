//! What the site's answers showed, in words: beside what the run's actions mean for it.

use crate::display::table::{count, wrapped};
use crate::display::time::{clock, duration, rfc3339};
use crate::display::wording::site_clause;
use crate::journal::{RunState, SiteAsked};
use crate::model::{Millis, SiteSeen, Value};
use crate::plan::{Plan, Site};
use serde_json::json;

/// One line on what its answers showed; nothing where nobody asked it.
pub(in crate::display) fn answers(state: &RunState, now: Millis) -> String {
    state
        .site
        .as_ref()
        .map_or_else(String::new, |site| wrapped("  ", &format!("the site {}", answers_clause(site, now))))
}

/// Whether the site is up by what the run has done, as a clause; where its answers have shown another, that it is to be so. Of a runbook
/// that has no downtime nothing is said.
pub(in crate::display) fn by_what_is_done(plan: &Plan, state: &RunState) -> Option<&'static str> {
    let planned = Site::now(plan, state);
    match (planned, state.site.as_ref().map(|site| site.last.up)) {
        (Site::Down, Some(true)) => site_clause(plan, planned).map(|_| "the site is to be down"),
        (Site::Up, Some(false)) => site_clause(plan, planned).map(|_| "the site is to be up"),
        _ => site_clause(plan, planned),
    }
}

/// The same as a clause.
pub(in crate::display) fn answers_clause(site: &SiteAsked, now: Millis) -> String {
    let down = duration(site.down_ms(now));
    let times = if site.times == 1 { String::new() } else { format!(", in {}", count(site.times as usize, "time")) };
    match (site.last.up, site.times) {
        (true, 0) => "answered all the time that it was asked".to_owned(),
        (true, _) => format!("did not answer for {down} in all{times}; it answers now"),
        (false, _) => {
            format!("does not answer since {} UTC: {}; {down} in all{times}", clock(site.last.since), site.last.seen)
        }
    }
}

/// The same for programs: `up`, `since`, `seen`, `down_ms`, `times`; null where nobody asked.
pub(in crate::display) fn asked_json(state: &RunState, now: Millis) -> Value {
    state.site.as_ref().map_or(Value::Null, |site| {
        json!({
            "up": site.last.up,
            "since": rfc3339(site.last.since),
            "seen": site.last.seen,
            "down_ms": site.down_ms(now),
            "times": site.times,
        })
    })
}

/// What is said when it is seen to be another than before; `planned` is what the run's actions mean for it.
pub(in crate::display) fn change(before: Option<&SiteAsked>, seen: &SiteSeen, planned: Site) -> Option<(bool, String)> {
    let was = before.map(|before| &before.last);
    match (was.map(|was| was.up), seen.up) {
        (None | Some(true), true) => None,
        (_, false) if planned == Site::Up => {
            Some((false, format!("the site does not answer, and is to be up: {}", seen.seen)))
        }
        (Some(false), false) => None,
        (_, false) => Some((true, format!("the site does not answer any more: {}", seen.seen))),
        (Some(false), true) => {
            let gone = was.map_or(0, |was| seen.since.saturating_sub(was.since));
            Some((true, format!("the site answers again, after {}", duration(gone))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(up: bool, since: Millis) -> SiteSeen {
        SiteSeen { up, since, seen: "`https://x/` answers 503".into() }
    }

    #[test]
    fn only_what_changes_is_said_and_what_is_not_planned_is_marked() {
        let asked = |up| SiteAsked { last: seen(up, 1_000), over_ms: 0, times: u32::from(!up) };
        let (up, down) = (asked(true), asked(false));
        assert_eq!(change(None, &seen(true, 5), Site::Up), None);
        assert_eq!(change(Some(&up), &seen(true, 5), Site::Down), None);
        assert_eq!(change(Some(&down), &seen(false, 5), Site::Down), None, "the next executor sees the same");
        let (is_planned, text) = change(Some(&up), &seen(false, 5), Site::Down).unwrap();
        assert!(is_planned && text.ends_with("`https://x/` answers 503"), "{text}");
        assert!(!change(Some(&up), &seen(false, 5), Site::Up).unwrap().0);
        assert_eq!(change(Some(&down), &seen(true, 14_000), Site::Up).unwrap().1, "the site answers again, after 13 s");
    }

    #[test]
    fn the_answers_in_a_clause() {
        let asked = |up, over_ms, times| SiteAsked { last: seen(up, 60_000), over_ms, times };
        assert_eq!(answers_clause(&asked(true, 0, 0), 0), "answered all the time that it was asked");
        assert_eq!(answers_clause(&asked(true, 90_000, 1), 0), "did not answer for 1:30 in all; it answers now");
        assert_eq!(
            answers_clause(&asked(false, 30_000, 2), 90_000),
            "does not answer since 00:01:00 UTC: `https://x/` answers 503; 1:00 in all, in 2 times"
        );
    }
}
