//! Strict JSON (RFC 8259), for bodies.
//!
//! Owns what makes two readers of the same bytes agree: duplicate keys, numbers that are not integers
//! within ±(2⁵³-1), NUL characters and deep nesting are refused. Must never know what a body means.

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Deepest nesting of arrays and objects.
pub const DEPTH_MAX: usize = 16;

/// Largest magnitude of an integer: 2⁵³-1, what every JSON reader can hold.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;

/// Why the bytes are no strict JSON.
#[derive(Debug, thiserror::Error)]
#[error("not strict JSON: {0}")]
pub struct NotStrict(#[from] serde_json::Error);

/// The value of the bytes, whole and nothing else.
pub fn parse(bytes: &[u8]) -> Result<Value, NotStrict> {
    let mut input = serde_json::Deserializer::from_slice(bytes);
    let value = Strict {
        depth_left: DEPTH_MAX,
    }
    .deserialize(&mut input)?;
    input.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict {
    depth_left: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Strict, E> {
        let depth_left = self
            .depth_left
            .checked_sub(1)
            .ok_or_else(|| E::custom("nested too deeply"))?;
        Ok(Strict { depth_left })
    }

    fn text<E: serde::de::Error>(text: &str) -> Result<String, E> {
        if text.contains('\0') {
            Err(E::custom("NUL in a text"))
        } else {
            Ok(text.to_owned())
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an integer, text, boolean, null, array or object")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > INTEGER_MAX as u64 {
            return Err(E::custom("an integer beyond 2^53-1"));
        }
        Ok(value.into())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        if value > INTEGER_MAX as u64 {
            return Err(E::custom("an integer beyond 2^53-1"));
        }
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Value, E> {
        Err(E::custom("a number that is not an integer"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        Strict::text(text).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let name = Strict::text(&name)?;
            let value = members.next_value_seed(inner)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a duplicate key"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_every_reader_reads_alike() {
        let value = parse(br#"{"a":[1,-2,null,true,"x"],"b":9007199254740991}"#).unwrap();
        assert_eq!(value["b"], 9_007_199_254_740_991_i64);
    }

    #[test]
    fn refuses_what_readers_differ_on() {
        let deep = format!("{}{}", "[".repeat(17), "]".repeat(17));
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"x":{"a":1,"\u0061":2}}"#,
            "1.0",
            "1e3",
            "-0",
            "9007199254740992",
            "-9007199254740992",
            "18446744073709551616",
            r#""a\u0000b""#,
            r#"{"\u0000":1}"#,
            "{} {}",
            "\u{feff}{}",
            "",
            "NaN",
            r#"{"a":1,}"#,
            &deep,
            &"[".repeat(100_000),
        ] {
            assert!(
                parse(bad.as_bytes()).is_err(),
                "{}",
                &bad[..bad.len().min(40)]
            );
        }
        assert!(parse(b"\"\xff\"").is_err());
    }
}
