//! What others must know of a kind of action, and would else know it by name for.

use super::ActionKind;

/// Something that a kind of action has to do with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Property {
    /// It talks to AWS, and so needs the runbook's `region`.
    NeedsAws,
    /// It talks to AWS where a parameter asks for it ([`ASKS_AWS`]).
    MayNeedAws,
    /// It gives the runbook's tags to what it makes.
    GivesTags,
    /// It only looks up what it gives: that is known before a run.
    LooksUp,
    /// It learns the key of the host in its `on`, and does without one.
    LearnsHostKey,
    /// It asks a person, always.
    Asks,
    /// It asks a person for a record, and to take it back, where its `zone` is `external`.
    AsksForRecord,
    /// It asks a person about a host's key where its `by` is `approve`.
    AsksAboutHostKey,
    /// It stops its `service`, its `instance`, or the host in its `on`, which stays so.
    Stops,
    /// It starts an instance, and of its services those that start at boot.
    StartsInstance,
    /// It starts its `service`.
    StartsService,
    /// It is another deed each time: how long one took says nothing of the next.
    IsAnyDeed,
    /// It runs by itself, on the host in its `on` or on this machine, under the action's token, and outlives whoever began it.
    RunsByItself,
    /// It only looks, waits or asks, and changes nothing of the world.
    OnlyLooks,
    /// What it has done cannot be seen afterwards.
    CannotBeSeen,
    /// It only looks where its parameter `reads` says so.
    MayOnlyRead,
    /// It looks by what the runbook says, a command of its author too.
    Probes,
    /// It releases what its first parameter names.
    Releases,
    /// It removes what an earlier action of the run has made.
    Removes,
}

/// Outputs that say how it went, and name nothing that is there now.
pub const EVIDENCE: &[&str] = &["sha256", "backup_sha256", "stdout", "status", "fingerprint"];

/// Parameters with which a kind that else does without AWS needs it, and so the runbook's `region`.
pub const ASKS_AWS: &[&str] = &["target_health"];

impl ActionKind {
    /// Whether every action of this kind talks to AWS, and so needs the runbook's `region`.
    #[must_use]
    pub fn needs_aws(self) -> bool {
        self.properties().contains(&Property::NeedsAws)
    }

    /// Whether actions of the kind give the runbook's tags to what they make.
    #[must_use]
    pub fn gives_tags(self) -> bool {
        self.properties().contains(&Property::GivesTags)
    }

    /// Whether what an action of this kind gives is known before a run: it only looks it up.
    #[must_use]
    pub fn looks_up(self) -> bool {
        self.properties().contains(&Property::LooksUp)
    }

    /// Whether an action of this kind only takes away what another has made or claimed.
    #[must_use]
    pub fn takes_away(self) -> bool {
        [Property::Releases, Property::Removes].iter().any(|it| self.properties().contains(it))
    }

    /// Whether what one action of this kind took says nothing of another.
    #[must_use]
    pub fn is_any_deed(self) -> bool {
        self.properties().contains(&Property::IsAnyDeed)
    }

    /// Whether an action of this kind runs by itself on its host, and outlives whoever began it.
    #[must_use]
    pub fn runs_by_itself(self) -> bool {
        self.properties().contains(&Property::RunsByItself)
    }

    /// Whether an action of this kind learns a host's key, and does without one.
    #[must_use]
    pub fn learns_host_key(self) -> bool {
        self.properties().contains(&Property::LearnsHostKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_stands_at_a_kind_with_the_parameters_that_it_speaks_of() {
        for kind in ActionKind::ALL {
            let spec = kind.spec();
            let has = |name: &str| spec.params.iter().any(|param| param.name == name);
            for property in kind.properties() {
                let fits = match property {
                    Property::NeedsAws
                    | Property::Asks
                    | Property::GivesTags
                    | Property::OnlyLooks
                    | Property::CannotBeSeen
                    | Property::IsAnyDeed => true,
                    Property::MayNeedAws => ASKS_AWS.iter().any(|name| has(name)),
                    Property::MayOnlyRead => has("reads"),
                    Property::Probes => has("argv"),
                    Property::LooksUp => !spec.outputs.is_empty(),
                    Property::LearnsHostKey => has("on"),
                    Property::RunsByItself => has("argv"),
                    Property::AsksForRecord => has("zone"),
                    Property::AsksAboutHostKey => has("on") && has("by"),
                    Property::Stops => has("service") || has("instance") || has("on"),
                    Property::StartsInstance => has("instance"),
                    Property::StartsService => has("service"),
                    Property::Releases | Property::Removes => spec.params.first().is_some_and(|param| param.required),
                };
                assert!(fits, "{kind}: {property:?}");
            }
        }
    }
}
