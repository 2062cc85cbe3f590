//! haproxy as a process: started with its first configuration, reloaded without losing a request, asked and told
//! things over its socket, ended.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use crate::rehearsal::balancer::config::state_file;
use crate::rehearsal::error::{RehearsalError, tail};
use crate::rehearsal::file::write;
use crate::rehearsal::machine::tool::{PATH, Tool};

const RELOAD_DEADLINE: Duration = Duration::from_secs(10);
const ANSWER_DEADLINE: Duration = Duration::from_secs(3);

/// One haproxy: a master that keeps the listening sockets and a worker that is replaced at each reload.
pub(in crate::rehearsal) struct Haproxy {
    configuration: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    process: Option<Child>,
}

impl Haproxy {
    /// A haproxy that does not run yet.
    pub(in crate::rehearsal) fn new(configuration: PathBuf, log: PathBuf) -> Self {
        // Under /run: a socket's path may not be long, and the region's folder may be anywhere.
        Self { configuration, socket: PathBuf::from("/run/lab-balancer.sock"), log, process: None }
    }

    /// The socket its configuration has to name.
    pub(in crate::rehearsal) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(in crate::rehearsal) fn runs(&self) -> bool {
        self.process.is_some()
    }

    /// Takes a configuration over, in which servers are in these states at first, or ends when it is empty. A text that haproxy
    /// refuses changes nothing.
    pub(in crate::rehearsal) async fn take(&mut self, text: &str, states: &str) -> Result<(), RehearsalError> {
        if text.is_empty() {
            self.end().await;
            return Ok(());
        }
        write(&state_file(&self.socket), states)?;
        let next = self.configuration.with_extension("next");
        write(&next, text)?;
        Tool::new("haproxy").args(["-c", "-q", "-f"]).arg(&next).run().await?;
        std::fs::rename(&next, &self.configuration)
            .map_err(RehearsalError::file("put in place", &self.configuration))?;
        let worker_before = self.worker().await;
        match self.master() {
            Some(master) => kill_process(master, Signal::USR2)
                .map_err(|error| RehearsalError::file("reload", &self.configuration)(error.into()))?,
            None => self.process = Some(self.start()?),
        }
        let started = Instant::now();
        while started.elapsed() < RELOAD_DEADLINE {
            let worker = self.worker().await;
            if worker.is_some() && worker != worker_before {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(RehearsalError::TooLate {
            what: "the balancer did not take its new configuration".to_owned(),
            after: RELOAD_DEADLINE,
            said: tail(&self.log, 10),
        })
    }

    fn start(&self) -> Result<Child, RehearsalError> {
        let out = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .map_err(RehearsalError::file("open", &self.log))?;
        let err = out.try_clone().map_err(RehearsalError::file("open", &self.log))?;
        Command::new("haproxy")
            .args(["-W", "-db", "-f"])
            .arg(&self.configuration)
            .env_clear()
            .env("PATH", PATH)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .process_group(0) // Ctrl-C is for the region, which ends haproxy itself
            .spawn()
            .map_err(|source| RehearsalError::ProgramUnstartable { program: "haproxy".to_owned(), source })
    }

    fn master(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.process.as_ref()?.id()?).ok()?)
    }

    /// The process id of the worker, which is another one after each reload.
    async fn worker(&self) -> Option<String> {
        self.process.as_ref()?;
        let info = self.ask("show info\n").await.ok()?;
        info.lines().find_map(|line| line.strip_prefix("Pid: ").map(str::to_owned))
    }

    /// Sends one order to the worker and answers what it says.
    pub(in crate::rehearsal) async fn ask(&self, order: &str) -> Result<String, RehearsalError> {
        let talk = async {
            let mut stream = UnixStream::connect(&self.socket).await?;
            stream.write_all(order.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            Ok(answer)
        };
        match tokio::time::timeout(ANSWER_DEADLINE, talk).await {
            Ok(answer) => answer.map_err(RehearsalError::file("ask", &self.socket)),
            Err(_) => Err(RehearsalError::TooLate {
                what: format!("the balancer did not answer `{}`", order.trim()),
                after: ANSWER_DEADLINE,
                said: tail(&self.log, 10),
            }),
        }
    }

    /// Ends master and workers; a straggler ends with the region.
    pub(in crate::rehearsal) async fn end(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        if let Some(master) = process.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            let _ = kill_process(master, Signal::TERM); // gone already is what is wanted
        }
        let _ = tokio::time::timeout(ANSWER_DEADLINE, process.wait()).await;
    }
}
