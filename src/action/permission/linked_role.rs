//! `iam:CreateServiceLinkedRole`: needed once in the life of an account, by whoever makes its first balancer or
//! target group.
//!
//! AWS creates the service's role with the first call that needs it, and asks the caller's permission only then. Most
//! operators may not create roles, and most accounts have this one; so where the permission is not given, the role is
//! looked for.

use super::super::policy::IamQuestion;
use super::answer::IamAnswer;
use crate::access::{Aws, AwsError};

/// The IAM action.
const CREATE: &str = "iam:CreateServiceLinkedRole";

/// Takes the question away where its role is there already. Answers stand in the questions' order.
pub(super) async fn leave_out_known(aws: &Aws, questions: &mut Vec<IamQuestion>, answers: &mut Vec<IamAnswer>) {
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    for (question, answer) in questions.drain(..).zip(answers.drain(..)) {
        let answer = match (question.permission, answer) {
            (CREATE, IamAnswer::Denied(_) | IamAnswer::Open(_)) => {
                judged(&question.resource, has(aws, &question).await)
            }
            (_, answer) => Some(answer),
        };
        if let Some(answer) = answer {
            asked.push(question);
            answered.push(answer);
        }
    }
    (*questions, *answers) = (asked, answered);
}

/// Whether the account has the role that a question is about.
async fn has(aws: &Aws, question: &IamQuestion) -> Result<bool, AwsError> {
    let name = question.resource.rsplit('/').next().unwrap_or_default();
    match aws.read.iam.get_role().role_name(name).send().await.map_err(AwsError::from) {
        Ok(_) => Ok(true),
        Err(error) if error.is(&["NoSuchEntity", "NoSuchEntityException"]) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The answer to the question; none when it need not be asked.
fn judged(role: &str, has: Result<bool, AwsError>) -> Option<IamAnswer> {
    match has {
        Ok(true) => None,
        Ok(false) => Some(IamAnswer::Denied("no policy allows it, and the account does not have the role yet".into())),
        Err(error) => Some(IamAnswer::Open(format!(
            "no policy allows it, which does not matter where the account has the role already; looking needs \
             `iam:GetRole` on `{role}` ({})",
            error.code.as_deref().unwrap_or("no answer")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_cannot_be_looked_for_is_left_open() {
        let denied = AwsError { code: Some("AccessDenied".into()), message: "no".into(), lost: false };
        let Some(IamAnswer::Open(why)) = judged("arn:aws:iam::1:role/x", Err(denied)) else { panic!() };
        assert!(why.contains("`iam:GetRole` on `arn:aws:iam::1:role/x` (AccessDenied)"), "{why}");
    }
}
