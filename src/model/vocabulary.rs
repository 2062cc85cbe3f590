//! What the tables of actions and of checks have in common: each row becomes a parameter struct, all rows the two enums.
//!
//! A macro, for the compiler then names every place that must know a new row.
//!
//! Parameters are read once, here, from values as far as they are known, into the types that the kinds work with. What a JSON
//! value tells (a call that is carried out) is all known, so that such a kind has no unknown part.

/// Makes of a table's rows the enum of the kinds' names, the enum of calls with their parameters, and what is said about
/// each. Parameters are decoded strictly: unknown fields are refused.
macro_rules! vocabulary {
    (
        $(#[doc = $kinds_doc:literal])+ kinds $Kind:ident;
        $(#[doc = $calls_doc:literal])+ calls $Call:ident;
        specs $Spec:ident;
        $($(#[doc = $doc:literal])+ $name:literal $kind:ident {
            $($(#[doc = $pdoc:literal])+ $param:ident: $ptype:ty,)*
        } { $($more:tt)* })+
    ) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, PartialEq)]
            pub struct $kind {
                $($(#[doc = $pdoc])+ pub $param: $ptype,)*
            }

            impl $crate::model::Decode for $kind {
                fn decode(given: &$crate::model::Foretold) -> Result<Self, serde_json::Error> {
                    $crate::model::decode::only(given, &[$(stringify!($param)),*])?;
                    Ok(Self { $($param: $crate::model::decode::field(given, stringify!($param))?,)* })
                }
            }
        )+

        $(#[doc = $kinds_doc])+
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        pub enum $Kind {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $kind,)+
        }

        $(#[doc = $calls_doc])+
        #[derive(Debug, Clone, PartialEq)]
        #[allow(clippy::large_enum_variant, reason = "one is read for each call, and none is kept")]
        pub enum $Call {
            $($(#[doc = $doc])+ $kind($kind),)+
        }

        impl $Kind {
            /// Every kind, in the table's order.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// Its name in a document.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// What is said about it.
            #[must_use]
            pub fn spec(self) -> $Spec {
                match self {
                    $(Self::$kind => $Spec {
                        name: $name,
                        about: $crate::model::vocabulary::join(&[$($doc),+]),
                        params: vec![$($crate::model::ParamSpec {
                            name: stringify!($param),
                            about: $crate::model::vocabulary::join(&[$($pdoc),+]),
                            value_type: <$ptype as $crate::model::Param>::value_type(),
                            required: <$ptype as $crate::model::Param>::REQUIRED,
                            fixed: <$ptype as $crate::model::Param>::FIXED,
                        }),*],
                        $($more)*
                    },)+
                }
            }
        }

        impl std::fmt::Display for $Kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $Call {
            /// Reads the parameters as far as they are known; those that a JSON value tells are known.
            ///
            /// # Errors
            /// When one is missing, not declared or of another type. A validated runbook gives rise to this only when an
            /// output turns out to be of another form than declared.
            pub fn decode(
                kind: $Kind,
                parameters: &$crate::model::Foretold,
            ) -> Result<Self, serde_json::Error> {
                use $crate::model::Decode;
                Ok(match kind { $($Kind::$kind => Self::$kind($kind::decode(parameters)?),)+ })
            }
        }
    };
}

/// The lines of a doc comment as one.
pub(super) fn join(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}
