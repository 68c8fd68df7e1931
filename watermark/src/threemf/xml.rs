//! Owns: XML as 3MF allows it, read element by element: UTF-8, no document type, every prefix declared, and no more than a
//! tag in memory. Must never know: what the elements mean. Spec: XML 1.0, XML Namespaces, 3MF Core 2.3.

use super::ThreemfError;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::{NamespaceResolver, QName, ResolveResult};
use quick_xml::reader::NsReader;
use std::borrow::Cow;
use std::io::{BufRead, Error, Read};

/// Longest tag, text or comment, in bytes.
const MAX_EVENT_BYTES: u64 = 1 << 20;

const XSI: &[u8] = b"http://www.w3.org/2001/XMLSchema-instance";
const XML: &[u8] = b"http://www.w3.org/XML/1998/namespace";

/// Whoever is told what stands in a document, in its order.
pub(super) trait Visitor {
    fn open(&mut self, element: &Element) -> Result<(), ThreemfError>;
    fn close(&mut self) -> Result<(), ThreemfError>;
    fn text(&mut self, text: &str) -> Result<(), ThreemfError>;
}

/// A document that is being read.
pub(super) struct Xml<R> {
    reader: NsReader<Metered<R>>,
    depth: usize,
    max_depth: usize,
    started: bool,
}

pub(super) fn malformed(error: impl ToString) -> ThreemfError {
    ThreemfError::Xml(error.to_string().chars().take(200).collect())
}

impl<R: BufRead> Xml<R> {
    pub(super) fn new(source: R, max_depth: usize) -> Self {
        let left = MAX_EVENT_BYTES;
        let mut reader = NsReader::from_reader(Metered { source, left });
        reader.config_mut().expand_empty_elements = true;
        Self {
            reader,
            depth: 0,
            max_depth,
            started: false,
        }
    }

    /// Reads to the end.
    pub(super) fn walk(mut self, visitor: &mut impl Visitor) -> Result<(), ThreemfError> {
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            self.reader.get_mut().left = MAX_EVENT_BYTES;
            let event = self
                .reader
                .read_event_into(&mut buffer)
                .map_err(malformed)?;
            match event {
                Event::Start(start) => {
                    self.depth += 1;
                    require_place(self.depth, self.max_depth, self.started)?;
                    self.started = true;
                    let resolver = self.reader.resolver();
                    let element = Element { start, resolver };
                    element.check()?;
                    visitor.open(&element)?;
                }
                Event::End(_) => {
                    self.depth -= 1;
                    visitor.close()?;
                }
                Event::Text(text) => self.text(&text.decode().map_err(malformed)?, visitor)?,
                Event::CData(text) => self.text(&text.decode().map_err(malformed)?, visitor)?,
                Event::GeneralRef(reference) => self.text(&referred(&reference)?, visitor)?,
                Event::Decl(declaration) => require_utf8(&declaration)?,
                Event::DocType(_) => {
                    return Err(malformed("it has a document type, which 3MF forbids"));
                }
                // Empty elements come as two events.
                Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
                Event::Eof if self.depth > 0 || !self.started => {
                    return Err(malformed("it ends before its elements do"));
                }
                Event::Eof => return Ok(()),
            }
        }
    }

    fn text(&self, text: &str, visitor: &mut impl Visitor) -> Result<(), ThreemfError> {
        if self.depth > 0 {
            return visitor.text(text);
        }
        match text.trim_matches('\u{feff}').trim().is_empty() {
            true => Ok(()),
            false => Err(malformed("there is text outside of its elements")),
        }
    }
}

fn require_place(depth: usize, max_depth: usize, started: bool) -> Result<(), ThreemfError> {
    if depth == 1 && started {
        return Err(malformed("it has more than one root element"));
    }
    if depth > max_depth {
        return Err(ThreemfError::Limit("elements are nested too deeply"));
    }
    Ok(())
}

fn require_utf8(declaration: &BytesDecl) -> Result<(), ThreemfError> {
    match declaration.encoding() {
        Some(Ok(name)) if !name.eq_ignore_ascii_case(b"utf-8") => {
            Err(malformed("its encoding is not UTF-8"))
        }
        Some(Err(error)) => Err(malformed(error)),
        _ => Ok(()),
    }
}

/// What a reference in a text stands for: a character, or one of the five names that need no document type.
fn referred(reference: &BytesRef) -> Result<String, ThreemfError> {
    if let Some(character) = reference.resolve_char_ref().map_err(malformed)? {
        return Ok(character.to_string());
    }
    let name = reference.decode().map_err(malformed)?;
    quick_xml::escape::resolve_predefined_entity(&name)
        .map(str::to_owned)
        .ok_or_else(|| malformed("it refers to an entity that no document type declares"))
}

/// An element's name and attributes.
pub(super) struct Element<'a> {
    start: BytesStart<'a>,
    resolver: &'a NamespaceResolver,
}

impl Element<'_> {
    /// Its namespace, empty where it has none, and its name in it.
    pub(super) fn name(&self) -> (&[u8], &[u8]) {
        let (space, local) = self.resolver.resolve_element(self.start.name());
        let space = match space {
            ResolveResult::Bound(namespace) => namespace.0,
            _ => b"",
        };
        let local = &self.start.name().0[self.start.name().0.len() - local.as_ref().len()..];
        (space, local)
    }

    /// The namespace that a prefix stands for here.
    pub(super) fn namespace_of(&self, prefix: &str) -> Option<String> {
        let name = format!("{prefix}:x");
        match self.resolver.resolve_attribute(QName(name.as_bytes())).0 {
            ResolveResult::Bound(namespace) => String::from_utf8(namespace.0.to_vec()).ok(),
            _ => None,
        }
    }

    /// Tells each attribute: its namespace, empty where it has none, its name and its value.
    pub(super) fn attributes(
        &self,
        mut tell: impl FnMut(&[u8], &[u8], Cow<str>) -> Result<(), ThreemfError>,
    ) -> Result<(), ThreemfError> {
        for attribute in self.start.attributes() {
            let attribute = attribute.map_err(malformed)?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let value = attribute
                .normalized_value(XmlVersion::Explicit1_0)
                .map_err(malformed)?;
            let (space, local) = self.resolver.resolve_attribute(attribute.key);
            match space {
                ResolveResult::Bound(namespace) => tell(namespace.0, local.as_ref(), value)?,
                ResolveResult::Unbound => tell(b"", local.as_ref(), value)?,
                ResolveResult::Unknown(_) => return Err(undeclared()),
            }
        }
        Ok(())
    }

    /// One attribute without a namespace.
    pub(super) fn attribute(&self, wanted: &str) -> Result<Option<String>, ThreemfError> {
        let mut found = None;
        self.attributes(|space, name, value| {
            if space.is_empty() && name == wanted.as_bytes() {
                found = Some(value.into_owned());
            }
            Ok(())
        })?;
        Ok(found)
    }

    fn check(&self) -> Result<(), ThreemfError> {
        let (space, _) = self.resolver.resolve_element(self.start.name());
        if matches!(space, ResolveResult::Unknown(_)) {
            return Err(undeclared());
        }
        self.attributes(|space, name, _| match (space, name) {
            (XSI, _) => Err(malformed(
                "it has an attribute of XML Schema, which 3MF forbids",
            )),
            (XML, b"space") => Err(malformed("it has xml:space, which 3MF forbids")),
            _ => Ok(()),
        })
    }
}

fn undeclared() -> ThreemfError {
    malformed("it has a prefix that is not declared")
}

/// A source that gives no more than `left` bytes: a tag, text or comment is in memory as a whole.
struct Metered<R> {
    source: R,
    left: u64,
}

impl<R: BufRead> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(into.len());
        into[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.left == 0 {
            return Err(Error::other("a tag, text or comment is longer than 1 MiB"));
        }
        self.source.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count as u64);
        self.source.consume(count);
    }
}
