//! Parameters that are written out in the document, because it is judged by them.

use super::{Decode, Foretold, Param, ValueType};
use std::ops::Deref;

/// A parameter that cannot be given by a reference: what a runbook is must be seen before it has inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fixed<T>(pub T);

impl<T> Deref for Fixed<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Decode> Decode for Fixed<T> {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        T::decode(given).map(Self)
    }
}

impl<T: Param> Param for Fixed<T> {
    fn value_type() -> ValueType {
        T::value_type()
    }
    const FIXED: bool = true;
}
