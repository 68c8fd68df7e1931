//! The typefaces of the report, embedded, and how wide their characters are.
//!
//! Owns which glyph stands for which character, and what stands for a character that no face has: its code point, so that
//! nothing is lost or looks like something else. There is no shaping: Latin, Greek and Cyrillic read well without. Must never
//! know pages. Where the files come from is told in `faces/README.md`.

use krilla::text::{Font, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider as _};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Face {
    /// For reading.
    Regular,
    /// For what is read first.
    Bold,
    /// For identifiers.
    Mono,
}

const FILES: [&[u8]; 3] = [
    include_bytes!("faces/NotoSans-Regular.ttf"),
    include_bytes!("faces/NotoSans-Bold.ttf"),
    include_bytes!("faces/NotoSansMono-Regular.ttf"),
];

/// A character as it is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glyph {
    /// The face that has it.
    pub face: Face,
    /// Its number there.
    pub id: u32,
    /// Its width, in units of the size.
    pub advance: f32,
    /// What a reader copies out of the document.
    pub character: char,
}

struct Loaded {
    font: Font,
    glyphs: HashMap<char, (u32, f32)>,
}

static LOADED: LazyLock<[Loaded; 3]> = LazyLock::new(|| FILES.map(load));

fn load(file: &'static [u8]) -> Loaded {
    let good = "the embedded faces are good, as their test says";
    let face = FontRef::new(file).expect(good);
    let metrics = face.glyph_metrics(Size::unscaled(), LocationRef::default());
    let per_em = f32::from(
        face.metrics(Size::unscaled(), LocationRef::default())
            .units_per_em,
    );
    let width = |id| metrics.advance_width(id).unwrap_or(0.0) / per_em;
    let known = face.charmap().mappings();
    let known = known.filter_map(|(code, id)| {
        let character = char::from_u32(code)?;
        Some((character, (id.to_u32(), width(id))))
    });
    Loaded {
        glyphs: known.collect(),
        font: Font::new(file.into(), 0).expect(good),
    }
}

impl Face {
    fn loaded(self) -> &'static Loaded {
        &LOADED[self as usize]
    }

    /// As the library that writes the document knows it.
    pub fn font(self) -> Font {
        self.loaded().font.clone()
    }

    fn glyph(self, character: char) -> Option<Glyph> {
        let (id, advance) = *self.loaded().glyphs.get(&character)?;
        Some(Glyph {
            face: self,
            id,
            advance,
            character,
        })
    }

    /// The glyph of this face, or of the one that has more.
    fn nearest(self, character: char) -> Option<Glyph> {
        self.glyph(character)
            .or_else(|| Face::Regular.glyph(character))
    }

    /// A text of one line, every character of it.
    pub fn set(self, text: &str) -> Vec<Glyph> {
        let mut set = Vec::with_capacity(text.len());
        let mut missing: Vec<char> = Vec::new();
        for character in text.chars() {
            match self.nearest(character) {
                Some(glyph) => {
                    set.extend(self.code_points(&mut missing));
                    set.push(glyph);
                }
                None => missing.push(character),
            }
        }
        set.extend(self.code_points(&mut missing));
        set
    }

    /// `‹U+4E2D U+6587›` for characters that no face has.
    fn code_points(self, missing: &mut Vec<char>) -> Vec<Glyph> {
        if missing.is_empty() {
            return Vec::new();
        }
        let codes: Vec<_> = missing
            .drain(..)
            .map(|of| format!("U+{:04X}", u32::from(of)))
            .collect();
        let text = format!("‹{}›", codes.join(" "));
        text.chars()
            .filter_map(|character| self.nearest(character))
            .collect()
    }
}

/// Width of a set text at this size, in points.
pub fn width(glyphs: &[Glyph], size: f32) -> f32 {
    glyphs.iter().map(|glyph| glyph.advance * size).sum()
}

/// The glyphs as the library takes them, with the text that they stand for; all of one face.
pub fn run(glyphs: &[Glyph]) -> (String, Vec<KrillaGlyph>) {
    let mut text = String::new();
    let made = glyphs.iter().map(|glyph| {
        let start = text.len();
        text.push(glyph.character);
        let (id, advance) = (krilla::text::GlyphId::new(glyph.id), glyph.advance);
        KrillaGlyph::new(id, advance, 0.0, 0.0, 0.0, start..text.len(), None)
    });
    let made = made.collect();
    (text, made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        Face::Mono
            .set(text)
            .iter()
            .map(|glyph| glyph.character)
            .collect()
    }

    #[test]
    fn every_character_is_shown_as_itself_or_as_its_code_point() {
        for text in [
            "Bügel 7 µm",
            "Кронштейн",
            "Στήριγμα",
            "7K3Q 9XWD",
            "1\u{202f}234",
        ] {
            assert_eq!(told(text), text);
        }
        assert_eq!(told("支架 7"), "‹U+652F U+67B6› 7");
        assert_eq!(told("a\u{1f680}"), "a‹U+1F680›");
        assert_eq!(told("\u{e000}\n"), "‹U+E000 U+000A›");
        assert_eq!(told(""), "");
    }

    #[test]
    fn figures_of_a_face_are_of_one_width() {
        for face in [Face::Regular, Face::Bold, Face::Mono] {
            let widths: Vec<_> = face.set("0123456789").iter().map(|of| of.advance).collect();
            assert!(
                widths
                    .iter()
                    .all(|width| *width == widths[0] && *width > 0.4)
            );
        }
    }
}
