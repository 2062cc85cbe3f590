//! Whose policies IAM is asked about: from the ARN that STS tells to the ARN that IAM knows.

/// A caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The account's root user, whom no policy of IAM bounds.
    Root,
    /// The ARN of a user or role. That of a role is without its path, which STS does not tell.
    Named(String),
    /// IAM cannot be asked about it, and why.
    Nameless(String),
}

impl Principal {
    /// From a caller's ARN.
    #[must_use]
    pub fn of(arn: &str) -> Self {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let [_, partition, service, _, account, resource] = parts.as_slice() else {
            return Self::Nameless(format!("the caller's name `{arn}` is no ARN"));
        };
        let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
        match (*service, kind) {
            ("iam", "root") => Self::Root,
            ("iam", "user" | "role") => Self::Named(arn.to_owned()),
            ("sts", "assumed-role") => {
                let role = name.split('/').next().unwrap_or_default();
                Self::Named(format!("arn:{partition}:iam::{account}:role/{role}"))
            }
            _ => Self::Nameless(format!("IAM cannot be asked about `{arn}`: it is neither a user nor a role")),
        }
    }
}

/// The name of a role's ARN, without its path.
#[must_use]
pub fn role_name(arn: &str) -> Option<&str> {
    arn.split_once(":role/").and_then(|(_, role)| role.rsplit('/').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sts_tells_users_roles_and_root_apart() {
        let named = |arn: &str| Principal::Named(arn.to_owned());
        for (caller, principal) in [
            ("arn:aws:iam::111122223333:root", Principal::Root),
            ("arn:aws:iam::111122223333:user/ops/hana", named("arn:aws:iam::111122223333:user/ops/hana")),
            (
                "arn:aws-cn:sts::111122223333:assumed-role/deploy/ci-7",
                named("arn:aws-cn:iam::111122223333:role/deploy"),
            ),
        ] {
            assert_eq!(Principal::of(caller), principal);
        }
        for odd in ["arn:aws:sts::111122223333:federated-user/hana", "hana"] {
            assert!(matches!(Principal::of(odd), Principal::Nameless(why) if why.contains(odd)), "{odd}");
        }
        assert_eq!(role_name("arn:aws:iam::111122223333:role/a/b/deploy"), Some("deploy"));
    }
}
