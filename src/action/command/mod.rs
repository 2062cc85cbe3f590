//! Commands of a runbook's author: what they are given, how they run, are found again, judged, ended and taken back.
//!
//! `ssh.run` and `local.run` are one [`Errand`] at two places. A deed is kept where it runs ([`KeptCommand`]): begun under a name, apart
//! from the connection, with its output and its end in files.

mod end;
mod errand;
mod forward;
mod given;
mod kept;
mod kinds;
mod look;
mod station;
mod take_back;
mod trace;

use errand::Errand;
use given::Given;
use kept::KeptCommand;
pub(super) use look::CommandProbe;
use station::{Station, station_user};
use trace::{Stands, Trace};
