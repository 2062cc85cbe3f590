//! Whether what a look before the run has missed comes with an earlier action of the plan: a unit that is written before its service is
//! started, a package that is installed before its configuration is edited.
//!
//! Promises: pure. Only an action that is done before in every case counts, and only on the same host. What is known to bring it is told
//! apart from a command that may bring anything.
//! Not handled: what a command on this machine, or a request, does on a host.

use super::resources::{place_of, touched};
use super::{Plan, Resource, Sequence};
use crate::model::{ActionPath, BroughtBy, Lacking, Property, UNIT_FOLDERS};

/// The action that brings what `action` lacks, of those that are yet to act; one that is known to before one that may, and the first of
/// these: it makes what others only change.
#[must_use]
pub fn brought(
    plan: &Plan,
    action: &ActionPath,
    lacking: &Lacking,
    is_to_act: impl Fn(&ActionPath) -> bool,
) -> Option<BroughtBy> {
    let sequence = Sequence::of(plan);
    let place = plan.actions.iter().position(|planned| planned.action == *action)?;
    let host = place_of(plan, &lacking.on);
    let mut may = None;
    for (earlier, planned) in plan.actions.iter().enumerate().take(place) {
        let Some(definition) = plan.definition(&planned.action).filter(|_| is_to_act(&planned.action)) else {
            continue;
        };
        let any_deed = definition.kind.properties().contains(&Property::IsAnyDeed);
        let works_on = touched(plan, definition);
        let brings = works_on.iter().filter_map(|resource| match resource {
            Resource::Host { host: whole } => (any_deed && *whole == host).then_some(false),
            Resource::OnHost { host: on, what } => (*on == host && holds(what, &lacking.what)).then_some(true),
            Resource::Thing(_) => None,
        });
        let Some(is_sure) = brings.max() else { continue };
        if !sequence.leads_to(earlier, place) {
            continue;
        }
        let brought_by = BroughtBy { action: planned.action.clone(), is_sure };
        if is_sure {
            return Some(brought_by);
        }
        may.get_or_insert(brought_by);
    }
    may
}

/// Whether who works on the first brings the second: the same, what is in a folder, or the unit of a service.
fn holds(what: &str, lacking: &str) -> bool {
    let file = |text: &str| text.strip_prefix("file ").map(str::to_owned);
    match (file(what), file(lacking), lacking.strip_prefix("service ")) {
        _ if what == lacking => true,
        (Some(folder), Some(path), _) => path.strip_prefix(&folder).is_some_and(|rest| rest.starts_with('/')),
        (Some(path), None, Some(service)) => path.rsplit_once('/').is_some_and(|(folder, name)| {
            UNIT_FOLDERS.contains(&folder) && (name == service || name.strip_suffix(".service") == Some(service))
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn a_file_brings_itself_what_is_below_it_and_its_service() {
        for (what, lacking) in [
            ("file /etc/a.conf", "file /etc/a.conf"),
            ("file /srv/app/2", "file /srv/app/2/app.conf"),
            ("file /etc/systemd/system/tick.service", "service tick"),
            ("file /lib/systemd/system/tick.timer", "service tick.timer"),
            ("service redis", "service redis"),
        ] {
            assert!(holds(what, lacking), "{what} {lacking}");
        }
        for (what, lacking) in [
            ("file /etc/a.conf", "file /etc/a.conf.d/x"),
            ("file /etc/a", "file /etc/ab"),
            ("file /etc/systemd/system/tick.service.d/x.conf", "service tick"),
            ("file /etc/tick.service", "service tick"),
            ("file /etc/systemd/system/tick.timer", "service tick"),
            ("service redis", "service redis-sentinel"),
            ("the configuration of nginx", "file /etc/nginx/nginx.conf"),
        ] {
            assert!(!holds(what, lacking), "{what} {lacking}");
        }
    }
}
