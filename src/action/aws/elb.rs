//! What the load balancing actions share: tags and look-ups by name.

use super::answers::{failed, said};
use crate::access::{Aws, AwsError};
use crate::action::Context;
use crate::model::{Arn, Failure, Text};
use aws_sdk_elasticloadbalancingv2::types::{Listener, LoadBalancer, Tag, TargetGroup};

/// A resource of Elastic Load Balancing does not exist.
pub(super) const NOT_FOUND: &[&str] =
    &["LoadBalancerNotFound", "TargetGroupNotFound", "ListenerNotFound", "RuleNotFound"];

/// The tags of something created.
pub(super) fn tags(cx: &Context<'_>, name: &str) -> Option<Vec<Tag>> {
    Some(cx.tags(Some(name)).into_iter().map(|(k, v)| Tag::builder().key(k).value(v).build()).collect())
}

async fn run_tags(aws: &Aws, arn: &str) -> Result<Vec<(String, String)>, Failure> {
    match aws.read.elb.describe_tags().resource_arns(arn).send().await.map_err(AwsError::from) {
        Ok(answer) => {
            let what = || format!("a tag of `{}`", short(arn));
            let tag = |t: &Tag| Ok((said(t.key(), what())?.to_owned(), said(t.value(), what())?.to_owned()));
            answer.tag_descriptions().iter().flat_map(|described| described.tags()).map(tag).collect()
        }
        Err(e) if e.is(NOT_FOUND) => Ok(Vec::new()),
        Err(e) => Err(e.failure(format!("cannot read the tags of `{}`", short(arn)))),
    }
}

/// Whether this run made the resource: what this very action gave out before is its own, also while its tags lag behind;
/// otherwise the tag decides.
pub(super) async fn is_ours(cx: &Context<'_>, aws: &Aws, arn: &str) -> Result<bool, Failure> {
    if cx.call().outputs.values().any(|output| output == arn) {
        return Ok(true);
    }
    let tags = settled_tags(cx, aws, arn).await?;
    Ok(cx.is_ours(tags.iter().map(|(k, v)| (k.as_str(), v.as_str()))))
}

/// Looks at something that shows no tag at all before it counts as one without: tags may come later than what bears them.
const TAG_LOOKS: u32 = 3;

async fn settled_tags(cx: &Context<'_>, aws: &Aws, arn: &str) -> Result<Vec<(String, String)>, Failure> {
    for _ in 1..TAG_LOOKS {
        let tags = run_tags(aws, arn).await?;
        if !tags.is_empty() {
            return Ok(tags);
        }
        cx.pause().await;
    }
    run_tags(aws, arn).await
}

/// Whether a resource that a create call answered with is somebody else's: AWS gives an existing one of the same name and
/// settings as if it had made it. No tags at all are those of a new one that are not shown yet.
pub(super) async fn is_foreign(cx: &Context<'_>, aws: &Aws, arn: &str) -> Result<bool, Failure> {
    let tags = run_tags(aws, arn).await?;
    Ok(!tags.is_empty() && !cx.is_ours(tags.iter().map(|(k, v)| (k.as_str(), v.as_str()))))
}

/// The balancer of this name.
pub(in crate::action) async fn balancer(aws: &Aws, name: &str) -> Result<Option<LoadBalancer>, Failure> {
    let mut found = aws.read.elb.describe_load_balancers().names(name).into_paginator().items().send();
    match found.next().await.transpose().map_err(AwsError::from) {
        Ok(found) => Ok(found),
        Err(e) if e.is(NOT_FOUND) => Ok(None),
        Err(e) => Err(e.failure(format!("cannot look for load balancer `{name}`"))),
    }
}

/// The target group of this name.
pub(in crate::action) async fn target_group(aws: &Aws, name: &str) -> Result<Option<TargetGroup>, Failure> {
    let mut found = aws.read.elb.describe_target_groups().names(name).into_paginator().items().send();
    match found.next().await.transpose().map_err(AwsError::from) {
        Ok(found) => Ok(found),
        Err(e) if e.is(NOT_FOUND) => Ok(None),
        Err(e) => Err(e.failure(format!("cannot look for target group `{name}`"))),
    }
}

/// The target group of an ARN: itself, or where `target-group.delete` was taken back the one that has its name since, when this
/// run made it. None when there is neither.
pub(super) async fn group_now(cx: &Context<'_>, aws: &Aws, group: &Arn) -> Result<Option<TargetGroup>, Failure> {
    let name = short(group.as_str());
    let found = aws.read.elb.describe_target_groups().target_group_arns(group.as_str()).send().await;
    match found.map_err(AwsError::from) {
        Ok(found) if !found.target_groups().is_empty() => return Ok(found.target_groups().first().cloned()),
        Ok(_) => {}
        Err(e) if e.is(NOT_FOUND) => {}
        Err(e) => return Err(e.failure(format!("cannot look for target group `{name}`"))),
    }
    made_again(cx, aws, group).await
}

/// The target group of this run that has the name of one that is gone.
async fn made_again(cx: &Context<'_>, aws: &Aws, gone: &Arn) -> Result<Option<TargetGroup>, Failure> {
    let name = short(gone.as_str());
    let Some(found) = target_group(aws, name).await? else { return Ok(None) };
    let arn = said(found.target_group_arn(), format_args!("which target group is `{name}`"))?;
    Ok(if is_ours(cx, aws, arn).await? { Some(found) } else { None })
}

/// The ARN of that target group, for who cannot do without it.
pub(super) async fn group_arn(cx: &Context<'_>, aws: &Aws, group: &Arn) -> Result<Arn, Failure> {
    let name = short(group.as_str());
    let found = group_now(cx, aws, group).await?.ok_or_else(|| gone(group))?;
    arn_of(said(found.target_group_arn(), format_args!("which target group is `{name}`"))?)
}

/// The failure of who cannot do without a target group that is not there.
pub(super) fn gone(group: &Arn) -> Failure {
    Failure::permanent(format!("there is no target group `{}`", short(group.as_str())))
        .cause(format!("TargetGroupNotFound: {group}"))
}

/// The ARN of that group, for who has heard that the one it knows is gone.
pub(super) async fn arn_made_again(cx: &Context<'_>, aws: &Aws, gone: &Arn) -> Result<Option<Arn>, Failure> {
    let found = made_again(cx, aws, gone).await?;
    let arn = found.as_ref().and_then(TargetGroup::target_group_arn).filter(|arn| *arn != gone.as_str());
    arn.map(arn_of).transpose()
}

/// An ARN of AWS's answers.
pub(super) fn arn_of(text: &str) -> Result<Arn, Failure> {
    Arn::try_from(text.to_owned())
        .map_err(|error| Failure::permanent("AWS names something by no ARN").cause(error.to_string()))
}

/// The listener of an ARN.
pub(super) async fn listener_of(aws: &Aws, arn: &Arn) -> Result<Option<Listener>, Failure> {
    match aws.read.elb.describe_listeners().listener_arns(arn.as_str()).send().await.map_err(AwsError::from) {
        Ok(found) => Ok(found.listeners().first().cloned()),
        Err(e) if e.is(NOT_FOUND) => Ok(None),
        Err(e) => Err(e.failure(format!("cannot read the listener of `{}`", short(arn.as_str())))),
    }
}

/// The listener of a balancer on a port; none when there is no such balancer either.
pub(super) async fn listener(aws: &Aws, balancer: &str, port: u16) -> Result<Option<Listener>, Failure> {
    let mut pages = aws.read.elb.describe_listeners().load_balancer_arn(balancer).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = match page.map_err(AwsError::from) {
            Err(e) if e.is(NOT_FOUND) => return Ok(None),
            page => page.map_err(|e| e.failure(format!("cannot list the listeners of `{}`", short(balancer))))?,
        };
        for found in page.listeners() {
            if said(found.port(), format_args!("the port of a listener of `{}`", short(balancer)))? == i32::from(port) {
                return Ok(Some(found.clone()));
            }
        }
    }
    Ok(None)
}

/// Whether attributes read as wanted.
fn reads_as<'a>(have: impl IntoIterator<Item = (&'a str, &'a str)>, wanted: &[(&str, String)]) -> bool {
    let have: Vec<_> = have.into_iter().collect();
    wanted.iter().all(|(key, value)| have.contains(&(*key, value.as_str())))
}

/// Whether a target group has these attributes, read anew.
pub(super) async fn group_attributes_fit(aws: &Aws, arn: &str, wanted: &[(&str, String)]) -> Result<bool, Failure> {
    let answer = aws.read.elb.describe_target_group_attributes().target_group_arn(arn).send().await;
    let answer = answer.map_err(failed(format!("cannot read the attributes of `{}`", short(arn))))?;
    Ok(reads_as(answer.attributes().iter().filter_map(|a| Some((a.key()?, a.value()?))), wanted))
}

/// Whether a balancer has these attributes, read anew.
pub(super) async fn balancer_attributes_fit(aws: &Aws, arn: &str, wanted: &[(&str, String)]) -> Result<bool, Failure> {
    let answer = aws.read.elb.describe_load_balancer_attributes().load_balancer_arn(arn).send().await;
    let answer = answer.map_err(failed(format!("cannot read the attributes of `{}`", short(arn))))?;
    Ok(reads_as(answer.attributes().iter().filter_map(|a| Some((a.key()?, a.value()?))), wanted))
}

/// What an operator calls it: the name inside an ARN, e.g. `nextcloud` of `..:targetgroup/nextcloud/0123`.
pub(super) fn short(arn: &str) -> &str {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
    let mut parts = resource.split('/').skip(1);
    match parts.next() {
        Some("app" | "net") => parts.next().unwrap_or(arn),
        Some(name) => name,
        None => arn,
    }
}

/// The same of an ARN that may not be known yet.
pub(in crate::action) fn short_name(arn: &Arn) -> Text {
    arn.text().known().map_or_else(|| arn.text().clone(), |known| short(known).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_shown_by_name() {
        let elb = "arn:aws:elasticloadbalancing:eu-west-1:123456789012";
        assert_eq!(short(&format!("{elb}:targetgroup/nextcloud/0a1b")), "nextcloud");
        assert_eq!(short(&format!("{elb}:loadbalancer/app/nextcloud-alb/0a1b")), "nextcloud-alb");
        assert_eq!(short("arn:aws:acm:eu-west-1:123456789012:certificate/0a1b"), "0a1b");
        assert_eq!(short("odd"), "odd");
    }
}
