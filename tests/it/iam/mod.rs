//! The generated IAM policies: their resources and conditions as text, their list of actions in the lab; and the check of a
//! caller's permissions that is made from them.

mod asked;
mod documents;
mod enforced;
