//! What the world is to be like, by the actions of the flagship that are done; whatever the order they were done in.

use std::collections::BTreeSet;

/// The type of both servers afterwards.
pub(in crate::rehearsal) const SMALL: &str = "t3.small";

/// How the world is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rehearsal) struct ExpectedWorld {
    /// The actions that are done, `step/action`; nothing when all are.
    done: Option<BTreeSet<String>>,
    /// Whether the original has its old type, though there are two servers.
    pub(in crate::rehearsal) keeps_old_type: bool,
}

/// How the servers are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rehearsal) enum Servers {
    /// The original alone, running or not, with this type.
    One { running: bool, small: bool },
    /// Both; the original may be stopped.
    Two { running: bool },
}

impl ExpectedWorld {
    /// When exactly these are done.
    pub(in crate::rehearsal) fn when(done: impl IntoIterator<Item = String>) -> Self {
        Self { done: Some(done.into_iter().collect()), keeps_old_type: false }
    }

    /// As after the last one.
    pub(in crate::rehearsal) fn finished() -> Self {
        Self { done: None, keeps_old_type: false }
    }

    /// But the operator has accepted the original with its old type.
    pub(in crate::rehearsal) fn with_the_original_as_it_was(self) -> Self {
        Self { keeps_old_type: true, ..self }
    }

    fn has(&self, action: &str) -> bool {
        self.done.as_ref().is_none_or(|done| done.contains(action))
    }

    /// As before the run.
    pub(in crate::rehearsal) fn at_the_start(&self) -> bool {
        self.done.as_ref().is_some_and(BTreeSet::is_empty)
    }

    pub(in crate::rehearsal) fn servers(&self) -> Servers {
        let stopped = self.has("shut-down/shut-down") && !self.has("clone-server/start-original");
        let lost = self.has("failover-test/stop-web-1") && !self.has("failover-test/start-web-1");
        match self.has("clone-server/clone") {
            true => Servers::Two { running: !stopped && !lost },
            false => Servers::One { running: !stopped, small: self.has("clone-server/start-original") },
        }
    }

    /// Whether the web server of the original serves: it is on, and nginx was not stopped for good.
    pub(in crate::rehearsal) fn original_is_on(&self) -> bool {
        matches!(self.servers(), Servers::One { running: true, .. } | Servers::Two { running: true })
    }

    pub(in crate::rehearsal) fn multi_az(&self) -> bool {
        self.has("rds-multi-az/multi-az")
    }

    pub(in crate::rehearsal) fn image(&self) -> bool {
        self.has("clone-server/create-image")
    }

    pub(in crate::rehearsal) fn balancer_group(&self) -> bool {
        self.has("load-balancer/balancer-group")
    }

    pub(in crate::rehearsal) fn target_group(&self) -> bool {
        self.has("load-balancer/target-group")
    }

    pub(in crate::rehearsal) fn balancer(&self) -> bool {
        self.has("load-balancer/balancer")
    }

    /// Both servers are in the target group, and a listener sends requests there: it asks for their health.
    pub(in crate::rehearsal) fn both_serve(&self) -> bool {
        self.has("certificate/both-healthy") && matches!(self.servers(), Servers::Two { running: true })
    }

    /// The balancer's listeners, in the order of their protocols.
    pub(in crate::rehearsal) fn listeners(&self) -> Vec<&'static str> {
        let all = [("redirect/http-listener", "HTTP:80 redirect"), ("certificate/https-listener", "HTTPS:443 forward")];
        all.into_iter().filter(|(action, _)| self.has(action)).map(|(_, told)| told).collect()
    }

    pub(in crate::rehearsal) fn certificate(&self) -> bool {
        self.has("certificate/request")
    }

    pub(in crate::rehearsal) fn certificate_issued(&self) -> bool {
        self.has("certificate/issued")
    }

    /// The name points at the balancer.
    pub(in crate::rehearsal) fn moved(&self) -> bool {
        self.has("certificate/point-name")
    }

    pub(in crate::rehearsal) fn validation_record(&self) -> bool {
        self.has("certificate/validation-record")
    }

    /// Visitors of port 80 reach the balancer, and are sent on.
    pub(in crate::rehearsal) fn redirects(&self) -> bool {
        self.moved() && self.has("redirect/admit-http") && self.has("redirect/http-listener")
    }

    pub(in crate::rehearsal) fn cron_is_active(&self) -> bool {
        !self.has("stop-cron/hide-cron-file") || self.has("restore-cron/show-cron-file")
    }

    pub(in crate::rehearsal) fn nginx_is_edited(&self) -> bool {
        self.has("edit-nginx/offload-tls")
    }

    pub(in crate::rehearsal) fn config_is_edited(&self) -> bool {
        self.has("patch-config-php/set-config")
    }

    pub(in crate::rehearsal) fn claimed(&self) -> bool {
        self.has("stop-cron/claim") && !self.has("restore-cron/release")
    }

    /// The site answers at its name.
    pub(in crate::rehearsal) fn serves(&self) -> bool {
        self.moved() || !self.has("edit-nginx/stop-nginx")
    }
}
