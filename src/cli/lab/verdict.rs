//! What a rehearsal has shown, for people and for programs.

use crate::cli::CommandFailure;
use crate::cli::args::Format;
use crate::cli::out::out;
use crate::display::{self, Row, Terminal};
use crate::rehearsal::Report;
use std::io::IsTerminal;

/// Writes the report and its verdict; with JSON as the one event `verdict`.
pub(in crate::cli) fn tell(report: &Report, format: Format) -> Result<(), CommandFailure> {
    if format.is_json() {
        let passed = report.passed();
        return out(&format!("{}\n", serde_json::json!({ "event": "verdict", "passed": passed, "report": report })));
    }
    let mut text = String::new();
    let mut all = Vec::new();
    for part in &report.parts {
        let rows: Vec<Row> =
            part.rows.iter().map(|r| Row { what: r.what.clone(), found: r.seen.clone(), ok: r.ok }).collect();
        text.push_str(&format!("\nthe world after {}\n{}", part.after, display::rows_table(&rows, look())));
        all.extend(rows);
    }
    text.push('\n');
    text.push_str(&measures(report));
    text.push_str(&display::verdict_line(&all, look()));
    text.push_str(&failed(report));
    out(&text)
}

/// What was not as it must be once more, below the verdict: the tables before it are long.
fn failed(report: &Report) -> String {
    let rows: Vec<Row> = (report.parts.iter())
        .flat_map(|part| part.rows.iter().filter(|row| !row.ok).map(move |row| (part, row)))
        .map(|(part, row)| Row {
            what: format!("after {}: {}", part.after, row.what),
            found: row.seen.clone(),
            ok: false,
        })
        .collect();
    display::rows_table(&rows, look())
}

/// What was measured, a line each; the same command typed often is one line.
fn measures(report: &Report) -> String {
    let mut text = format!("the lab was ready after {:.1} s\n", report.lab_s);
    let mut folded: Vec<(&str, Vec<f64>)> = Vec::new();
    for (command, seconds) in &report.commands_s {
        match folded.iter_mut().find(|(known, _)| known == command) {
            Some((_, times)) => times.push(*seconds),
            None => folded.push((command, vec![*seconds])),
        }
    }
    for (command, times) in folded {
        let sum: f64 = times.iter().sum();
        text.push_str(&match times.len() {
            1 => format!("`runbook {command}` took {sum:.1} s\n"),
            n => format!("`runbook {command}`, {n} times, took {sum:.1} s in all\n"),
        });
    }
    if report.peak_memory_kib > 0 {
        let mib = report.peak_memory_kib.div_ceil(1024);
        text.push_str(&format!("no `runbook` process held more than {mib} MiB\n"));
    }
    let users = [(report.downtime, "a user of the site"), (report.downtime_kept, "who keeps its address for its TTL")];
    for (down, user) in users.into_iter().filter_map(|(down, user)| Some((down?, user))) {
        text.push_str(&format!(
            "{user} saw it down for {:.1} s in all ({} times, longest {:.1} s)\n",
            down.total_s, down.times, down.longest_s
        ));
    }
    if let Some(measured) = report.measured_s {
        text.push_str(&format!("the run itself saw it without an answer for {measured:.1} s\n"));
    }
    text
}

/// How standard output is to look.
pub(in crate::cli) fn look() -> Terminal {
    Terminal::of_environment(std::io::stdout().is_terminal())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::{Outage, Part, VerdictRow};

    #[test]
    fn what_failed_is_named_below_the_verdict() {
        let row = |what: &str, ok| VerdictRow { what: what.into(), seen: "as it was".into(), ok };
        let part = |after: &str, rows: &[VerdictRow]| Part { after: after.into(), rows: rows.to_vec() };
        let parts = vec![
            part("the run", &[row("site", true), row("cron on one node", false)]),
            part("the rollback to start", &[row("cron on one node", true)]),
        ];
        let report = Report { parts, ..empty() };
        assert_eq!(failed(&report).lines().count(), 1);
        assert!(failed(&report).contains("after the run: cron on one node"), "{}", failed(&report));
        assert_eq!(failed(&empty()), "");
    }

    fn empty() -> Report {
        Report {
            parts: Vec::new(),
            lab_s: 1.0,
            commands_s: Vec::new(),
            peak_memory_kib: 0,
            downtime: None,
            downtime_kept: None,
            measured_s: None,
        }
    }

    #[test]
    fn the_same_command_is_one_line() {
        let report = Report {
            parts: Vec::new(),
            lab_s: 2.26,
            commands_s: vec![("run x".into(), 3.0), ("resume".into(), 1.0), ("resume".into(), 1.5)],
            peak_memory_kib: 1025,
            downtime: Some(Outage { total_s: 1.0, longest_s: 0.5, times: 3, answered: 9 }),
            downtime_kept: Some(Outage { total_s: 2.0, longest_s: 2.0, times: 1, answered: 9 }),
            measured_s: None,
        };
        assert_eq!(
            measures(&report),
            "the lab was ready after 2.3 s\n`runbook run x` took 3.0 s\n`runbook resume`, 2 times, took 2.5 s in all\n\
             no `runbook` process held more than 2 MiB\n\
             a user of the site saw it down for 1.0 s in all (3 times, longest 0.5 s)\n\
             who keeps its address for its TTL saw it down for 2.0 s in all (1 times, longest 2.0 s)\n"
        );
    }
}
