//! What the protocol's values look like as JSON, for the published document.
//!
//! Owns the description only: the values themselves are written by `threadmark_protocol`, which must never know a
//! document. Lists of names are taken from the protocol's types; a test holds the fields to theirs. Nothing here is
//! ever made.

pub mod allowable;
pub mod answer;
pub mod cases;
pub mod catalogue;
pub mod governance;
pub mod impact;
pub mod notices;

use super::contract::schema;
use serde::de::{DeserializeOwned, Deserializer, Visitor, value::Error};
use serde_json::json;
use std::borrow::Cow;
use threadmark_protocol::{body, code, key, life};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Asks a type which names it is written with, instead of giving it a value.
#[derive(Default)]
struct Names(Option<&'static [&'static str]>);

impl<'de> Deserializer<'de> for &mut Names {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("has no names"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0 = Some(variants);
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0 = Some(fields);
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// The variants of an enum or the fields of a struct, as JSON names them.
fn names_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names = Names::default();
    // It always fails: there is no value.
    let _ = T::deserialize(&mut names);
    names.0.unwrap_or_default()
}

/// Schemas of enums whose variants are names.
macro_rules! named {
    ($($(#[doc = $doc:literal])* $name:ident: $of:ty;)*) => {$(
        $(#[doc = $doc])*
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let description = [$($doc.trim()),*].join(" ");
                schema(json!({ "type": "string", "enum": names_of::<$of>(), "description": description }))
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

named! {
    /// One of the four answers.
    Verdict: threadmark_protocol::answer::Verdict;
    /// The name of a finding or refusal; each is explained at `/docs/problems`.
    Code: code::Code;
    /// Why a part, or what stands above it, is held.
    HoldKind: code::HoldKind;
    /// Consequence of a failure (ISO/ASTM 52967): A high, B, C negligible.
    PartClass: body::governance::PartClass;
    /// Who holds a key.
    Holder: body::governance::Holder;
    /// What an organisation is in the consortium.
    Function: body::governance::Function;
    /// How a proposal stands.
    Stands: threadmark_protocol::consortium::Stands;
    /// Where a private key lives.
    KeyLevel: key::KeyLevel;
    /// How far a part has come.
    Phase: life::Phase;
    /// What a design's file is.
    FileUse: body::design::FileUse;
    /// Which way the dark modules of a mark go from their face, or that another colour fills them.
    MarkManner: body::design::MarkManner;
    /// Statistical basis of an allowable (CMH-17-1G).
    Basis: body::allowable::Basis;
    /// Which parts a withdrawal, supersession, revocation or recall reaches.
    Effect: body::design::Effect;
    /// What restricts what stands below a subject.
    RestrictionKind: threadmark_protocol::world::RestrictionKind;
}

/// Schemas of texts.
macro_rules! texts {
    ($($(#[doc = $doc:literal])* $name:ident: $min:literal..$max:literal $pattern:literal;)*) => {$(
        $(#[doc = $doc])*
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let description = [$($doc.trim()),*].join(" ");
                schema(json!({ "type": "string", "description": description, "pattern": $pattern,
                               "minLength": $min, "maxLength": $max }))
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

texts! {
    /// A mark, 16 upper-case characters; the last one is a check.
    Mark: 16..16 "^[0-9A-HJKMNP-TV-Z]{16}$";
    /// 32 bytes in hexadecimal digits: a digest, or the id of a statement or key.
    Hex32: 64..64 "^[0-9a-f]{64}$";
    /// Bytes in hexadecimal digits.
    Hex: 0..16777216 "^([0-9a-f]{2})*$";
    /// An organisation: a domain name.
    OrgId: 1..100 "^[0-9a-z.-]+$";
    /// A credential: the person or machine behind a key.
    ActorId: 1..80 "^[0-9A-Za-z._-]+$";
    /// Id of a subject: its type, a colon, a name.
    SubjectId: 3..100 "^[a-z]{1,19}:[0-9A-Za-z._-]{1,80}$";
    /// One line for people, at most 200 bytes.
    Line: 1..200 "^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use threadmark_protocol::{answer as real, consortium, digest, world};

    fn must_have_the_fields_of<T: DeserializeOwned, S: ToSchema>() {
        let schema = serde_json::to_value(S::schema()).unwrap();
        let described: BTreeSet<_> = schema["properties"].as_object().unwrap().keys().collect();
        let written: BTreeSet<_> = names_of::<T>().iter().map(ToString::to_string).collect();
        assert_eq!(described, written.iter().collect(), "{}", S::name());
    }

    #[test]
    fn fields_are_those_that_the_protocol_writes() {
        must_have_the_fields_of::<real::Answer, answer::Answer>();
        must_have_the_fields_of::<real::Reason, answer::Reason>();
        must_have_the_fields_of::<real::Face, answer::Face>();
        must_have_the_fields_of::<real::Step, answer::Step>();
        must_have_the_fields_of::<consortium::Coming, governance::Coming>();
        must_have_the_fields_of::<consortium::Member, governance::Member>();
        must_have_the_fields_of::<consortium::Proposal, governance::Proposal>();
        must_have_the_fields_of::<body::governance::Policy, governance::Policy>();
        must_have_the_fields_of::<body::governance::ClassPolicy, governance::ClassPolicy>();
        must_have_the_fields_of::<life::Place, answer::Place>();
        must_have_the_fields_of::<life::Reached, impact::Reached>();
        must_have_the_fields_of::<world::Source, catalogue::Source>();
        must_have_the_fields_of::<world::Restriction, catalogue::Restriction>();
        must_have_the_fields_of::<digest::FileDigest, catalogue::FileDigest>();
        must_have_the_fields_of::<digest::Artifact, catalogue::Artifact>();
        must_have_the_fields_of::<body::design::DesignPublished, catalogue::DesignPublished>();
        must_have_the_fields_of::<body::design::DesignFile, catalogue::DesignFile>();
        must_have_the_fields_of::<body::design::MarkZone, catalogue::MarkZone>();
        must_have_the_fields_of::<body::design::Envelope, catalogue::Envelope>();
        must_have_the_fields_of::<body::design::PartMass, catalogue::PartMass>();
        must_have_the_fields_of::<body::allowable::AllowablePublished, allowable::AllowablePublished>(
        );
        must_have_the_fields_of::<body::allowable::Analysis, allowable::Analysis>();
        must_have_the_fields_of::<body::allowable::Diagnostic, allowable::Diagnostic>();
        must_have_the_fields_of::<
            body::allowable::AllowableRecomputed,
            allowable::AllowableRecomputed,
        >();
        must_have_the_fields_of::<life::Component, answer::Component>();
    }

    #[test]
    fn names_are_those_of_the_types() {
        assert_eq!(names_of::<code::Code>().len(), code::Code::ALL.len());
        assert_eq!(names_of::<life::Phase>()[0], "expected");
        assert!(names_of::<String>().is_empty());
    }
}
