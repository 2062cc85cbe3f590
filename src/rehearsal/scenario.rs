//! What a rehearsal is to do, and doing it: region, commands, kills, a look at the world, rows of a verdict.
//!
//! The commands under test are the ordinary ones, run as children in the operator's environment of the region; only
//! those that are to be killed are started through `rehearsed`. Nothing here reads the journal: the rows come from looking
//! at the world.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::RehearsalError;
use super::flagship::{self, Facts, Start};
use super::region::Region;
use super::spec::{RegionSpec, write};
use super::visitor::{Downtime, Visitor};

/// One rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    /// The region.
    pub region: RegionSpec,
    /// The runbook: `single-to-ha`, or `restart-web-node`, which is rehearsed on what the former has made.
    pub runbook: String,
    /// Kill points, `ACTION:before|after`, each for one process: the next one resumes and has the next kill point.
    pub kill: Vec<String>,
    /// After the run, roll back to this step.
    pub rollback_to: Option<String>,
    /// What is to go wrong.
    pub faults: Vec<Fault>,
    /// Open a shell instead of running commands.
    pub shell: bool,
    /// Whether the commands under test write JSON.
    pub json: bool,
}

/// What can be made to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// EC2 has no capacity for the smaller type when the original is started.
    NoCapacity,
}

/// One thing that was looked up in the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What was to be so.
    pub what: String,
    /// What was seen.
    pub seen: String,
    /// Whether it is so.
    pub ok: bool,
}

/// What came of a rehearsal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Every part that was looked at, in order: a headline and its rows.
    pub parts: Vec<Part>,
    /// Seconds from the beginning to the site of the before-state answering.
    pub lab_s: f64,
    /// Seconds of each command under test, by its words.
    pub commands_s: Vec<(String, f64)>,
    /// What a user of the site had to suffer during the run.
    pub downtime: Option<Downtime>,
}

/// One look at the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// After what it was.
    pub after: String,
    /// What was seen.
    pub rows: Vec<Row>,
}

impl Report {
    /// Whether everything was as it should be.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| part.rows.iter().all(|row| row.ok))
    }
}

impl Fault {
    /// Every fault, by name.
    pub const ALL: &'static [(&'static str, Fault)] = &[("no-capacity", Fault::NoCapacity)];
}

/// One rehearsal at work.
struct Play<'a> {
    scenario: &'a Scenario,
    region: &'a Region,
    say: &'a (dyn Fn(&str) + Sync),
    start: Start,
    report: Report,
}

/// Plays a scenario; must run inside the namespaces made for it.
///
/// # Errors
/// When the lab itself fails. What the runbook does wrong is in the report.
pub async fn play(scenario: &Scenario, say: &(dyn Fn(&str) + Sync)) -> Result<Report, RehearsalError> {
    let began = Instant::now();
    let region = Region::start(&scenario.region, say).await?;
    let lab_s = began.elapsed().as_secs_f64();
    write(&region.folder().join("home/site.yaml"), flagship::inputs(region.account()))?;
    if scenario.shell {
        shell(&region, say).await?;
        region.stop().await;
        return Ok(Report { parts: Vec::new(), lab_s, commands_s: Vec::new(), downtime: None });
    }
    let start = Start::look(&region).await?;
    let report = Report { parts: Vec::new(), lab_s, commands_s: Vec::new(), downtime: None };
    let mut play = Play { scenario, region: &region, say, start, report };
    play.all().await?;
    let mut report = play.report;
    report.parts.push(troubles(&region));
    region.stop().await;
    Ok(report)
}

impl Play<'_> {
    async fn all(&mut self) -> Result<(), RehearsalError> {
        for fault in &self.scenario.faults {
            self.region.emulator().fault(fault.order(self.region)).await?;
        }
        let visitor = Visitor::start(self.region)?;
        let run = ["run", "single-to-ha", "--inputs", "site.yaml", "--yes"];
        let rows = self.forward(&run).await?;
        if self.scenario.faults.contains(&Fault::NoCapacity) {
            let facts = Facts::look(self.region).await?;
            self.part("no capacity", [rows, flagship::fallen_back(&facts, &self.start)].concat());
            self.region.emulator().call("POST", "/plus/unfault", None).await?;
            let rows = self.command("resume", &["resume"], &[]).await?;
            self.look("the resume", flagship::LAST_STEP, rows).await?;
        } else {
            self.report.downtime = Some(visitor.end().await);
            self.look("the run", flagship::LAST_STEP, rows).await?;
        }
        if self.scenario.runbook != "single-to-ha" {
            self.second_runbook().await?;
        }
        if let Some(step) = self.scenario.rollback_to.clone() {
            self.back_and_forth(&step).await?;
        }
        Ok(())
    }

    /// Runs to the end, however often it is killed on the way.
    async fn forward(&mut self, run: &[&str]) -> Result<Vec<Row>, RehearsalError> {
        let mut rows = Vec::new();
        let mut next: Vec<&str> = run.to_vec();
        let forward: Vec<&String> = self.scenario.kill.iter().filter(|k| !k.ends_with("-undo")).collect();
        for kill in forward {
            rows.extend(self.killed(kill, &next).await?);
            next = vec!["resume"];
        }
        let name = next.first().copied().unwrap_or_default().to_owned();
        rows.extend(self.command(&name, &next, &[]).await?);
        Ok(rows)
    }

    async fn killed(&mut self, kill: &str, command: &[&str]) -> Result<Vec<Row>, RehearsalError> {
        (self.say)(&format!("runbook {}, killed at {kill}", command.join(" ")));
        let status = self.child(&["rehearsed", "--kill", kill], command).await?;
        let row = Row { what: format!("killed at {kill}"), seen: status.to_string(), ok: status.signal() == Some(9) };
        Ok(vec![row])
    }

    async fn command(&mut self, name: &str, command: &[&str], expect: &[i32]) -> Result<Vec<Row>, RehearsalError> {
        (self.say)(&format!("runbook {}", command.join(" ")));
        let status = self.child(&[], command).await?;
        let failing = self.scenario.faults.contains(&Fault::NoCapacity) && command.first() == Some(&"run");
        let wanted: &[i32] = match expect {
            [] if failing => &[1],
            [] => &[0],
            some => some,
        };
        let ok = status.code().is_some_and(|code| wanted.contains(&code));
        Ok(vec![Row { what: format!("`runbook {name}` ends as it should"), seen: status.to_string(), ok }])
    }

    async fn child(&mut self, before: &[&str], command: &[&str]) -> Result<ExitStatus, RehearsalError> {
        let program = own_program()?;
        let program = program.display().to_string();
        let mut argv = vec![program.as_str()];
        argv.extend_from_slice(before);
        if self.scenario.json {
            argv.extend_from_slice(&["--format", "json"]);
        }
        argv.extend_from_slice(command);
        let began = Instant::now();
        let mut child = self.region.command(&argv);
        let status = tokio::time::timeout(COMMAND_DEADLINE, child.status())
            .await
            .map_err(|_| RehearsalError::TooLate {
                what: format!("`runbook {}` did not end", command.join(" ")),
                after: COMMAND_DEADLINE,
                said: String::new(),
            })?
            .map_err(|source| RehearsalError::ProgramUnstartable { program, source })?;
        self.report.commands_s.push((command.join(" "), began.elapsed().as_secs_f64()));
        Ok(status)
    }

    /// Rolls back to a step, looks, and goes forward again unless everything was undone.
    async fn back_and_forth(&mut self, step: &str) -> Result<(), RehearsalError> {
        let mut rows = Vec::new();
        let undo: Vec<&str> = vec!["rollback", "--to", step, "--yes"];
        let kills: Vec<String> = self.scenario.kill.iter().filter(|k| k.ends_with("-undo")).cloned().collect();
        let mut next = undo.clone();
        for kill in &kills {
            rows.extend(self.killed(kill, &next).await?);
            next = vec!["resume"];
        }
        let name = format!("rollback --to {step}");
        rows.extend(self.command(&name, &next, &[]).await?);
        let number = flagship::number(step);
        self.look(&format!("the rollback to {step}"), number, rows).await?;
        if number > 0 {
            let rows = self.command("resume", &["resume"], &[]).await?;
            self.look("going forward again", flagship::LAST_STEP, rows).await?;
        }
        Ok(())
    }

    /// The second runbook, on what the flagship has made: the clone is taken out, restarted and put back.
    async fn second_runbook(&mut self) -> Result<(), RehearsalError> {
        let facts = Facts::look(self.region).await?;
        write(&self.region.folder().join("home/node.yaml"), flagship::node_inputs(self.region.account(), &facts)?)?;
        for name in facts.public_addresses() {
            self.region.introduce(&name.0, name.1)?;
        }
        let run = ["run", self.scenario.runbook.as_str(), "--inputs", "node.yaml", "--order", "overlap", "--yes"];
        let rows = self.command(&run.join(" "), &run, &[]).await?;
        self.look(&format!("`{}`", self.scenario.runbook), flagship::LAST_STEP, rows).await
    }

    async fn look(&mut self, after: &str, step: usize, mut rows: Vec<Row>) -> Result<(), RehearsalError> {
        let facts = Facts::look(self.region).await?;
        rows.extend(flagship::rows(self.region, &facts, &self.start, step).await?);
        self.part(after, rows);
        Ok(())
    }

    fn part(&mut self, after: &str, rows: Vec<Row>) {
        self.report.parts.push(Part { after: after.to_owned(), rows });
    }
}

/// No command of a rehearsal may take longer.
const COMMAND_DEADLINE: Duration = Duration::from_secs(600);

impl Fault {
    fn order(self, region: &Region) -> serde_json::Value {
        match self {
            Fault::NoCapacity => serde_json::json!({
                "service": "ec2", "action": "StartInstances", "code": "InsufficientInstanceCapacity",
                "message": "We currently do not have sufficient t3.small capacity in the Availability Zone you requested.",
                "times": 1000, "match": region.account().instance, "instance_type": "t3.small",
            }),
        }
    }
}

/// A shell of the operator's, until it ends.
async fn shell(region: &Region, say: &(dyn Fn(&str) + Sync)) -> Result<(), RehearsalError> {
    let own = own_program()?;
    let folder = own.parent().map(|p| p.display().to_string()).unwrap_or_default();
    let path = format!("{folder}:{}", region.environment().get("PATH").cloned().unwrap_or_default());
    say("a shell inside the lab; try: runbook run single-to-ha --inputs site.yaml; `exit` ends the lab");
    let mut shell = region.command(&["bash", "--norc", "-i"]);
    shell.env("PATH", path).env("PS1", "lab:\\w\\$ ");
    shell.status().await.map_err(|source| RehearsalError::ProgramUnstartable { program: "bash".into(), source })?;
    Ok(())
}

fn troubles(region: &Region) -> Part {
    let troubles = region.troubles();
    let seen = if troubles.is_empty() { "none".to_owned() } else { troubles.join("; ") };
    Part {
        after: "all".into(),
        rows: vec![Row { what: "the lab had no troubles".into(), seen, ok: troubles.is_empty() }],
    }
}

fn own_program() -> Result<PathBuf, RehearsalError> {
    std::env::current_exe().map_err(RehearsalError::file("find", "/proc/self/exe"))
}
