//! The operator of a region: types commands, reads what they say, looks at what they did.

use crate::support::region::{Lab, eventually};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

const PROGRAM: &str = env!("CARGO_BIN_EXE_runbook");
/// No command may take longer: a test that hangs says less than one that fails.
const DEADLINE: Duration = Duration::from_secs(400);

/// What a command left.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) took: Duration,
}

impl Ran {
    /// Fails the test unless the command ended so.
    #[track_caller]
    pub(super) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "standard output:\n{}\nstandard error:\n{}", self.stdout, self.stderr);
        self
    }

    /// Everything it said.
    pub(super) fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    #[track_caller]
    pub(super) fn says(self, text: &str) -> Self {
        let said = self.said().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(text), "`{text}` is not in what was said:\n{}", self.said());
        self
    }
}

/// `runbook run single-to-ha` with the lab's inputs, unasked.
pub(super) const RUN: &[&str] = &["run", "single-to-ha", "--inputs", "site.yaml", "--yes"];

impl Lab {
    /// Writes the inputs file of the lab's operator.
    pub(super) fn write_inputs(&self) {
        self.write_home("site.yaml", &runbook::rehearsal::inputs(&self.region));
    }

    pub(super) fn write_home(&self, name: &str, text: &str) {
        std::fs::write(self.region.folder().join("home").join(name), text).unwrap();
    }

    /// `runbook` with arguments, in the operator's shell.
    pub(super) fn runbook(&self, arguments: &[&str]) -> Command {
        let argv: Vec<&str> = std::iter::once(PROGRAM).chain(arguments.iter().copied()).collect();
        let mut command = self.region.command(&argv);
        command.env("COLUMNS", "120").env("USER", "kim").stdin(Stdio::null());
        command
    }

    /// Types a command and waits for its end.
    pub(super) async fn types(&self, arguments: &[&str]) -> Ran {
        self.ends(self.runbook(arguments)).await
    }

    pub(super) async fn ends(&self, mut command: Command) -> Ran {
        let began = std::time::Instant::now();
        let output = tokio::time::timeout(DEADLINE, command.output()).await;
        let output = output.unwrap_or_else(|_| panic!("{command:?} has not ended in time")).unwrap();
        Ran::of(&output, began.elapsed())
    }

    /// Starts a command whose words are read at its end.
    pub(super) fn begins(&self, arguments: &[&str]) -> Child {
        self.runbook(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits for the end of a started command.
    pub(super) async fn end_of(&self, child: Child) -> Ran {
        let began = std::time::Instant::now();
        let output = tokio::time::timeout(DEADLINE, child.wait_with_output()).await.expect("it ends").unwrap();
        Ran::of(&output, began.elapsed())
    }

    pub(super) async fn configure(&self, settings: Value) {
        self.region.emulator().configure(settings).await.unwrap();
    }

    /// Lets a conversion of the database end that was made long by `rds_ticks`: what counts is how often it is looked at.
    pub(super) async fn end_conversions(&self) {
        self.end_conversions_at(true).await;
    }

    /// The same, until the database is Multi-AZ or is not.
    pub(super) async fn end_conversions_at(&self, multi_az: bool) {
        self.configure(json!({ "rds_ticks": 1 })).await;
        for _ in 0..4_000 {
            let named = self.aws.rds.describe_db_instances().db_instance_identifier(self.account().db);
            let found = named.send().await.unwrap();
            let db = &found.db_instances()[0];
            if db.multi_az() == Some(multi_az) && db.db_instance_status() == Some("available") {
                return;
            }
        }
        panic!("the conversion has no end");
    }

    /// Every call the account got, as `service:Action`.
    pub(super) async fn calls(&self) -> Vec<String> {
        let calls = self.region.emulator().call("GET", "/plus/calls", None).await.unwrap();
        let name = |call: &Value| format!("{}:{}", call[0].as_str().unwrap(), call[1].as_str().unwrap());
        calls.as_array().unwrap().iter().map(name).collect()
    }

    /// How often a call was made.
    pub(super) async fn count(&self, call: &str) -> usize {
        self.calls().await.iter().filter(|c| *c == call).count()
    }

    /// Waits until a command that was begun waits for the database: it looks again and again, however slow the machine is.
    pub(super) async fn waits_for_the_database(&self) {
        let looks = self.count("rds:DescribeDBInstances").await;
        eventually("it waits for the database", || async {
            (self.count("rds:DescribeDBInstances").await > looks + 8).then_some(())
        })
        .await;
    }

    /// Forgets all calls, settings and faults; settings go back to those of a region.
    pub(super) async fn forget_calls(&self) {
        self.region.emulator().call("POST", "/plus/reset", Some(json!({}))).await.unwrap();
        self.configure(json!({ "ticks": 1, "body": true })).await;
    }

    /// Every file of the web server that a run could touch: name, content's size, times, owner, mode. Not the
    /// site's data, where its cron job writes every five minutes; the first write to it in a host's life also makes the
    /// folders above it the host's own, so that is done before. Of /tmp what is in it, not when that changed last: jobs of the host
    /// make files there and remove them.
    pub(super) async fn files(&self) -> String {
        let script = "seen=/var/www/html/nextcloud/data/.seen; touch $seen; rm $seen; find /etc /var/www /home /root /opt /usr/local /tmp /var/lib/php -xdev -not -path '*/data*' -not -path /tmp -printf '%p %s %T@ %C@ %U:%G %m\\n' | sort";
        self.on(&self.account().instance, script).await
    }

    /// The state of a run, as `status` tells programs.
    pub(super) async fn status(&self) -> Value {
        let ran = self.types(&["--format", "json", "status"]).await.exits(0);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("{e}: {}", ran.stdout))
    }
}

impl Ran {
    fn of(output: &std::process::Output, took: Duration) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr), took }
    }
}

/// Compares with a golden file; `BLESS=1` writes it instead.
pub(super) fn golden(lab: &Lab, name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/worlds").join(format!("{name}.txt"));
    let text = redacted(lab, text);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{} is another; see the difference, then BLESS=1 writes it", path.display());
}

/// The text with all that differs from one region to the next replaced by words.
fn redacted(lab: &Lab, text: &str) -> String {
    let account = lab.account();
    let known = [
        (account.instance.clone(), "INSTANCE"),
        (account.vpc.clone(), "VPC"),
        (account.public_ip.to_string(), "PUBLIC-IP"),
        (account.private_ip.to_string(), "PRIVATE-IP"),
        (lab.region.folder().display().to_string(), "FOLDER"),
    ];
    // Wrapping depends on the length of what is replaced: one line a paragraph.
    let mut text = unwrapped(text);
    for (what, word) in known {
        text = text.replace(&what, word);
    }
    let mut out = String::new();
    for word in text.split_inclusive([' ', '\n', '`', '(', ')']) {
        if is_log_head(word.trim()) {
            continue;
        }
        match word.find("SHA256:") {
            Some(at) => {
                out.push_str(&word[..at]);
                out.push_str("SHA256:FINGERPRINT");
                out.push_str(
                    word[at + 7..].trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "+/".contains(c)),
                );
            }
            None => out.push_str(word),
        }
    }
    out
}

/// Whether a word is a part of nginx's `2026/01/31 23:59:59 [emerg] 290#290:` that is never the same.
fn is_log_head(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    word.len() > 3
        && digits > 0
        && word.chars().all(|c| c.is_ascii_digit() || "/:#".contains(c))
        && !word.starts_with('/')
}

/// Takes the line breaks of wrapping out: a line that is indented deeper than a `because:` goes on from the one before.
fn unwrapped(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        if line.starts_with("      ") && out.ends_with('\n') {
            out.pop();
            out.push(' ');
        }
        out.push_str(if line.starts_with("      ") { line.trim_start() } else { line });
        out.push('\n');
    }
    out
}
