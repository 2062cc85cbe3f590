//! The scripts by themselves, under each shell that a host may have, as a plain user.

use super::{HOST, KEEPER};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Somebody who owns nothing of this machine.
const NOBODY: u32 = 65_534;
/// What the scripts use of a host.
const TOOLS: &[&str] = &[
    "sh", "mkdir", "cat", "mv", "ls", "id", "dd", "wc", "tail", "tr", "rm", "date", "sleep", "find", "kill", "touch",
    "grep", "cp",
];

/// A home, and the programs that are on the path.
struct Machine {
    folder: tempfile::TempDir,
    tools: Tools,
}

#[derive(Debug, Clone, Copy)]
enum Tools {
    /// This shell, and the system's programs.
    With(&'static str),
    /// Nothing but busybox.
    Busybox,
    /// No `setsid`.
    Bare,
}

const EVERY: [Tools; 4] = [Tools::With("/usr/bin/dash"), Tools::With("/usr/bin/bash"), Tools::Busybox, Tools::Bare];

impl Machine {
    fn new(tools: Tools) -> Self {
        let folder = tempfile::Builder::new().prefix("runbook-keep-").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let machine = Self { folder, tools };
        let (bin, home) = (machine.path("bin"), machine.path("home"));
        fs::create_dir(&bin).unwrap();
        fs::create_dir(&home).unwrap();
        match tools {
            Tools::With(shell) => symlink(shell, bin.join("sh")).unwrap(),
            Tools::Busybox => {
                let install = Command::new("busybox").arg("--install").arg("-s").arg(&bin).status();
                assert!(install.expect("busybox is installed").success());
            }
            Tools::Bare => TOOLS.iter().for_each(|tool| symlink(format!("/usr/bin/{tool}"), bin.join(tool)).unwrap()),
        }
        if rustix::process::geteuid().is_root() {
            chown(&home, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn kept(&self, name: &str) -> PathBuf {
        self.path("home/.local/state/runbook").join(name)
    }

    /// The question as a session of sshd asks it.
    fn asking(&self, words: &[&str]) -> Command {
        let mut command = Command::new("/usr/bin/setsid");
        command.arg("--wait").arg(self.path("bin/sh")).args(["-c", HOST, "runbook"]).args(words);
        let more = if matches!(self.tools, Tools::With(_)) { ":/usr/bin:/bin" } else { "" };
        command.env_clear().env("PATH", format!("{}{more}", self.path("bin").display()));
        command.env("HOME", self.path("home")).env("OUT", self.path("home/count")).current_dir(self.path("home"));
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.stdin(Stdio::null());
        command
    }

    fn asked(&self, words: &[&str]) -> Output {
        self.asking(words).output().unwrap()
    }

    #[track_caller]
    fn ask(&self, words: &[&str]) -> String {
        let output = self.asked(words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{:?}: {words:?}: {said}", self.tools);
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn begin(&self, name: &str, body: &str) -> String {
        self.ask(&["begin", name, "1", KEEPER, "sh", "-c", body])
    }

    /// Looks until the command stands like this.
    #[track_caller]
    fn comes_to(&self, name: &str, state: &str) -> String {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let told = self.ask(&["look", name]);
            if told.contains(&format!("state={state}\n")) {
                return told;
            }
            assert!(Instant::now() < end, "{:?}: {name} is not {state}: {told}", self.tools);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn bodies(&self) -> usize {
        fs::read_to_string(self.path("home/count")).unwrap_or_default().lines().count()
    }

    /// Its process group, and whatever else tells it.
    fn group(&self, folder: &str) -> Vec<String> {
        let text = fs::read_to_string(self.kept(folder).join("group")).unwrap();
        text.split_whitespace().map(str::to_owned).collect()
    }
}

#[test]
fn of_fifty_who_begin_it_at_once_one_does() {
    for tools in EVERY {
        let machine = Machine::new(tools);
        let body = "echo x >>$OUT; sleep 1; echo end";
        let racer = || machine.asking(&["begin", "a", "1", KEEPER, "sh", "-c", body]).stdout(Stdio::null()).spawn();
        let racers: Vec<_> = (0..50).map(|_| racer().unwrap()).collect();
        racers.into_iter().for_each(|mut racer| assert!(racer.wait().unwrap().success(), "{tools:?}"));
        machine.comes_to("a", "ended");
        assert_eq!(machine.bodies(), 1, "{tools:?}");
        assert_eq!(machine.ask(&["read", "a", "out", "2"]), "en");
        // Nor ever again under this number.
        assert!(machine.begin("a", body).contains("state=ended"));
        assert_eq!(machine.bodies(), 1, "{tools:?}");
    }
}

#[test]
fn each_end_is_known_and_what_was_said() {
    for tools in EVERY {
        let machine = Machine::new(tools);
        let ends = |name: &str, body: &str| {
            machine.begin(name, body);
            machine.comes_to(name, "ended")
        };
        let told = ends("a", "printf '1\\r2\\n3 \\\\n'; echo bad >&2; exit 3");
        assert!(told.contains("status=3\n") && told.contains("says=3 \\n\n"), "{tools:?}: {told}");
        assert_eq!(machine.ask(&["last", "a", "err", "9"]), "bad\n");
        assert!(ends("b", "kill -KILL $$").contains("status=137\n"), "{tools:?}");
        machine.ask(&["begin", "c", "1", KEEPER, "no-such-program"]);
        assert!(machine.comes_to("c", "ended").contains("status=127\n"), "{tools:?}");
        machine.ask(&["begin", "d", "1", KEEPER, "/etc/passwd"]);
        assert!(machine.comes_to("d", "ended").contains("status=126\n"), "{tools:?}");
        // A program, whatever shells know by its name.
        machine.ask(&["begin", "e", "1", KEEPER, "exit", "0"]);
        assert!(machine.comes_to("e", "ended").contains("status=127\n"), "{tools:?}");
        let mode = fs::metadata(machine.kept("a.1")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{tools:?}");
    }
}

/// What a command says while it runs is shown, on standard error too.
#[test]
fn what_it_said_last_is_told_while_it_runs() {
    for tools in EVERY {
        let machine = Machine::new(tools);
        machine.begin("a", "echo first; sleep 1; echo second >&2; sleep 1; echo third; sleep 9");
        for said in ["first", "second", "third"] {
            let end = Instant::now() + Duration::from_secs(30);
            while !machine.ask(&["look", "a"]).contains(&format!("says={said}\n")) {
                assert!(Instant::now() < end, "{tools:?}: {said}");
            }
        }
        machine.ask(&["end", "a", "it is enough"]);
    }
}

#[test]
fn it_is_ended_with_all_its_processes_and_says_why() {
    let ends = |tools: Tools| {
        let machine = Machine::new(tools);
        machine.begin("a", "trap 'echo caught; exit 9' TERM; sleep 99 & echo up; wait");
        machine.begin("b", "trap '' TERM; while :; do sleep 1; done");
        while !machine.ask(&["look", "a"]).contains("says=up") {}
        let told = machine.ask(&["end", "a", "its deadline"]);
        assert!(told.contains("status=9\n") && told.contains("stopped=its deadline\n"), "{tools:?}: {told}");
        let told = machine.ask(&["end", "b", "its undo"]);
        assert!(told.contains("state=ended\n") && told.contains("status=137\n"), "{tools:?}: {told}");
        for folder in ["a.1", "b.1"] {
            let group = format!("-{}", machine.group(folder)[0]);
            assert!(!Command::new("kill").args(["-0", "--", &group]).output().unwrap().status.success(), "{tools:?}");
        }
        // What has ended is not ended again.
        assert!(!machine.ask(&["end", "b", "another"]).contains("another"));
    };
    std::thread::scope(|scope| EVERY.map(|tools| scope.spawn(move || ends(tools))).map(|it| it.join().unwrap()));
}

/// What a command leaves behind in its group is ended before it begins once more, when it is taken back, and also when all else of
/// it was cleared away; as long as it is there, the number of the group is nobody else's.
#[test]
fn what_it_leaves_behind_is_ended_with_it() {
    let leaves = |tools: Tools| {
        let machine = Machine::new(tools);
        let runs = |folder: &str| {
            let group = format!("-{}", machine.group(folder)[0]);
            Command::new("kill").args(["-0", "--", &group]).output().unwrap().status.success()
        };
        let body = "(trap '' HUP; sleep 97) >/dev/null 2>&1 & echo up; exit 75";
        machine.begin("never", "exit 0");
        assert!(!machine.comes_to("never", "ended").contains("left="), "{tools:?}");
        machine.begin("a", body);
        assert!(machine.comes_to("a", "ended").contains("left=yes\n"), "{tools:?}");
        assert!(runs("a.1"), "{tools:?}");
        machine.ask(&["begin", "a", "2", KEEPER, "sh", "-c", body]);
        machine.comes_to("a", "ended");
        assert!(!runs("a.1") && runs("a.2"), "{tools:?}: there is one of them");
        let ended = machine.ask(&["end", "a", "its undo"]);
        assert!(!ended.contains("left=") && !ended.contains("stopped=") && !runs("a.2"), "{tools:?}: {ended}");
        machine.begin("b", body);
        machine.comes_to("b", "ended");
        machine.ask(&["clear", "b"]);
        assert!(machine.ask(&["close", "b"]).contains("state=none\nbegun=1\nleft=yes\n"), "{tools:?}");
        assert!(runs("b.closed"), "{tools:?}");
        machine.ask(&["end", "b", "its undo"]);
        assert!(!runs("b.closed"), "{tools:?}");
        assert!(!machine.ask(&["look", "b"]).contains("left="), "{tools:?}");
    };
    std::thread::scope(|scope| EVERY.map(|tools| scope.spawn(move || leaves(tools))).map(|it| it.join().unwrap()));
}

#[test]
fn what_is_gone_without_a_trace_is_told_so() {
    for tools in EVERY {
        let machine = Machine::new(tools);
        let end = |folder: &str| {
            let group = format!("-{}", machine.group(folder)[0]);
            assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
        };
        machine.begin("a", "sleep 99");
        machine.comes_to("a", "running");
        end("a.1");
        machine.comes_to("a", "gone");
        // Another boot; and a number that belongs to another process by now.
        for (name, word, is) in [("b", 3, "another-boot"), ("c", 1, "1")] {
            machine.begin(name, "sleep 99");
            machine.comes_to(name, "running");
            let folder = format!("{name}.1");
            let was = machine.group(&folder);
            let mut noted = was.clone();
            noted[word] = is.to_owned();
            fs::write(machine.kept(&folder).join("group"), noted.join(" ") + "\n").unwrap();
            machine.comes_to(name, "gone");
            assert!(machine.ask(&["end", name, "x"]).contains("state=gone\n"), "{tools:?}");
            fs::write(machine.kept(&folder).join("group"), was.join(" ") + "\n").unwrap();
            machine.comes_to(name, "running");
            end(&folder);
        }
    }
}

#[test]
fn what_is_void_never_begins_and_what_has_begun_is_not_made_void() {
    for tools in EVERY {
        let machine = Machine::new(tools);
        assert!(machine.ask(&["look", "a"]).contains("state=none\n"), "{tools:?}");
        assert!(!machine.path("home/.local").exists(), "a look makes nothing");
        assert!(machine.ask(&["void", "a", "1"]).contains("state=void\n"), "{tools:?}");
        assert!(machine.begin("a", "echo x >>$OUT").contains("state=void\n"), "{tools:?}");
        // Cut off between the folder and the command.
        fs::create_dir(machine.kept("b.1")).unwrap();
        if rustix::process::geteuid().is_root() {
            chown(machine.kept("b.1"), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        assert!(machine.ask(&["look", "b"]).contains("state=starting\n"), "{tools:?}");
        assert!(machine.ask(&["void", "b", "1"]).contains("state=void\n"), "{tools:?}");
        assert_eq!(machine.bodies(), 0, "{tools:?}");
        machine.begin("c", "echo x >>$OUT; sleep 1");
        assert!(machine.ask(&["void", "c", "1"]).contains("state=running\n"), "{tools:?}");
        machine.comes_to("c", "ended");
        assert_eq!(machine.bodies(), 1, "{tools:?}");
    }
}

#[test]
fn what_is_closed_begins_no_more_whatever_its_number() {
    for tools in EVERY {
        let machine = Machine::new(tools);
        machine.begin("a", "echo x >>$OUT; sleep 1");
        assert!(machine.ask(&["close", "a"]).contains("state=running\n"), "{tools:?}");
        machine.comes_to("a", "ended");
        let again = machine.ask(&["begin", "a", "2", KEEPER, "sh", "-c", "echo x >>$OUT"]);
        assert!(again.contains("state=void\n"), "{tools:?}: {again}");
        assert!(machine.ask(&["close", "b"]).contains("state=none\n"), "{tools:?}");
        assert!(machine.begin("b", "echo x >>$OUT").contains("state=void\n"), "{tools:?}");
        assert_eq!(machine.bodies(), 1, "{tools:?}");
    }
}

#[test]
fn what_is_cleared_away_begins_no_more_and_is_known_to_have_begun() {
    for tools in EVERY {
        let machine = Machine::new(tools);
        machine.begin("a", "echo x >>$OUT");
        machine.comes_to("a", "ended");
        machine.ask(&["begin", "a", "2", KEEPER, "sh", "-c", "echo x >>$OUT"]);
        machine.comes_to("a", "ended");
        machine.ask(&["void", "a", "3"]);
        assert!(machine.ask(&["look", "a"]).contains("state=void\nbegun=2\n"), "{tools:?}");
        machine.ask(&["clear", "a"]);
        let left =
            fs::read_dir(machine.kept("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert_eq!(left.collect::<Vec<_>>(), ["a.closed"], "{tools:?}");
        for number in ["1", "2", "3", "4"] {
            let late = machine.ask(&["begin", "a", number, KEEPER, "sh", "-c", "echo x >>$OUT"]);
            assert!(late.contains("state=none\nbegun=2\n"), "{tools:?}: {late}");
        }
        assert!(machine.ask(&["close", "a"]).contains("begun=2\n"), "{tools:?}");
        machine.ask(&["clear", "a"]);
        assert!(machine.ask(&["look", "a"]).contains("begun=2\n"), "{tools:?}");
        assert_eq!(machine.bodies(), 2, "{tools:?}");
        machine.begin("b", "sleep 3");
        assert!(!machine.asked(&["clear", "b"]).status.success(), "{tools:?}: it still runs");
        machine.comes_to("b", "ended");
        machine.ask(&["clear", "never"]);
        assert!(!machine.kept("never.closed").exists(), "{tools:?}: there was nothing");
    }
}

#[test]
fn nothing_is_kept_where_others_can_put_names() {
    for tools in EVERY {
        let machine = Machine::new(tools);
        let set = |path: PathBuf, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let refused = |why: &str| {
            let output = machine.asked(&["begin", "a", "1", KEEPER, "touch", "/nothing"]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.code() == Some(70) && said.contains(why), "{tools:?}: {said}");
        };
        set(machine.path("home"), 0o777);
        refused("others can put names into");
        set(machine.path("home"), 0o755);
        machine.begin("b", "exit 0");
        machine.comes_to("b", "ended");
        set(machine.kept(""), 0o755);
        refused("not ours alone");
        set(machine.kept(""), 0o700);
        set(machine.path("home/.local"), 0o777);
        refused("others can put names into");
        assert!(!machine.kept("a.1").exists());
        let odd = machine.asked(&["look", "../a"]);
        assert_eq!(odd.status.code(), Some(70), "{tools:?}");
    }
}

#[test]
fn what_ended_long_ago_is_swept_by_the_next_that_begins() {
    for tools in EVERY {
        let machine = Machine::new(tools);
        for name in ["old", "older", "new"] {
            machine.begin(name, "echo x");
            machine.comes_to(name, "ended");
        }
        machine.begin("still", "sleep 5");
        for (name, days) in [("old.1", 40), ("older.1", 400), ("still.1", 400)] {
            let date = format!("{days} days ago");
            assert!(Command::new("touch").args(["-d", &date]).arg(machine.kept(name)).status().unwrap().success());
        }
        machine.begin("next", "exit 0");
        machine.comes_to("next", "ended");
        let is = |path: &str| machine.kept(path).exists();
        assert!(is("new.1/out") && is("still.1/out") && is("old.1/status"), "{tools:?}");
        assert!(!is("old.1/out") && !is("older.1"), "{tools:?}");
        machine.ask(&["tidy", "new"]);
        assert!(!is("new.1/out") && is("new.1/status"), "{tools:?}");
    }
}
