//! How a balancer judges targets by its own check.

use super::probed::Probed;
use crate::action::Lines;
use crate::action::aws::{health_in, short_name};
use crate::model::{Failure, TargetsProbe, Text, tell};

pub(super) fn wanted(probe: &TargetsProbe) -> Text {
    let names = Text::joined(probe.instances.iter().map(|instance| tell!("`{}`", instance)), " and ");
    let verb = if probe.instances.len() == 1 { "is" } else { "are" };
    tell!("{} {} `{}` in target group `{}`", names, verb, probe.state, short_name(&probe.target_group))
}

/// Reads AWS's verdicts. That there is no such group is a failure: waiting for it would be in vain.
pub(super) async fn look(lines: &Lines<'_>, probe: &TargetsProbe) -> Result<Probed, Failure> {
    let aws = lines.aws().await?;
    let verdicts = health_in(&aws, &probe.target_group, &probe.instances).await?;
    let of = |id: &str| verdicts.iter().find(|verdict| verdict.instance == id);
    let seen = probe.instances.iter().map(|instance| match of(instance.as_str()) {
        Some(verdict) => (verdict.is(&probe.state), verdict.told()),
        None => (false, format!("target `{instance}` is not told of")),
    });
    let (so, not_so): (Vec<_>, Vec<_>) = seen.partition(|(holds, _)| *holds);
    let holds = not_so.is_empty();
    let told = if holds { so } else { not_so };
    Ok(Probed::new(holds, told.into_iter().map(|(_, told)| told).collect::<Vec<_>>().join("; ")))
}
