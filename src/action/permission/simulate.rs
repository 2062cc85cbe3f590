//! Asking IAM: `SimulatePrincipalPolicy`, which reads the caller's policies, boundary and the organization's policies, and
//! judges actions on resources in a context. It does nothing else.
//!
//! Questions about one service with the same context go in one request; a few requests are under way at a time, for IAM
//! throttles soon.

use super::super::policy::{AskedEntry, Entries, IamQuestion, OF_INSTANCES};
use super::answer::IamAnswer;
use crate::access::{Aws, AwsError, role_name};
use aws_sdk_iam::Client;
use aws_sdk_iam::types::{
    ContextEntry, ContextKeyTypeEnum as Kind, EvaluationResult, PolicyEvaluationDecisionType as Decision,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Requests at a time.
const AT_ONCE: usize = 6;

/// One request.
#[derive(Debug, Clone, PartialEq)]
struct Request {
    context: Entries,
    resources: BTreeSet<String>,
    permissions: BTreeSet<&'static str>,
}

/// Of an IAM action on a resource in one request: the decision.
type Decisions = BTreeMap<(String, String), IamAnswer>;

/// Answers in the order of the questions.
///
/// # Errors
/// Why IAM cannot be asked, as a sentence: the caller may not, or IAM does not know whom to judge.
pub(super) async fn ask(aws: &Aws, principal: String, questions: &[IamQuestion]) -> Result<Vec<IamAnswer>, String> {
    let requests = requests(questions);
    let given = questions.iter().flat_map(|q| q.context.keys()).filter(|key| !OF_INSTANCES.contains(&key.as_str()));
    let known: Arc<BTreeSet<String>> = Arc::new(given.cloned().collect());
    let Some(first) = requests.first() else { return Ok(Vec::new()) };
    let client = aws.read.iam.clone();
    // The first alone: it tells whether the caller may ask, and whether the principal is found.
    let (principal, first) = match one(&client, &principal, first, &known).await {
        Ok(answered) => (principal, answered),
        Err(error) if error.is(&["NoSuchEntity"]) && role_name(&principal).is_some() => {
            let found = with_path(&client, &principal).await?;
            let answered = one(&client, &found, first, &known).await.map_err(|e| refused(&found, &e))?;
            (found, answered)
        }
        Err(error) => return Err(refused(&principal, &error)),
    };
    let mut decided = vec![Decisions::new(); requests.len()];
    decided[0] = first;
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut under_way = JoinSet::new();
    for (index, request) in requests.iter().cloned().enumerate().skip(1) {
        let (client, principal) = (client.clone(), principal.clone());
        let (known, places) = (Arc::clone(&known), Arc::clone(&places));
        under_way.spawn(async move {
            let _place = places.acquire_owned().await;
            (index, one(&client, &principal, &request, &known).await)
        });
    }
    let mut failed = BTreeMap::new();
    while let Some(done) = under_way.join_next().await {
        match done {
            Ok((index, Ok(decisions))) => decided[index] = decisions,
            Ok((index, Err(error))) => {
                failed.insert(index, format!("IAM did not answer: {}", told(&error)));
            }
            Err(error) => return Err(format!("asking IAM was cut short: {error}")),
        }
    }
    Ok(questions.iter().map(|question| answer(question, &requests, &decided, &failed)).collect())
}

/// As few requests as there are contexts and services: IAM judges each action of a request on each of its resources, and
/// what was not asked for is not read.
fn requests(questions: &[IamQuestion]) -> Vec<Request> {
    let mut groups: BTreeMap<(&Entries, &str, bool), Request> = BTreeMap::new();
    for question in questions {
        let service = question.permission.split(':').next().unwrap_or_default();
        let group = groups.entry((&question.context, service, question.resource == "*"));
        let request = group.or_insert_with(|| Request {
            context: question.context.clone(),
            resources: BTreeSet::new(),
            permissions: BTreeSet::new(),
        });
        request.permissions.insert(question.permission);
        request.resources.insert(question.resource.clone());
    }
    groups.into_values().collect()
}

fn answer(
    question: &IamQuestion,
    requests: &[Request],
    decided: &[Decisions],
    failed: &BTreeMap<usize, String>,
) -> IamAnswer {
    let holds = |r: &Request| {
        r.context == question.context
            && r.permissions.contains(question.permission)
            && r.resources.contains(&question.resource)
    };
    let nothing = || IamAnswer::Open("IAM did not say".to_owned());
    let Some(index) = requests.iter().position(holds) else { return nothing() };
    if let Some(why) = failed.get(&index) {
        return IamAnswer::Open(why.clone());
    }
    let key = (question.permission.to_owned(), question.resource.clone());
    decided.get(index).and_then(|d| d.get(&key)).cloned().unwrap_or_else(nothing)
}

async fn one(
    client: &Client,
    principal: &str,
    request: &Request,
    known: &BTreeSet<String>,
) -> Result<Decisions, AwsError> {
    let mut decisions = Decisions::new();
    let mut marker: Option<String> = None;
    loop {
        let mut call = client
            .simulate_principal_policy()
            .policy_source_arn(principal)
            .set_action_names(Some(request.permissions.iter().map(|p| (*p).to_owned()).collect()))
            .set_context_entries(Some(request.context.iter().map(|(key, entry)| entry_of(key, entry)).collect()))
            .max_items(1000)
            .set_marker(marker.take());
        // An action that knows no resources is judged on `*`, which is what IAM takes when none is given.
        if !request.resources.contains("*") {
            call = call.set_resource_arns(Some(request.resources.iter().cloned().collect()));
        }
        let answer = call.send().await?;
        for result in answer.evaluation_results() {
            read(result, &request.resources, known, &mut decisions);
        }
        match answer.marker().filter(|_| answer.is_truncated()) {
            Some(next) => marker = Some(next.to_owned()),
            None => return Ok(decisions),
        }
    }
}

/// The decision on each resource; the one on the action as a whole where there are none.
fn read(result: &EvaluationResult, resources: &BTreeSet<String>, known: &BTreeSet<String>, into: &mut Decisions) {
    let permission = result.eval_action_name();
    let boundary = result.permissions_boundary_decision_detail().is_some_and(|d| !d.allowed_by_permissions_boundary());
    let organization = result.organizations_decision_detail().is_some_and(|d| !d.allowed_by_organizations());
    let by = match (organization, boundary) {
        (true, _) => Some("a policy of the organization"),
        (_, true) => Some("the caller's permissions boundary"),
        _ => None,
    };
    let specific = result.resource_specific_results();
    for one in specific {
        let answer = decision(one.eval_resource_decision(), one.missing_context_values(), by, known);
        into.insert((permission.to_owned(), one.eval_resource_name().to_owned()), answer);
    }
    let whole = decision(result.eval_decision(), result.missing_context_values(), by, known);
    let named = result.eval_resource_name().filter(|name| resources.contains(*name));
    match named {
        Some(name) => {
            into.entry((permission.to_owned(), name.to_owned())).or_insert(whole);
        }
        None => {
            for resource in resources {
                into.entry((permission.to_owned(), resource.clone())).or_insert_with(|| whole.clone());
            }
        }
    }
}

/// A denial is one when IAM had all that it wanted to look at; else a policy depends on something only the call will show.
fn decision(decision: &Decision, missing: &[String], by: Option<&str>, known: &BTreeSet<String>) -> IamAnswer {
    let unknown: Vec<String> =
        missing.iter().filter(|key| !known.contains(*key)).map(|key| format!("`{key}`")).collect();
    match decision {
        Decision::Allowed => IamAnswer::Allowed,
        // A denial with a negated or an `...IfExists` operator holds for want of the key, e.g. AWS's own "deny all unless with
        // MFA" (IAM user guide, "IAM: Allows IAM users to self-manage an MFA device"): with the call's own context it may not.
        Decision::ExplicitDeny if !unknown.is_empty() => IamAnswer::Open(format!(
            "{} denies it where {} is not as it asks, which only the call itself shows",
            by.unwrap_or("a policy"),
            unknown.join(", ")
        )),
        Decision::ExplicitDeny => IamAnswer::Denied(format!("{} denies it", by.unwrap_or("a policy"))),
        Decision::ImplicitDeny if by.is_none() && !unknown.is_empty() => {
            IamAnswer::Open(format!("it depends on {}, which only the call itself shows", unknown.join(", ")))
        }
        Decision::ImplicitDeny => match by {
            Some(by) => IamAnswer::Denied(format!("{by} does not allow it")),
            None => IamAnswer::Denied("no policy allows it".to_owned()),
        },
        other => IamAnswer::Open(format!("IAM decided `{}`", other.as_str())),
    }
}

fn entry_of(key: &str, entry: &AskedEntry) -> ContextEntry {
    let (kind, values) = match entry {
        AskedEntry::Text(text) => (Kind::String, vec![text.clone()]),
        AskedEntry::Texts(texts) => (Kind::StringList, texts.clone()),
        AskedEntry::Flag(flag) => (Kind::Boolean, vec![flag.to_string()]),
    };
    ContextEntry::builder().context_key_name(key).context_key_type(kind).set_context_key_values(Some(values)).build()
}

/// The ARN of a role that has a path: STS does not tell it, so IAM does not find the role by what STS tells.
async fn with_path(client: &Client, principal: &str) -> Result<String, String> {
    let name = role_name(principal).unwrap_or_default();
    let answer = client.get_role().role_name(name).send().await.map_err(|e| {
        format!(
            "IAM finds no `{principal}`, and its path cannot be looked up (`iam:GetRole`): {}",
            told(&AwsError::from(e))
        )
    })?;
    answer.role().map(|role| role.arn().to_owned()).ok_or_else(|| format!("IAM finds no `{principal}`"))
}

fn refused(principal: &str, error: &AwsError) -> String {
    if error.is(&["AccessDenied", "AccessDeniedException"]) {
        return format!("the caller may not ask IAM: it needs `iam:SimulatePrincipalPolicy` on `{principal}`");
    }
    format!("IAM could not be asked about `{principal}`: {}", told(error))
}

fn told(error: &AwsError) -> String {
    match &error.code {
        Some(code) => format!("{code}: {}", error.message),
        None => error.message.clone(),
    }
}
