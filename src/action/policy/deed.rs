//! What a policy is made of: the actions of a plan with what is known of them, and where they are to happen.

use crate::model::{ActionKind, Foretold, ValueType};
use std::collections::BTreeMap;

/// One action of a plan, as far as it is known beforehand.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed {
    /// `step/action`, for notes.
    pub path: String,
    /// What it does.
    pub kind: ActionKind,
    /// Its parameters.
    pub parameters: Foretold,
    /// For each parameter that is another action's output: that action. A target's is that of its instance.
    pub origins: BTreeMap<String, Origin>,
}

/// The action that gives a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// What it does.
    pub kind: ActionKind,
    /// Its parameters, as far as they are known.
    pub parameters: Foretold,
}

/// Where the actions happen, and what no input tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySurroundings {
    /// The region.
    pub region: String,
    /// The account, twelve digits; any account when not given.
    pub account: Option<String>,
    /// The role of the server's instance profile.
    pub instance_role: InstanceRole,
    /// The ARN of the customer-managed KMS key that encrypts the server's volumes.
    pub kms_key: Option<String>,
    /// The ARN of the IAM user or role that will plan and run.
    pub principal: Option<String>,
}

/// The role that a clone is given by its instance profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum InstanceRole {
    /// Nobody said.
    #[default]
    Unknown,
    /// The server has no instance profile.
    None,
    /// The role's name, with its path where it has one.
    Named(String),
}

/// What a policy is to allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `runbook plan`: reading only.
    Plan,
    /// `runbook run` and `resume` going forward; planning included.
    Run,
    /// `runbook rollback`.
    Rollback,
    /// All of them.
    All,
}

/// What is known of a thing that a parameter names.
pub(super) enum Subject<'d> {
    /// Its id.
    Known(&'d str),
    /// It is created by this action, and bears the run's tag.
    Made(&'d Origin),
    /// It exists already, and is found out by the run.
    Unknown,
}

impl Deed {
    /// A parameter that is a text and known.
    pub(in crate::action) fn text(&self, name: &str) -> Option<&str> {
        self.parameters.known_text(&[name])
    }

    /// What a parameter names.
    pub(super) fn subject(&self, name: &str) -> Subject<'_> {
        let made = || self.origins.get(name).filter(|origin| origin.creates());
        match (self.text(name), made()) {
            (Some(known), _) => Subject::Known(known),
            (None, Some(origin)) => Subject::Made(origin),
            (None, None) => Subject::Unknown,
        }
    }

    /// The instance it works on: `instance`, or that of its target; of a check, the one it starts if it fails.
    pub(super) fn instance(&self) -> Subject<'_> {
        match self.parameters.known_text(&["on", "instance"]) {
            Some(id) => Subject::Known(id),
            None if self.origins.contains_key("on") => self.subject("on"),
            None if self.kind == ActionKind::NextcloudCheck => self.subject("start_if_it_fails"),
            None => self.subject("instance"),
        }
    }

    /// Whether it connects to a host whose address EC2 is asked for.
    pub(super) fn reaches_an_instance(&self) -> bool {
        let by_instance =
            |target: &Foretold| target.get("instance").is_some() && target.known_text(&["address"]) != Some("id");
        self.kind.spec().params.iter().any(|p| match (&p.value_type, self.parameters.get(p.name)) {
            (ValueType::Target, Some(target)) => by_instance(&target),
            (ValueType::List(item), Some(targets)) if **item == ValueType::Target => {
                targets.items().iter().any(|target| by_instance(target))
            }
            _ => false,
        })
    }
}

impl Origin {
    /// Whether what it gives is created by it, and bears the run's tag.
    fn creates(&self) -> bool {
        use ActionKind as K;
        matches!(
            self.kind,
            K::InstanceClone
                | K::ImageCreate
                | K::SecurityGroupCreate
                | K::TargetGroupCreate
                | K::LoadBalancerCreate
                | K::CertificateRequest
                | K::RdsSnapshot
        )
    }

    /// A parameter of it that is a text and known.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.parameters.known_text(&[name])
    }
}
