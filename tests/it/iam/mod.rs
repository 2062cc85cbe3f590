//! The generated IAM policies: their resources and conditions as text, their list of actions in the lab.

mod documents;
mod enforced;
