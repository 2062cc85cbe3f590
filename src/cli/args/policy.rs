//! Arguments of `iam-policy`.

use super::value::{account, key, pair, principal};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct IamPolicyArgs {
    /// The runbook: a file, or the name of one that comes with the tool
    pub(in crate::cli) runbook: String,
    /// A file with inputs
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) inputs: Option<PathBuf>,
    /// One input
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(in crate::cli) sets: Vec<(String, String)>,
    /// What is to be allowed
    #[arg(long = "for", value_enum, default_value_t = PurposeArg::All)]
    pub(in crate::cli) purpose: PurposeArg,
    /// The account [default: any]
    #[arg(long, value_name = "ID", value_parser = account)]
    pub(in crate::cli) account: Option<String>,
    /// The role in the server's instance profile, or `none` when the server has no profile [default: any role]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) instance_role: Option<String>,
    /// The key of your own that encrypts the server's volumes [default: none]
    #[arg(long, value_name = "ARN", value_parser = key)]
    pub(in crate::cli) kms_key: Option<String>,
    /// The IAM user or role who will plan and run: it may ask IAM about its own permissions [default: any role]
    #[arg(long, value_name = "ARN", value_parser = principal)]
    pub(in crate::cli) principal: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PurposeArg {
    /// `plan`: reading only
    Plan,
    /// `run` and `resume`
    Run,
    /// `rollback`
    Rollback,
    /// All of them
    All,
}
