//! Starting the emulated account: the Python files inside this program are written to a folder of the region and
//! run from the cached environment.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use crate::rehearsal::emulator::client::{API_PORT, EmulatorClient};
use crate::rehearsal::error::{RehearsalError, tail};
use crate::rehearsal::file::write;
use crate::rehearsal::machine::tool::PATH;
use crate::rehearsal::region::network::REGION_ADDRESS;
use crate::rehearsal::region::spec::RegionPlaces;

/// Python and the emulator's libraries load in two seconds; a loaded machine may take much longer.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// What the environment is made from; see `venv.rs`.
pub(in crate::rehearsal) const REQUIREMENTS: &str = include_str!("requirements.txt");

macro_rules! embedded {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!($name))),*] };
}

const FILES: &[(&str, &str)] = embedded![
    "serve.py",
    "acm.py",
    "addresses.py",
    "ask.py",
    "callers_name.json",
    "callers_name.py",
    "contract.py",
    "control.py",
    "db_snapshots.py",
    "dispatch.py",
    "documented.py",
    "ec2.py",
    "elbv2.py",
    "fitness.py",
    "iam.py",
    "images.py",
    "lean.py",
    "pace.json",
    "pace.py",
    "pages.py",
    "parameters.py",
    "quotas.py",
    "rds.py",
    "route53.py",
    "security_groups.py",
    "seed.py",
    "shapes.py",
    "simulate.py",
    "state.py",
    "targets.py",
    "view.py",
    "visibility.py",
];

/// Starts the emulator and returns when it answers.
pub(in crate::rehearsal) async fn start(
    venv: &Path,
    places: &RegionPlaces,
) -> Result<(Child, EmulatorClient), RehearsalError> {
    let folder = places.emulator();
    for (name, text) in FILES {
        write(&folder.join(name), text)?;
    }
    let log = places.log("emulator.log");
    let out = std::fs::File::create(&log).map_err(RehearsalError::file("create", &log))?;
    let err = out.try_clone().map_err(RehearsalError::file("open", &log))?;
    let python = venv.join("bin/python");
    let mut child = Command::new(&python)
        .args(["serve.py", "--host", &REGION_ADDRESS.to_string(), "--port", &API_PORT.to_string()])
        .current_dir(&folder)
        .env_clear()
        .env("PATH", PATH)
        .env("LC_ALL", "C.UTF-8")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .process_group(0) // Ctrl-C is for the region, which ends the emulator last
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| RehearsalError::ProgramUnstartable { program: python.display().to_string(), source })?;
    let client = EmulatorClient::new()?;
    let started = Instant::now();
    loop {
        if tokio::net::TcpStream::connect((REGION_ADDRESS, API_PORT)).await.is_ok() {
            return Ok((child, client));
        }
        if child.try_wait().ok().flatten().is_some() || started.elapsed() > START_DEADLINE {
            return Err(RehearsalError::TooLate {
                what: "the emulated account did not come up".to_owned(),
                after: started.elapsed(),
                said: tail(&log, 20),
            });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::FILES;

    #[test]
    fn every_file_of_the_emulator_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rehearsal/emulator");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            // Its own tests and what they share stay at home.
            .filter(|name| name.ends_with(".py") || name.ends_with(".json"))
            .filter(|name| !name.starts_with("test_") && name != "case.py")
            .collect();
        let mut embedded: Vec<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        there.sort();
        embedded.sort();
        assert_eq!(there, embedded);
    }
}
