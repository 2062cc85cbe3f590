//! What the balancer's own checks say about each target, in the words of `DescribeTargetHealth`.

use std::time::Duration;

use crate::rehearsal::balancer::config::TargetPlace;

/// A judgement about a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHealth {
    /// `healthy`, `unhealthy` or `initial`.
    pub state: &'static str,
    /// ELBv2's reason code; empty when healthy.
    pub reason: &'static str,
    /// ELBv2's description; empty when healthy.
    pub description: String,
}

impl ServerHealth {
    fn healthy() -> Self {
        Self { state: "healthy", reason: "", description: String::new() }
    }

    pub(in crate::rehearsal) fn initial() -> Self {
        Self {
            state: "initial",
            reason: "Elb.InitialHealthChecking",
            description: "Initial health checks in progress".to_owned(),
        }
    }
}

/// A target and what the balancer thinks of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetCheck {
    /// The target group's ARN.
    pub target_group: String,
    /// The instance.
    pub id: String,
    /// The port it is registered with.
    pub port: u16,
    /// The judgement.
    pub health: ServerHealth,
}

/// One server's line of the balancer's statistics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rehearsal) struct ServerLine {
    pub(in crate::rehearsal) backend: String,
    pub(in crate::rehearsal) server: String,
    /// `UP`, `DOWN`, `UP 1/2`, ...
    status: String,
    /// `L7OK`, `L7STS`, `L4TOUT`, ...; empty or `INI` before the first check has ended.
    check: String,
    code: String,
}

/// Reads the CSV of `show stat`.
pub(in crate::rehearsal) fn read(statistics: &str) -> Vec<ServerLine> {
    let mut lines = statistics.lines();
    let head = fields(lines.next().unwrap_or_default().trim_start_matches("# "));
    let column = |name: &str| head.iter().position(|field| field == name);
    let columns = ["pxname", "svname", "status", "check_status", "check_code"].map(column);
    let [Some(backend), Some(server), Some(status), Some(check), Some(code)] = columns else { return Vec::new() };
    lines
        .map(fields)
        .filter_map(|line| {
            let field = |at: usize| line.get(at).cloned();
            Some(ServerLine {
                backend: field(backend)?,
                server: field(server)?,
                status: field(status)?,
                // A check under way is shown by a star before the last one's result.
                check: field(check)?.trim_start_matches("* ").to_owned(),
                code: field(code)?,
            })
        })
        .collect()
}

impl ServerLine {
    fn up(&self) -> bool {
        self.status.starts_with("UP")
    }

    fn unchecked(&self) -> bool {
        matches!(self.check.as_str(), "" | "INI" | "UNK")
    }

    /// Whether a check is under way that has taken the code of the one before away and has none of its own yet. haproxy shows
    /// `* L7STS` and 0 then, for as long as the target takes to answer.
    fn between_codes(&self) -> bool {
        self.check == "L7STS" && matches!(self.code.as_str(), "" | "0")
    }

    fn passed(&self) -> bool {
        matches!(self.check.as_str(), "L7OK" | "L7OKC" | "L6OK" | "L4OK")
    }

    /// Whether a target seen for the first time has passed its first check: the real balancer asks for no second
    /// one then.
    pub(in crate::rehearsal) fn may_be_taken_up(&self, before: &ServerHealth) -> bool {
        before.state == "initial" && !self.up() && self.passed()
    }

    /// The judgement, from the one before and how long the target has been known.
    pub(in crate::rehearsal) fn judge(
        &self,
        before: &ServerHealth,
        known_for: Duration,
        place: &TargetPlace,
    ) -> ServerHealth {
        if self.unchecked() || self.between_codes() {
            return before.clone();
        }
        match (self.up(), self.passed()) {
            (true, true) => ServerHealth::healthy(),
            // Between two thresholds: the last word stands.
            (true, false) | (false, true) => before.clone(),
            (false, false) if before.state == "initial" && known_for < place.patience => before.clone(),
            (false, false) => self.failure(),
        }
    }

    fn failure(&self) -> ServerHealth {
        let (reason, description) = match self.check.as_str() {
            "L7STS" => {
                ("Target.ResponseCodeMismatch", format!("Health checks failed with these codes: [{}]", self.code))
            }
            "L4TOUT" | "L6TOUT" | "L7TOUT" => ("Target.Timeout", "Request timed out".to_owned()),
            _ => ("Target.FailedHealthChecks", "Health checks failed".to_owned()),
        };
        ServerHealth { state: "unhealthy", reason, description }
    }
}

/// One CSV line's fields; a quoted one may hold commas.
fn fields(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => out.push(String::new()),
            _ => {
                if let Some(field) = out.last_mut() {
                    field.push(letter);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(status: &str, check: &str, code: &str) -> ServerLine {
        let text = format!(
            "# pxname,svname,status,check_status,check_code,last_chk,\ngroup_web,10.0.0.1:80,{status},{check},{code},\"a, b\",\n"
        );
        read(&text).remove(0)
    }

    fn place() -> TargetPlace {
        TargetPlace {
            target_group: "arn".into(),
            id: "i-1".into(),
            port: 80,
            backend: "group_web".into(),
            server: "10.0.0.1:80".into(),
            tls: false,
            registration: 1,
            patience: Duration::from_secs(3),
        }
    }

    #[test]
    fn a_judgement_has_the_reasons_of_the_api() {
        let late = Duration::from_secs(10);
        let judge = |line: &ServerLine, before: &ServerHealth| line.judge(before, late, &place());
        let initial = ServerHealth::initial();
        assert_eq!(judge(&line("UP", "L7OK", "200"), &initial), ServerHealth::healthy());
        let wrong_code = judge(&line("DOWN", "L7STS", "400"), &initial);
        assert_eq!(wrong_code.reason, "Target.ResponseCodeMismatch");
        assert_eq!(wrong_code.description, "Health checks failed with these codes: [400]");
        assert_eq!(judge(&line("DOWN", "L4TOUT", ""), &initial).reason, "Target.Timeout");
        assert_eq!(judge(&line("DOWN", "* L4CON", ""), &initial).reason, "Target.FailedHealthChecks");
    }

    #[test]
    fn between_two_thresholds_the_last_word_stands() {
        let late = Duration::from_secs(10);
        assert_eq!(
            line("UP 1/2", "L7STS", "500").judge(&ServerHealth::healthy(), late, &place()),
            ServerHealth::healthy()
        );
        assert_eq!(line("UP", "INI", "").judge(&ServerHealth::healthy(), late, &place()), ServerHealth::healthy());
        let failed = line("DOWN", "L7STS", "400").judge(&ServerHealth::initial(), late, &place());
        assert_eq!(line("DOWN", "* L7STS", "0").judge(&failed, late, &place()), failed, "the next check is under way");
        assert_eq!(line("DOWN", "* L7STS", "400").judge(&ServerHealth::initial(), late, &place()), failed);
        assert_eq!(
            line("DOWN 1/2", "L7OK", "200").judge(&ServerHealth::initial(), late, &place()),
            ServerHealth::initial()
        );
    }

    #[test]
    fn a_new_target_has_time_and_needs_one_good_check() {
        let failing = line("DOWN", "L4CON", "");
        assert_eq!(failing.judge(&ServerHealth::initial(), Duration::from_secs(1), &place()), ServerHealth::initial());
        assert!(!failing.may_be_taken_up(&ServerHealth::initial()));
        assert!(line("DOWN 1/5", "L7OK", "200").may_be_taken_up(&ServerHealth::initial()));
        assert!(!line("DOWN 1/5", "L7OK", "200").may_be_taken_up(&failing.failure()));
    }
}
