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
    let conflict = |(earlier, later): (usize, usize), resource: Resource| {
        let path = |place: usize| plan.actions.get(place).map(|planned| planned.action.clone());
        Some(Conflict { earlier: path(earlier)?, later: path(later)?, resource })
    };
    let unordered = |earlier: usize, later: usize| earlier != later && !sequence.leads_to(earlier, later);
    // In sequence: if each leads to the next, each leads to every later one.
    let of_alike = alike.into_iter().find_map(|(resource, places)| {
        let pair = places.windows(2).find_map(|pair| match pair {
            [earlier, later] if unordered(*earlier, *later) => Some((*earlier, *later)),
            _ => None,
        });
        conflict(pair?, resource)
    });
    of_alike.or_else(|| {
        on_hosts.into_iter().find_map(|(host, places)| {
            let pair = beside_the_whole(&places, unordered);
            conflict(pair?, Resource::Host { host })
        })
    })
}

/// The first pair of which one works on all of a host while the other works on it.
fn beside_the_whole(places: &[(usize, bool)], unordered: impl Fn(usize, usize) -> bool) -> Option<(usize, usize)> {
    let (mut whole, mut parts): (Option<usize>, Vec<usize>) = (None, Vec::new());
    for (place, is_whole) in places {
        let before =
            if *is_whole && !parts.is_empty() { std::mem::take(&mut parts) } else { whole.into_iter().collect() };
        if let Some(earlier) = before.into_iter().find(|earlier| unordered(*earlier, *place)) {
            return Some((earlier, *place));
        }
        if *is_whole {
            whole = Some(*place);
        } else {
            parts.push(*place);
        }
    }
    None
}
