//! A submission as one COSE_Sign1: what the envelope commits to travels in its unprotected header.
//!
//! SCRAPI registers one message, and a hash envelope (RFC 9995) is not enough here: rules read the body. The unprotected
//! header is signed by nobody and is emptied before the statement enters the log (RFC 9943 §6), so it is where a body can
//! ride: label `body`, bytes; label `sections`, a map of bytes by name. Owns that form. Must never know who sends it.

use super::{Malformed, Outer, SECTIONS_MAX, SUBMISSION_BYTES_MAX, Submission};
use crate::text::SectionName;
use minicbor::data::Type;
use minicbor::decode::{Decoder, Error};
use std::collections::BTreeMap;

/// Most labels of the header.
const LABELS_MAX: u64 = 32;

/// What was in the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attached {
    /// Envelope and body: everything that can be registered.
    Whole(Submission),
    /// The envelope alone, its header emptied.
    Envelope(Vec<u8>),
}

type Sections = BTreeMap<SectionName, Vec<u8>>;

impl Attached {
    /// Takes a message apart. Labels that it does not know are dropped, as everything in that header is.
    ///
    /// # Errors
    /// [`Malformed`]: no COSE_Sign1 over a digest, too large, or `body` and `sections` of another form.
    pub fn parse(bytes: &[u8]) -> Result<Attached, Malformed> {
        if bytes.len() > SUBMISSION_BYTES_MAX {
            return Err(Malformed::TooLarge("the message", SUBMISSION_BYTES_MAX));
        }
        let (start, end) = Outer::decode(bytes)?.unprotected;
        let envelope = [&bytes[..start], &[0xa0], &bytes[end..]].concat();
        let header = header(&bytes[start..end]);
        let (body, sections) = header.map_err(|_| Malformed::Submission("`body` or `sections`"))?;
        Ok(match body {
            Some(body) => Attached::Whole(Submission {
                envelope,
                body,
                sections,
            }),
            None => Attached::Envelope(envelope),
        })
    }
}

fn header(bytes: &[u8]) -> Result<(Option<Vec<u8>>, Sections), Error> {
    let mut from = Decoder::new(bytes);
    let (mut body, mut sections) = (None, None);
    for _ in 0..labels(&mut from, LABELS_MAX)? {
        let label = match from.datatype()? {
            Type::String => Some(from.str()?),
            _ => {
                from.skip()?;
                None
            }
        };
        match label {
            Some("body") if body.is_none() => body = Some(from.bytes()?.to_vec()),
            Some("sections") if sections.is_none() => sections = Some(named(&mut from)?),
            Some("body" | "sections") => return Err(Error::message("a label stands twice")),
            _ => from.skip()?,
        }
    }
    Ok((body, sections.unwrap_or_default()))
}

fn named(from: &mut Decoder<'_>) -> Result<Sections, Error> {
    let count = labels(from, SECTIONS_MAX as u64)?;
    let mut sections = Sections::new();
    for _ in 0..count {
        let name = from.str()?.parse().map_err(|_| Error::message("no name"))?;
        sections.insert(name, from.bytes()?.to_vec());
    }
    if sections.len() as u64 == count {
        Ok(sections)
    } else {
        Err(Error::message("a name stands twice"))
    }
}

fn labels(from: &mut Decoder<'_>, most: u64) -> Result<u64, Error> {
    let count = from.map()?.filter(|count| *count <= most);
    count.ok_or_else(|| Error::message("no map of a known, small size"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor;
    use crate::fixture::{Consortium, Who};
    use proptest::prelude::*;

    /// A submission with a sealed section.
    fn sealed() -> Submission {
        let mut of = Consortium::founded(7);
        let key = of.key_of(Who::Designer);
        let core = crate::body::Core::RoleGranted(crate::body::governance::RoleGranted {
            role: crate::body::governance::Role::Production,
        });
        let note = [(crate::fixture::text("note"), b"for one alone".to_vec())].into();
        of.sign_with(Who::OemAdmin, &key, core, note).submission
    }

    /// The message with this unprotected header.
    fn with(submission: &Submission, header: &[u8]) -> Vec<u8> {
        let (start, end) = Outer::decode(&submission.envelope).unwrap().unprotected;
        let envelope = &submission.envelope;
        [&envelope[..start], header, &envelope[end..]].concat()
    }

    fn whole(submission: &Submission) -> Vec<u8> {
        cbor::write(|to| {
            to.map(3)?.u16(394)?.array(0)?;
            to.str("body")?.bytes(&submission.body)?;
            to.str("sections")?.map(submission.sections.len() as u64)?;
            for (name, bytes) in &submission.sections {
                to.str(name.as_str())?.bytes(bytes)?;
            }
            Ok(())
        })
    }

    #[test]
    fn body_and_sections_come_apart_and_the_rest_is_dropped() {
        let submission = sealed();
        let message = with(&submission, &whole(&submission));
        let expected = Attached::Whole(submission.clone());
        assert_eq!(Attached::parse(&message).unwrap(), expected);
        let alone = Attached::Envelope(submission.envelope.clone());
        let parsed = Attached::parse(&submission.envelope);
        assert_eq!(parsed.unwrap(), alone);
        // The certificate chain of somebody's tool.
        let parsed = Attached::parse(&with(&submission, &[0xa1, 0x18, 33, 0x41, 7]));
        assert_eq!(parsed.unwrap(), alone);
    }

    #[test]
    fn another_form_is_refused() {
        let submission = sealed();
        for header in [
            &b"\xa1\x64body\x64text"[..],
            b"\xa2\x64body\x41a\x64body\x41b",
            b"\xa1\x68sections\x41a",
            b"\xa1\x68sections\xa1\x61!\x41a",
            b"\xa1\x68sections\xa2\x64note\x41a\x64note\x41b",
            b"\xbf\xff",
            b"\xb8\x21",
        ] {
            let read = Attached::parse(&with(&submission, header));
            assert!(
                matches!(read, Err(Malformed::Submission(_) | Malformed::Envelope(_))),
                "{header:x?}"
            );
        }
        let large = vec![0; SUBMISSION_BYTES_MAX + 1];
        assert!(matches!(
            Attached::parse(&large),
            Err(Malformed::TooLarge(..))
        ));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(header: Vec<u8>, bytes: Vec<u8>) {
            let _ = Attached::parse(&bytes);
            let _ = Attached::parse(&with(&sealed(), &header));
        }
    }
}
