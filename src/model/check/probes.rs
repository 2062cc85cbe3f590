//! Which checks are probes: what can be asked again and again in the middle of a run, and held by a guard.

use super::super::ParamSpec;
use super::CheckKind;

impl CheckKind {
    /// Whether it is a probe. The others ask what is true before a run, and may not be in the middle of it.
    #[must_use]
    pub fn is_probe(self) -> bool {
        matches!(self, Self::ProbeHolds | Self::HttpAnswers | Self::InstanceRunning)
    }

    /// All probes.
    pub fn probes() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|kind| kind.is_probe())
    }

    /// The parameters of a guard of this kind: those of the check, without what only says how a row is judged.
    #[must_use]
    pub fn params_of_guard(self) -> Vec<ParamSpec> {
        self.spec().params.into_iter().filter(|param| param.name != "verdict").collect()
    }
}
