//! Which two actions of a plan may run at the same time and would work on the same.

use super::resources::touched;
use super::{Conflict, Order, Plan, Resource, Sequence};
use std::collections::BTreeMap;
/// Who works on a host, in the plan's sequence: all of it, or something on it.
type OnHost = BTreeMap<String, Vec<(usize, bool)>>;

/// The first conflict of a plan; none where one action runs at a time.
pub(super) fn conflict(plan: &Plan) -> Option<Conflict> {
    if plan.order == Order::Article {
        return None;
    }
    let sequence = Sequence::of(plan);
    let (mut on_hosts, mut alike): (OnHost, BTreeMap<Resource, Vec<usize>>) = Default::default();
    for (place, planned) in plan.actions.iter().enumerate() {
        let Some(action) = plan.definition(&planned.action) else { continue };
        for resource in touched(plan, action) {
            match &resource {
                Resource::Host { host } => on_hosts.entry(host.clone()).or_default().push((place, true)),
                Resource::OnHost { host, .. } => {
                    on_hosts.entry(host.clone()).or_default().push((place, false));
                    alike.entry(resource).or_default().push(place);
                }
                Resource::Thing(_) => alike.entry(resource).or_default().push(place),
            }
        }
    }
    // In sequence: if each leads to the next, each leads to every later one.
    let alike = alike.into_iter().map(|(resource, places)| (resource, neighbours(&places)));
    let on_hosts = on_hosts.into_iter().map(|(host, places)| (Resource::Host { host }, beside_the_whole(&places)));
    let all: Vec<(Resource, Vec<(usize, usize)>)> = alike.chain(on_hosts).collect();
    let pairs: Vec<(usize, usize)> = all.iter().flat_map(|(_, pairs)| pairs.iter().copied()).collect();
    let unordered = sequence.lead(&pairs).into_iter().position(|leads| !leads)?;
    let (earlier, later) = *pairs.get(unordered)?;
    let mut counted = 0;
    let resource = all.into_iter().find_map(|(resource, pairs)| {
        counted += pairs.len();
        (unordered < counted).then_some(resource)
    })?;
    let path = |place: usize| plan.actions.get(place).map(|planned| planned.action.clone());
    Some(Conflict { earlier: path(earlier)?, later: path(later)?, resource })
}

/// Each place with the next one, but for one that comes twice.
fn neighbours(places: &[usize]) -> Vec<(usize, usize)> {
    places.iter().copied().zip(places.iter().copied().skip(1)).filter(|(earlier, later)| earlier != later).collect()
}

/// The pairs of which one works on all of a host while the other works on it, as far as the others do not follow from them.
fn beside_the_whole(places: &[(usize, bool)]) -> Vec<(usize, usize)> {
    let (mut whole, mut parts): (Option<usize>, Vec<usize>) = (None, Vec::new());
    let mut pairs = Vec::new();
    for (place, is_whole) in places {
        let before =
            if *is_whole && !parts.is_empty() { std::mem::take(&mut parts) } else { whole.into_iter().collect() };
        pairs.extend(before.into_iter().filter(|earlier| earlier != place).map(|earlier| (earlier, *place)));
        if *is_whole {
            whole = Some(*place);
        } else {
            parts.push(*place);
        }
    }
    pairs
}
