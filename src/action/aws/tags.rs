//! EC2's tags and filters, in the forms the SDK wants.

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};

/// The tag that says which run is at work on an instance. Not the tag of what a run created: a server that one run made
/// can be worked on by another, and must not lose its maker's tag when that one is done.
pub(in crate::action) const CLAIM_TAG: &str = "runbook:claim";

/// The tags for a resource of this type that a call is about to create.
pub(super) fn specification(kind: ResourceType, tags: &[(String, String)]) -> TagSpecification {
    let tags = tags.iter().map(|(key, value)| tag(key, value)).collect();
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags)).build()
}

/// One tag.
pub(super) fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

/// Tags as pairs.
pub(super) fn pairs(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().filter_map(|tag| Some((tag.key()?, tag.value().unwrap_or_default())))
}

/// The value of one tag.
pub(in crate::action) fn value<'t>(tags: &'t [Tag], key: &str) -> Option<&'t str> {
    pairs(tags).find(|(k, _)| *k == key).map(|(_, value)| value)
}

/// A filter of a Describe call.
pub(in crate::action) fn filter(name: impl Into<String>, values: &[&str]) -> Filter {
    Filter::builder().name(name).set_values(Some(values.iter().map(|v| (*v).to_owned()).collect())).build()
}
