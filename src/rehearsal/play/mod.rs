//! Playing a scenario: region, commands, kills and failures, a look at the world, rows of a verdict.
//!
//! The rows come from looking at the world. Only what the world keeps no trace of (that an action failed and was tried
//! again) is read where an operator would read it: in the run's log.
//! However the play ends, the region is ended in order.

mod deaths;
mod looked;
mod shell;
mod traces;
mod under_test;
mod users;
mod window;

use std::time::Instant;

use crate::model::ActionPath;
use crate::plan::Order;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::judge::Witness;
use crate::rehearsal::judge::account::AccountPicture;
use crate::rehearsal::judge::holds::{self, LookedAt};
use crate::rehearsal::judge::injected::injected;
use crate::rehearsal::play::looked::{outputs, stands};
use crate::rehearsal::play::under_test::UnderTest;
use crate::rehearsal::play::users::SiteUsers;
use crate::rehearsal::region::{Region, enter};
use crate::rehearsal::scenario::{Part, PlayEnding, Report, ReturnTrip, Scenario, VerdictRow};
use crate::rehearsal::world::command::{by_operator, well};
use crate::rehearsal::world::fault::{FaultBefore, RestBefore};
use crate::rehearsal::world::{self, INPUTS};
use serde_json::json;
use std::collections::BTreeSet;
use std::process::ExitStatus;

/// One rehearsal at work.
struct Play<'a> {
    scenario: &'a Scenario,
    region: &'a Region,
    under_test: UnderTest<'a>,
    say: &'a (dyn Fn(&str) + Sync),
    before: Witness,
    report: Report,
}

/// Plays a scenario; must run inside the namespaces made for it.
///
/// # Errors
/// When the lab itself fails. What the runbook does wrong is in the report.
pub async fn play(scenario: &Scenario, say: &(dyn Fn(&str) + Sync)) -> Result<PlayEnding, RehearsalError> {
    let began = Instant::now();
    let mut end = Box::pin(enter::asked_to_end());
    let region = tokio::select! {
        region = world::raise(&scenario.region, say) => region?,
        asked = &mut end => return asked.map(|_| PlayEnding::Interrupted),
    };
    let mut report = Report::new(began.elapsed().as_secs_f64());
    let ended = tokio::select! {
        played = act(scenario, &region, say, &mut report) => played.map(|()| true),
        asked = &mut end => asked.map(|_| false),
    };
    if matches!(ended, Ok(true)) {
        report.parts.push(troubles(&region));
        if !report.passed()
            && let Err(error) = traces::keep(&region).await
        {
            say(&format!("the hosts' journals are not kept: {}", error.chain()));
        }
    } else {
        say("the rehearsal is broken off, the lab ends");
    }
    region.stop().await;
    Ok(if ended? { PlayEnding::Played(report) } else { PlayEnding::Interrupted })
}

async fn act(
    scenario: &Scenario,
    region: &Region,
    say: &(dyn Fn(&str) + Sync),
    report: &mut Report,
) -> Result<(), RehearsalError> {
    if scenario.shell {
        return shell::open(region, &world::commands(&scenario.runbook), say).await;
    }
    let under_test = UnderTest { region, json: scenario.json };
    let report_so_far = std::mem::replace(report, Report::new(report.lab_s));
    let before = Witness::of(region).await?;
    let mut play = Play { scenario, region, under_test, say, before, report: report_so_far };
    let done = play.all().await;
    *report = play.report;
    done
}

/// The exit status of a command that has come to a gate.
const WAITS_FOR_A_PERSON: i32 = 4;

impl Play<'_> {
    async fn all(&mut self) -> Result<(), RehearsalError> {
        let order = order_word(self.scenario.order);
        let run = ["run", self.scenario.runbook.as_str(), "--inputs", INPUTS, "--order", order, "--yes"];
        let shows = holds::shows_nothing(self.region, &self.region.world().after).await?;
        let fault = self.scenario.fault.as_ref().and_then(|name| self.region.world().faults.get(name));
        if let Some(window_s) = self.scenario.window_s {
            return self.overruns(&run, window_s, vec![shows]).await;
        }
        match fault {
            None => self.whole_run(&run, vec![shows]).await?,
            Some(fault) => self.under_fault(&run, fault, vec![shows]).await?,
        }
        if let Some(way) = &self.scenario.rollback_to {
            self.back_and_forth(way).await?;
        }
        Ok(())
    }

    async fn whole_run(&mut self, run: &[&str], mut rows: Vec<VerdictRow>) -> Result<(), RehearsalError> {
        let users = SiteUsers::come(self.region)?;
        rows.extend(self.there(run).await?);
        if let Some(users) = users {
            let seen = users.leave().await;
            self.report.downtime = Some(seen.follows);
            self.report.downtime_kept = Some(seen.keeps);
            self.report.measured_s = self.measured().await?;
            rows.extend(seen.rows);
        }
        self.look("the run", None, rows).await
    }

    /// Forward to the end, however often it is killed on the way and whatever fails at first.
    async fn there(&mut self, run: &[&str]) -> Result<Vec<VerdictRow>, RehearsalError> {
        let failing: Vec<String> =
            self.scenario.fail.iter().flat_map(|point| ["--fail".to_owned(), point.clone()]).collect();
        let before = if failing.is_empty() { Vec::new() } else { [vec!["rehearsed".to_owned()], failing].concat() };
        let mut rows = self.in_spite_of_kills(run, (&self.kills(false), "finished"), &before).await?;
        if !self.scenario.fail.is_empty() {
            rows.push(self.failed_and_retried().await?);
        }
        Ok(rows)
    }

    /// Back to a step, however often it is killed on the way; where the world says who uses the site, while they do.
    async fn back(&mut self, to: &str) -> Result<Vec<VerdictRow>, RehearsalError> {
        let has_users = self.region.world().site.as_ref().is_some_and(|site| site.users.is_some());
        let users = if has_users { SiteUsers::come(self.region)? } else { None };
        let words = ["rollback", "--to", to, "--yes"];
        let mut rows = self.in_spite_of_kills(&words, (&self.kills(true), "rolled back"), &[]).await?;
        if let Some(users) = users {
            rows.extend(users.leave().await.rows);
        }
        Ok(rows)
    }

    /// The command, killed at these points, and at its appends until the run has come to this end, where that is asked for; what is
    /// then left of it is done with these words before it.
    async fn in_spite_of_kills(
        &mut self,
        words: &[&str],
        (kills, end): (&[String], &str),
        before: &[String],
    ) -> Result<Vec<VerdictRow>, RehearsalError> {
        let mut rows = self.killed(kills, words).await?;
        let mut next = if kills.is_empty() { words } else { &["resume"] };
        if self.scenario.kill_at_appends {
            rows.extend(self.killed_at_appends(words, end).await?);
            next = &["status"];
        }
        rows.push(self.command(before, next, 0).await?);
        Ok(rows)
    }

    /// AWS refuses what the world says; the run ends by itself, or rests and goes on as the world says.
    async fn under_fault(
        &mut self,
        run: &[&str],
        fault: &FaultBefore,
        mut rows: Vec<VerdictRow>,
    ) -> Result<(), RehearsalError> {
        for refusal in &fault.answers {
            self.region.emulator().fault(self.region.names().fill_value(&json!(refusal))).await?;
        }
        let Some(RestBefore { holds, typed }) = &fault.rests else {
            rows.push(self.command(&[], run, 0).await?);
            return self.look("the run", None, rows).await;
        };
        rows.push(self.command(&[], run, 1).await?);
        rows.extend(holds::holds(self.region, holds, LookedAt::default()).await?);
        self.part(&fault.about, rows);
        if typed.is_empty() {
            self.region.emulator().call("POST", "/plus/unfault", None).await?;
        }
        for command in typed {
            (self.say)(command);
            let output = by_operator(self.region, &["sh", "-euc", &self.region.names().fill(command)]).await?;
            well(&output, &format!("`{command}`"))?;
        }
        let rows = vec![self.command(&[], &["resume"], 0).await?];
        self.look("the resume", None, rows).await
    }

    /// Rolls back to a step, looks, and goes forward again unless everything was undone.
    async fn back_and_forth(&mut self, ReturnTrip { to, kept }: &ReturnTrip) -> Result<(), RehearsalError> {
        let mut rows = self.back(to).await?;
        if kept.is_empty() {
            rows.extend(self.before.rows(self.region).await?);
            self.part(&format!("the rollback to {to}"), rows);
            return Ok(());
        }
        self.look(&format!("the rollback to {to}"), Some(&kept.iter().cloned().collect()), rows).await?;
        let rows = vec![self.command(&[], &["resume"], 0).await?];
        self.look("going forward again", None, rows).await
    }

    async fn command(&mut self, before: &[String], words: &[&str], wanted: i32) -> Result<VerdictRow, RehearsalError> {
        (self.say)(&format!("runbook {}", words.join(" ")));
        let status = self.approving(before, words).await?;
        let what = format!("`runbook {}` ends with {wanted}", words.join(" "));
        Ok(VerdictRow::new(what, status.code() == Some(wanted), status.to_string()))
    }

    /// Runs a command to its end, and where it waits for a person answers as one who says yes, and resumes it.
    async fn approving(&mut self, before: &[String], words: &[&str]) -> Result<ExitStatus, RehearsalError> {
        let mut status = self.under_test.run(before, words, &mut self.report).await?;
        while status.code() == Some(WAITS_FOR_A_PERSON) {
            let run = self.under_test.newest_run().await?;
            let stands = self.under_test.ask(&["status", &run]).await?;
            let gates: Vec<&str> =
                stands["gates"].as_array().into_iter().flatten().filter_map(|it| it["gate"].as_str()).collect();
            if gates.is_empty() {
                break;
            }
            for gate in gates {
                (self.say)(&format!("somebody says yes to {gate}"));
                self.under_test.said(&["approve", &run, gate]).await?;
            }
            status = self.under_test.run(before, &["resume"], &mut self.report).await?;
        }
        Ok(status)
    }

    /// How long the run saw the site without an answer, in seconds.
    async fn measured(&self) -> Result<Option<f64>, RehearsalError> {
        let status = self.under_test.ask(&["status", &self.under_test.newest_run().await?]).await?;
        Ok(status["site_asked"]["down_ms"].as_f64().map(|ms| ms / 1_000.0))
    }

    /// Whether each failure asked for was met once, and the run went on by its own retry.
    async fn failed_and_retried(&self) -> Result<VerdictRow, RehearsalError> {
        let log = self.under_test.ask(&["log", &self.under_test.newest_run().await?]).await?;
        Ok(injected(&log, &self.scenario.fail))
    }

    fn kills(&self, back: bool) -> Vec<String> {
        self.scenario.kill.iter().filter(|point| point.ends_with("-undo") == back).cloned().collect()
    }

    /// Looks at the world when these actions are done; all of them without a set.
    async fn look(
        &mut self,
        after: &str,
        done: Option<&BTreeSet<ActionPath>>,
        mut rows: Vec<VerdictRow>,
    ) -> Result<(), RehearsalError> {
        let world = self.region.world();
        // What has no place among the actions is said of the end.
        let wanted = world.after.iter().filter(|it| done.is_none() || it.has_a_place()).chain(&world.always);
        let moment = LookedAt { done, fault: self.scenario.fault.as_deref() };
        rows.extend(holds::holds(self.region, wanted, moment).await?);
        let run = self.under_test.newest_run().await?;
        let looked = self.under_test.ask(&["rehearsed", "look", &run]).await?;
        rows.push(stands(&looked));
        let now = AccountPicture::take(self.region).await?;
        rows.push(self.before.account.made(&now, &outputs(&self.under_test.ask(&["log", &run]).await?, done, &looked)));
        self.part(after, rows);
        Ok(())
    }

    fn part(&mut self, after: &str, rows: Vec<VerdictRow>) {
        self.report.parts.push(Part { after: after.to_owned(), rows });
    }
}

/// An order as it is typed.
fn order_word(order: Order) -> &'static str {
    match order {
        Order::Article => "article",
        Order::Overlap => "overlap",
        Order::LeastDowntime => "least-downtime",
    }
}

fn troubles(region: &Region) -> Part {
    let troubles = region.troubles();
    let seen = if troubles.is_empty() { "none".to_owned() } else { troubles.join("; ") };
    let quiet = VerdictRow::new("the lab had no troubles", troubles.is_empty(), seen);
    // Where the kernel cannot, a rehearsal is worth less and not nothing: it says so.
    let groups = match region.unenforced() {
        None => "yes".to_owned(),
        Some(why) => format!("NO, everything reached everything: {why}"),
    };
    let init = match region.without_systemd() {
        None => "yes".to_owned(),
        Some(why) => format!("NO, {why}"),
    };
    let rows = vec![
        VerdictRow::new("security groups were enforced", true, groups),
        VerdictRow::new("the hosts' pid 1 was systemd", true, init),
        quiet,
    ];
    Part { after: "all".into(), rows }
}
