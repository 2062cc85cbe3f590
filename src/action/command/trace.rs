//! How a command stands on its host, as `host.sh` tells it.

/// The last beginning of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trace {
    /// Which beginning it is, from 1; 0 when there was none.
    pub(super) last: u32,
    /// The last that was not made sure never to begin; 0 when there was none.
    pub(super) begun: u32,
    /// How it stands.
    pub(super) stands: Stands,
    /// Whether it has left processes behind, though it has ended.
    pub(super) left: bool,
    /// Where it is kept.
    pub(super) folder: String,
    /// Why it was ended by us; nothing when it came to its end by itself.
    pub(super) stopped: Option<String>,
    /// Whether somebody has been told of its end.
    pub(super) told: bool,
    /// How many bytes it has printed.
    pub(super) printed: u64,
    /// The last line it has printed.
    pub(super) says: String,
}

/// How a beginning stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// There was none.
    Never,
    /// Somebody is at it, or was cut off before the command began.
    Starting,
    /// It was made sure that the command never begins.
    Void,
    /// It runs.
    Running,
    /// It ended with this status; 128 and a signal's number when a signal ended it.
    Ended(i32),
    /// It began, runs no more, and nothing was written down: the host went down, or somebody killed all of it.
    Gone,
}

impl Trace {
    /// Reads what the host says; nothing when that is something else.
    pub(super) fn read(told: &str) -> Option<Self> {
        let field = |name: &str| told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let stands = match field("state")? {
            "none" => Stands::Never,
            "starting" => Stands::Starting,
            "void" => Stands::Void,
            "running" => Stands::Running,
            "ended" => Stands::Ended(field("status")?.parse().ok()?),
            "gone" => Stands::Gone,
            _ => return None,
        };
        Some(Self {
            last: field("last")?.parse().ok()?,
            begun: field("begun").map_or(Some(0), |number| number.parse().ok())?,
            stands,
            left: field("left").is_some(),
            folder: field("folder").unwrap_or_default().to_owned(),
            stopped: field("stopped").map(str::to_owned),
            told: field("told").is_some(),
            printed: field("printed").and_then(|n| n.parse().ok()).unwrap_or(0),
            says: field("says").unwrap_or_default().chars().filter(|c| !c.is_control()).collect(),
        })
    }

    /// Whether its last beginning, beyond those that are settled, is one.
    pub(super) fn has_begun(&self, settled: u32) -> bool {
        self.last > settled && !matches!(self.stands, Stands::Never | Stands::Void)
    }

    /// Whether it has begun at any time, beyond those beginnings that are settled.
    pub(super) fn was_begun(&self, settled: u32) -> bool {
        self.begun > settled
    }

    /// Whether something of it goes on.
    pub(super) fn goes_on(&self) -> bool {
        matches!(self.stands, Stands::Starting | Stands::Running)
    }

    /// Whether anything of it is there to be ended: it goes on, or has left processes behind.
    pub(super) fn still_runs(&self) -> bool {
        self.goes_on() || self.left
    }

    /// How it ended, in an operator's words.
    pub(super) fn ended(&self) -> String {
        let how = match self.stands {
            Stands::Ended(126) => "exit status 126: the program cannot be executed".to_owned(),
            Stands::Ended(127) => "exit status 127: no such program there".to_owned(),
            Stands::Ended(status @ 129..=192) => {
                format!("exit status {status}: as a rule, ended by signal {}", signal(status - 128))
            }
            Stands::Ended(status) => format!("exit status {status}"),
            Stands::Gone => "gone without a trace".to_owned(),
            Stands::Never | Stands::Void => "not begun".to_owned(),
            Stands::Starting | Stands::Running => "not ended".to_owned(),
        };
        match &self.stopped {
            Some(why) => format!("ended by `runbook` because of {why}; {how}"),
            None => how,
        }
    }
}

/// A signal's name, where everybody knows it by that.
fn signal(number: i32) -> String {
    let name = match number {
        1 => "HUP",
        2 => "INT",
        6 => "ABRT",
        9 => "KILL",
        11 => "SEGV",
        13 => "PIPE",
        15 => "TERM",
        _ => return number.to_string(),
    };
    format!("{number} ({name})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_says_is_read() {
        let ended =
            Trace::read("last=2\nstate=ended\nfolder=/f\nstatus=137\nstopped=its deadline\nprinted=3\nsays=a=b\n");
        let ended = ended.unwrap();
        assert_eq!((ended.last, ended.stands, ended.says.as_str()), (2, Stands::Ended(137), "a=b"));
        assert!(ended.ended().contains("its deadline") && ended.ended().contains("9 (KILL)"), "{}", ended.ended());
        let never = Trace::read("last=0\nstate=none").unwrap();
        assert!(!never.has_begun(0) && !never.told);
        for odd in ["", "state=none", "last=1\nstate=ended", "last=1\nstate=lost", "last=x\nstate=none"] {
            assert_eq!(Trace::read(odd), None, "{odd}");
        }
    }
}
