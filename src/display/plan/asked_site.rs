//! The site that is asked while a run is under way, worded the same for every form of a plan.

use crate::display::pending_value::parameter;
use crate::display::table::wrapped;
use crate::display::time::duration;
use crate::model::{Millis, SiteProbe, Value};
use crate::plan::Plan;
use serde_json::json;

/// What is asked, and how often; nothing where the runbook names no site.
pub(in crate::display) fn told(plan: &Plan) -> Option<String> {
    let site = plan.runbook.site.as_ref()?;
    let every = duration(Millis::try_from(site.every_ms).unwrap_or(Millis::MAX));
    let given: Vec<String> =
        site.with.iter().map(|(name, given)| format!("{name}: {}", parameter(plan, None, name, given))).collect();
    Some(format!("asked every {every} while a run is under way (not with --no-probe): {}", given.join(", ")))
}

/// The line of the plan for people.
pub(in crate::display) fn text(plan: &Plan) -> String {
    told(plan).map_or_else(String::new, |told| format!("\n{}", wrapped("", &format!("the site is {told}"))))
}

/// The same for programs: `asks`, `with`, `every_ms`; null without a site.
pub(in crate::display) fn json(plan: &Plan) -> Value {
    let one = |site: &SiteProbe| {
        let with: serde_json::Map<String, Value> = site
            .with
            .iter()
            .map(|(name, given)| (name.clone(), Value::from(parameter(plan, None, name, given).to_string())))
            .collect();
        json!({ "asks": SiteProbe::KIND, "with": with, "every_ms": site.every_ms })
    };
    plan.runbook.site.as_ref().map_or(Value::Null, one)
}
