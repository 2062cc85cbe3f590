//! One look at something that is to be so: a port, an answer over HTTP, a file, a balancer's verdict on its targets, a command's end. Used for waiting (`wait.for`) and
//! as a check before a run (`probe.holds`).
//!
//! Promises: a look changes nothing of ours, has an end, and tells what was seen in one line without secrets. That nothing answers is
//! something that was seen, no failure; a host that cannot be reached is one.

mod file;
mod http;
mod kinds;
mod port;
mod probed;
mod targets;

use crate::action::Lines;
use crate::action::command::CommandProbe;
use crate::model::{Failure, FileProbe, HttpProbe, PortProbe, Target, TargetsProbe, Text, tell};
pub(super) use http::{HttpAnswer, ask, missing};
use probed::Probed;

/// What is looked at.
enum What<'a> {
    Port(&'a PortProbe),
    Http(&'a HttpProbe),
    File(&'a FileProbe),
    Targets(&'a TargetsProbe),
    Command(Box<CommandProbe<'a>>),
}

/// A probe, and where it is made.
struct Probe<'a> {
    on: Option<&'a Target>,
    as_root: bool,
    what: What<'a>,
}

impl Probe<'_> {
    async fn look(&self, lines: &Lines<'_>) -> Result<Probed, Failure> {
        match &self.what {
            What::Port(port) => port::look(lines, self.on, port).await,
            What::Http(http) => http::look(lines, http).await,
            What::File(file) => file::look(lines, self.on, self.as_root, file).await,
            What::Targets(targets) => targets::look(lines, targets).await,
            What::Command(command) if lines.holds_commands() => {
                Ok(Probed { holds: None, told: format!("not run: {}", command.held()) })
            }
            What::Command(command) => {
                let (holds, told) = command.look(lines).await?;
                Ok(Probed::new(holds, told))
            }
        }
    }

    /// What is to be so.
    fn wanted(&self) -> Text {
        let place = self.on.map_or("this machine", |host| host.name.as_str());
        match &self.what {
            What::Port(port) => {
                let does = if port.open { "takes connections" } else { "takes no connections" };
                tell!("port {} of {} {}, tried from {}", port.port, port.host, does, place)
            }
            What::Http(http) => http::wanted(http),
            What::File(file) => file::wanted(file, place),
            What::Targets(targets) => targets::wanted(targets),
            What::Command(command) => command.wanted(),
        }
    }
}
