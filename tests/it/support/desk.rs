//! The program at a desk without a world: operators type commands in a folder, with runbooks that only ask.

use serde_json::Value;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// A runbook that asks two people, and uses nothing else of the world.
pub(crate) const RUNBOOK: &str = "runbook: ask\ntitle: ask two people\nabout: It only asks.\ninputs:\n  \
                       what: { type: string, about: what is judged, default: the weather }\nsteps:\n  - id: first\n    \
                       title: ask the first\n    why: To know.\n    actions:\n      - id: kim\n        \
                       do: gate.approve\n        with:\n          prompt: is ${{ inputs.what }} good?\n  - id: second\n    \
                       title: ask the second\n    why: To be sure.\n    actions:\n      - id: otto\n        \
                       do: gate.approve\n        with:\n          prompt: is it?\n";

/// A folder in which operators type.
pub(crate) struct Desk {
    pub(crate) folder: tempfile::TempDir,
}

/// What a command left.
pub(crate) struct Ran {
    code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Desk {
    /// One on which `ask.yaml` lies.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ask.yaml"), RUNBOOK).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// An operator types a command; nobody is there to be asked.
    pub(crate) fn types(&self, user: &str, arguments: &[&str]) -> Ran {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_runbook"))
            .env_clear()
            .envs(self.environment(user))
            .current_dir(self.folder.path())
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// The same at a terminal, where somebody answers.
    pub(crate) fn types_at_a_terminal(&self, user: &str, arguments: &[&str]) -> Terminal {
        let argv = [&[env!("CARGO_BIN_EXE_runbook")], arguments].concat().join(" ");
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &argv, "/dev/null"]);
        script.env_clear().envs(self.environment(user)).current_dir(self.folder.path());
        let child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        Terminal { child, said: String::new() }
    }

    /// A command with nothing of this process's environment but what finds programs.
    pub(crate) fn dressed<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("TERM", "xterm").envs(self.environment("hana"));
        command.current_dir(self.folder.path())
    }

    fn environment(&self, user: &str) -> [(&'static str, PathBuf); 3] {
        [("HOME", self.folder.path().to_owned()), ("RUNBOOK_STATE", self.path("state")), ("USER", user.into())]
    }

    /// A plan that hana has made and saved.
    pub(crate) fn planned() -> Self {
        let desk = Self::new();
        desk.types("hana", &["plan", "ask.yaml", "--out", "plan.json"]).exits(0);
        desk
    }

    /// Changes the saved plan as a program would that knows the form, and saves it in that form.
    pub(crate) fn edit(&self, change: impl FnOnce(&mut Value)) {
        let mut value: Value = serde_json::from_str(&self.read("plan.json")).unwrap();
        change(&mut value);
        self.write("plan.json", &format!("{value}\n"));
    }

    /// All runs.
    pub(crate) fn runs(&self) -> Value {
        serde_json::from_str(&self.types("hana", &["--format", "json", "runs"]).exits(0).stdout).unwrap()
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        let said = format!("{}{}", self.stdout, self.stderr);
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(text), "`{text}` is not in what was said:\n{said}");
        self
    }
}

/// A command at a terminal that waits for an answer.
pub(crate) struct Terminal {
    child: Child,
    said: String,
}

impl Terminal {
    /// Reads until these words are on the screen.
    #[track_caller]
    pub(crate) fn shows(mut self, words: &str) -> Self {
        let mut byte = [0];
        let mut bytes = Vec::new();
        while !self.said.contains(words) {
            let read = self.child.stdout.as_mut().unwrap().read(&mut byte).unwrap();
            assert_ne!(read, 0, "`{words}` is not in what was said:\n{}", self.said);
            bytes.push(byte[0]);
            self.said = String::from_utf8_lossy(&bytes).into_owned();
        }
        self
    }

    /// Types a line.
    pub(crate) fn types(mut self, line: &str) -> Self {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
        self
    }

    /// Types a line and waits for the end.
    pub(crate) fn answers(mut self, line: &str) -> Ran {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
        let output = self.child.wait_with_output().unwrap();
        let rest = String::from_utf8_lossy(&output.stdout);
        Ran { code: output.status.code(), stdout: self.said + &rest, stderr: String::new() }
    }
}
