//! What the operator's terminal does while a run is executed: it stops reading, goes away, sends signals. The run goes on, or
//! rests as docs/journal.md has it.

use crate::support::desk::Desk;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{PipeWriter, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a loaded machine; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

#[track_caller]
fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "it never happened that {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), signal).unwrap();
}

#[track_caller]
fn end_of(child: &mut Child) -> ExitStatus {
    eventually("the command ends", || child.try_wait().unwrap())
}

/// A site that answers as it is told, until the test ends.
struct Site {
    url: String,
    status: Arc<AtomicU16>,
}

impl Site {
    fn down() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let status = Arc::new(AtomicU16::new(503));
        let now = Arc::clone(&status);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let status = now.load(Ordering::Relaxed);
                let _ = write!(stream, "HTTP/1.1 {status} so\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        });
        Self { url, status }
    }

    fn comes_up(&self) {
        self.status.store(200, Ordering::Relaxed);
    }
}

impl Desk {
    /// A desk on which `wait.yaml` lies, which waits for the site twice.
    fn at(site: &Site) -> Self {
        let desk = Self::new();
        let url = &site.url;
        let text = format!(
            "runbook: wait\ntitle: wait\nabout: It waits.\nsteps:\n  - id: one\n    title: wait\n    why: To know.\n    \
             actions:\n      - {{ id: site, do: http.expect, with: {{ url: \"{url}\", status: 200 }} }}\n  - id: two\n    \
             title: look again\n    why: To be sure.\n    actions:\n      \
             - {{ id: site, do: http.expect, with: {{ url: \"{url}\", status: 200 }} }}\n"
        );
        desk.write("wait.yaml", &text);
        desk
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
        self.dressed(&mut command).env("RUNBOOK_POLL_INTERVAL", "100ms").args(arguments).stdin(Stdio::null());
        command
    }

    /// The run waits at the second gate, and nobody executes it.
    fn has_come_to_the_second_gate(&self) -> Option<()> {
        let status = self.status();
        let waits = status["rest"]["reason"] == "waiting" && status["rest"]["gates"][0] == "otto";
        (waits && status["executor"].is_null()).then_some(())
    }

    fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.types("otto", &["--format", "json", "status"]).exits(0).stdout).unwrap()
    }

    /// What `status` says of an action, once there is a run.
    fn action(&self, path: &str) -> Option<serde_json::Value> {
        let status: serde_json::Value =
            serde_json::from_str(&self.types("otto", &["--format", "json", "status"]).stdout).ok()?;
        let steps = status["steps"].as_array()?.iter().filter_map(|step| step["actions"].as_array()).flatten();
        steps.into_iter().find(|action| action["action"] == path).cloned()
    }

    /// The run is at work on this action, in this state.
    fn is_at(&self, action: &str, state: &str) -> Option<()> {
        let text = self.types("otto", &["log"]).stdout;
        text.lines().any(|line| line.contains(action) && line.contains(state)).then_some(())
    }

    /// A run that waits at the first gate, which was approved.
    fn may_go_on() -> Self {
        let desk = Self::new();
        desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
        let run = desk.runs()[0]["run"].as_str().unwrap().to_owned();
        desk.types("kim", &["approve", &run, "kim"]).exits(0);
        desk
    }
}

/// Fills a pipe, so that the next write to it waits.
fn fill(pipe: &mut PipeWriter) {
    let flags = fcntl_getfl(&*pipe).unwrap();
    fcntl_setfl(&*pipe, flags | OFlags::NONBLOCK).unwrap();
    for size in [4096, 1] {
        while pipe.write(&vec![b'.'; size]).is_ok() {}
    }
    fcntl_setfl(&*pipe, flags).unwrap();
}

/// Where the result goes is full: the run has come to its rest all the same, and who typed the command is told.
#[test]
fn a_result_that_cannot_be_written_is_told_and_the_run_is_at_rest() {
    for format in ["text", "json"] {
        let desk = Desk::may_go_on();
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let ran = desk.command(&["--format", format, "resume"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let told = String::from_utf8_lossy(&ran.stderr);
        assert!(told.contains("cannot write the result") && told.contains("No space left"), "{format}: {told}");
        assert_eq!(ran.status.code(), Some(1), "{format}: {told}");
        assert!(desk.has_come_to_the_second_gate().is_some(), "{format}: {}", desk.status());
    }
}

#[test]
fn a_full_pipe_stops_nothing_and_ctrl_c_ends_the_wait_for_it() {
    for format in ["text", "json"] {
        let desk = Desk::may_go_on();
        let (_never_read, mut full) = std::io::pipe().unwrap();
        fill(&mut full);
        let mut command = desk.command(&["--format", format, "resume"]);
        command.stdout(full.try_clone().unwrap()).stderr(full);
        let mut child = command.spawn().unwrap();
        eventually("the run goes on", || desk.has_come_to_the_second_gate());
        assert_eq!(child.try_wait().unwrap(), None, "{format}: what it has to say is not said yet");
        send(&child, Signal::INT);
        assert_eq!(end_of(&mut child).code(), Some(4), "{format}");
    }
}

#[test]
fn a_reader_that_was_stopped_reads_everything_later() {
    let desk = Desk::may_go_on();
    let (reader, mut full) = std::io::pipe().unwrap();
    let mut cat = Command::new("cat").stdin(reader).stdout(Stdio::piped()).spawn().unwrap();
    send(&cat, Signal::STOP);
    let stat = format!("/proc/{}/stat", cat.id());
    eventually("cat stands still", || std::fs::read_to_string(&stat).unwrap().contains(") T ").then_some(()));
    fill(&mut full);
    let mut command = desk.command(&["resume"]);
    command.stdout(full.try_clone().unwrap()).stderr(full);
    let mut child = command.spawn().unwrap();
    drop(command);
    eventually("the run goes on", || desk.has_come_to_the_second_gate());
    send(&cat, Signal::CONT);
    let mut said = String::new();
    cat.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("is it?") && said.contains("runbook approve"), "{said}");
    assert_eq!(end_of(&mut child).code(), Some(4));
    cat.wait().unwrap();
}

/// A tmux server, which ends with the test.
struct Server(String);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(["-S", &self.0, "kill-server"]).status();
    }
}

#[test]
fn ctrl_s_in_a_terminal_stops_nothing() {
    let desk = Desk::may_go_on();
    let socket = desk.path("tmux").display().to_string();
    let _end = Server(socket.clone());
    let tmux = |arguments: &[&str]| {
        let mut command = Command::new("tmux");
        desk.dressed(&mut command).args(["-S", &socket]).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let resume = format!("{} resume; echo left with $?; sleep 60", env!("CARGO_BIN_EXE_runbook"));
    tmux(&["new-session", "-d", "-x", "100", "-y", "30", "sh", "-c", &format!("stty ixon; read go; {resume}")]);
    eventually("the shell reads", || {
        // What is typed before the terminal is set up would be no Ctrl-S.
        tmux(&["send-keys", "C-s"]);
        tmux(&["send-keys", "-l", "x"]);
        std::thread::sleep(Duration::from_millis(300));
        let stopped = !tmux(&["capture-pane", "-p"]).contains('x');
        if !stopped {
            tmux(&["send-keys", "C-u"]);
        }
        stopped.then_some(())
    });
    tmux(&["send-keys", "Enter"]);
    eventually("the run goes on", || desk.has_come_to_the_second_gate());
    tmux(&["send-keys", "C-q"]);
    let screen = eventually("it is told", || Some(tmux(&["capture-pane", "-p"])).filter(|s| s.contains("left with 4")));
    assert!(screen.contains("runbook approve"), "{screen}");
}

/// `nohup` means: go on without the terminal.
#[test]
fn who_began_it_with_nohup_may_lose_the_terminal() {
    let site = Site::down();
    let desk = Desk::at(&site);
    let mut command = Command::new("nohup");
    desk.dressed(&mut command).env("RUNBOOK_POLL_INTERVAL", "100ms").stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::null()).args([env!("CARGO_BIN_EXE_runbook"), "run", "wait.yaml", "--yes"]);
    let mut child = command.spawn().unwrap();
    eventually("it waits for the site", || desk.is_at("site", "applied"));
    send(&child, Signal::HUP);
    send(&child, Signal::HUP);
    std::thread::sleep(Duration::from_millis(500));
    site.comes_up();
    assert_eq!(end_of(&mut child).code(), Some(0));
}

/// A terminal that is lost says so as often as it likes: what is running is finished, and then the run rests.
#[test]
fn a_lost_terminal_lets_what_is_running_end_and_no_more() {
    let site = Site::down();
    let desk = Desk::at(&site);
    let mut child = desk.command(&["run", "wait.yaml", "--yes"]).spawn().unwrap();
    eventually("it waits for the site", || desk.is_at("site", "applied"));
    for _ in 0..3 {
        send(&child, Signal::HUP);
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(child.try_wait().unwrap(), None, "it waits on");
    site.comes_up();
    assert_eq!(end_of(&mut child).code(), Some(130));
    assert_eq!(desk.status()["rest"]["reason"], "interrupted");
    assert_eq!(desk.status()["rest"]["unfinished"], serde_json::json!([]));
    desk.types("hana", &["resume"]).exits(0);
}

/// Ctrl-C, once and twice, while an action waits: once, it is waited for; twice, it is not. While another try is waited for
/// nothing runs, and once is enough.
#[test]
fn ctrl_c_ends_each_wait_as_it_is_documented() {
    let failed = |desk: &Desk| (desk.action("one/site")?["state"] == "failed").then_some(());
    for times in [1, 2] {
        let site = Site::down();
        let desk = Desk::at(&site);
        let text =
            desk.read("wait.yaml").replacen("status: 200 }", "status: 200 }, retry: { first: 10m, most: 10m }", 1);
        desk.write("wait.yaml", &text);
        let harmed = ["rehearsed", "--fail", "one/site:before", "run", "wait.yaml", "--yes"];
        let mut child = desk.command(&harmed).spawn().unwrap();
        eventually("it waits for another try", || failed(&desk));
        (0..times).for_each(|_| send(&child, Signal::INT));
        assert_eq!(end_of(&mut child).code(), Some(130));
        assert_eq!(desk.status()["rest"]["reason"], "interrupted");
        assert!(failed(&desk).is_some(), "{}", desk.status());
    }
    for (times, waited) in [(1, true), (2, false)] {
        let site = Site::down();
        let desk = Desk::at(&site);
        let mut child = desk.command(&["run", "wait.yaml", "--yes"]).spawn().unwrap();
        eventually("it waits for the site", || desk.is_at("site", "applied"));
        for _ in 0..times {
            send(&child, Signal::INT);
            std::thread::sleep(Duration::from_millis(300));
        }
        if waited {
            assert_eq!(child.try_wait().unwrap(), None, "what is running is finished first");
            site.comes_up();
        }
        assert_eq!(end_of(&mut child).code(), Some(130));
        let state = |action: &str| desk.action(action).unwrap()["state"].as_str().unwrap().to_owned();
        assert_eq!(state("one/site") == "done", waited, "{}", desk.status());
        assert_eq!(state("two/site"), "pending");
    }
}
