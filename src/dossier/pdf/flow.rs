//! Text that flows down the pages.
//!
//! Owns where lines and pages break. A word that is wider than its column is broken, a heading never stands alone at the end
//! of a page, and no line is lost. Must never know what is told.

use super::face::{Face, Glyph, width};
use super::sheet::{
    BOTTOM, Drawn, Element, Ink, Item, Kind, LEFT, Place, Segment, Sheets, TOP, WIDTH,
};

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// The face.
    pub face: Face,
    /// Its size in points.
    pub size: f32,
    /// From base line to base line.
    pub lead: f32,
    /// The colour.
    pub ink: Ink,
}

impl Style {
    /// The same in another colour.
    pub fn ink(self, ink: Ink) -> Style {
        Style { ink, ..self }
    }
}

/// Where the next thing stands, and everything before it.
pub struct Flow {
    /// From the top of the page.
    pub y: f32,
    sheets: Sheets,
    open: Vec<usize>,
}

impl Flow {
    /// An empty first page.
    pub fn new() -> Flow {
        let sheets = Sheets {
            pages: vec![Vec::new()],
            ..Sheets::default()
        };
        Flow {
            y: TOP,
            sheets,
            open: Vec::new(),
        }
    }

    /// Everything that was written.
    pub fn finish(self) -> Sheets {
        self.sheets
    }

    /// Number of the page, from 0.
    pub fn page(&self) -> usize {
        self.sheets.pages.len() - 1
    }

    /// Goes on at the top of a new page.
    pub fn next_page(&mut self) {
        self.sheets.pages.push(Vec::new());
        self.y = TOP;
    }

    /// Sees to it that so much stands together; says whether a page began.
    pub fn room(&mut self, height: f32) -> bool {
        let is_full = self.y + height > BOTTOM && self.y > TOP;
        if is_full {
            self.next_page();
        }
        is_full
    }

    /// Whatever `write` writes is an element of this kind.
    pub fn element(&mut self, kind: Kind, write: impl FnOnce(&mut Flow)) {
        let within = self.open.last().copied();
        self.open.push(self.sheets.elements.len());
        self.sheets.elements.push(Element { kind, within });
        write(self);
        self.open.pop();
    }

    /// Draws on the page, as a piece of the element that is open.
    pub fn draw(&mut self, drawn: Drawn) {
        let of = self.open.last().copied();
        self.push(Item { of, drawn });
    }

    /// Draws what says nothing.
    pub fn decorate(&mut self, outline: Vec<Segment>, fill: Option<Ink>, pen: Option<(Ink, f32)>) {
        self.decorate_on(self.page(), outline, fill, pen);
    }

    /// Draws what says nothing on this page, from 0; what stands there lies below it.
    pub fn decorate_on(
        &mut self,
        page: usize,
        outline: Vec<Segment>,
        fill: Option<Ink>,
        pen: Option<(Ink, f32)>,
    ) {
        let drawn = Drawn::Shape { outline, fill, pen };
        self.sheets.pages[page].push(Item { of: None, drawn });
    }

    /// [`Flow::label`] of what was said before.
    pub fn label_again(&mut self, x: f32, baseline: f32, style: Style, text: &str) {
        let drawn = Drawn::Text {
            at: (x, baseline),
            glyphs: style.face.set(text),
            size: style.size,
            ink: style.ink,
        };
        self.push(Item { of: None, drawn });
    }

    fn push(&mut self, item: Item) {
        let page = self.sheets.pages.last_mut();
        page.expect("there is always a page").push(item);
    }

    /// One line from this place on, wherever that is.
    pub fn line(&mut self, x: f32, baseline: f32, style: Style, glyphs: Vec<Glyph>) {
        self.draw(Drawn::Text {
            at: (x, baseline),
            glyphs,
            size: style.size,
            ink: style.ink,
        });
    }

    /// A text of one line from this place on.
    pub fn label(&mut self, x: f32, baseline: f32, style: Style, text: &str) {
        self.line(x, baseline, style, style.face.set(text));
    }

    /// A text in lines of this width, going on where the page ends.
    pub fn text(&mut self, x: f32, column: f32, style: Style, text: &str) {
        for line in wrap(style, column, text) {
            self.room(style.lead);
            self.y += style.lead;
            self.line(x, self.y - (style.lead - style.size) * 0.6, style, line);
        }
    }

    /// A paragraph over the whole width.
    pub fn paragraph(&mut self, style: Style, text: &str) {
        self.element(Kind::Paragraph, |flow| flow.text(LEFT, WIDTH, style, text));
    }

    /// A heading that stands in the outline, together with at least so much of what follows.
    pub fn heading(&mut self, level: u16, style: Style, text: &str, follows: f32) {
        self.room(style.lead + follows);
        let place = Place {
            title: text.to_owned(),
            page: self.page(),
            y: self.y,
        };
        self.sheets.outline.push(place);
        let kind = Kind::Heading(level, text.to_owned());
        self.element(kind, |flow| flow.text(LEFT, WIDTH, style, text));
    }
}

/// A text in lines of at most this width, broken at spaces where there are some; there is at least one line.
pub fn wrap(style: Style, column: f32, text: &str) -> Vec<Vec<Glyph>> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        break_into(&mut lines, style, column, style.face.set(paragraph));
    }
    lines
}

/// [`wrap`], and what is beyond so many lines is cut off and shown to be.
pub fn wrap_within(style: Style, column: f32, text: &str, most: usize) -> Vec<Vec<Glyph>> {
    let mut lines = wrap(style, column, text);
    if lines.len() > most {
        lines.truncate(most);
        let dots = style.face.set("…");
        if let Some(last) = lines.last_mut() {
            while !last.is_empty() && width(last, style.size) + width(&dots, style.size) > column {
                last.pop();
            }
            last.extend(dots);
        }
    }
    lines
}

fn break_into(lines: &mut Vec<Vec<Glyph>>, style: Style, column: f32, glyphs: Vec<Glyph>) {
    let mut rest = &glyphs[..];
    loop {
        let end = fitting(style, column, rest);
        if end == rest.len() {
            lines.push(rest.to_vec());
            return;
        }
        // A space at the break stands in neither line; any other character in one.
        let line = &rest[..end];
        let cut = line.iter().rposition(|glyph| glyph.character == ' ');
        let is_space = rest[end].character == ' ';
        let (line, next) = match cut {
            _ if is_space => (line, end + 1),
            Some(at) if at > 0 => (&line[..at], at + 1),
            _ => (line, end),
        };
        lines.push(line.to_vec());
        rest = &rest[next..];
    }
}

/// How many glyphs fit, at least one.
fn fitting(style: Style, column: f32, glyphs: &[Glyph]) -> usize {
    let mut taken = 0.0;
    let beyond = glyphs.iter().position(|glyph| {
        taken += glyph.advance * style.size;
        taken > column
    });
    beyond.map_or(glyphs.len(), |at| at.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::pdf::sheet::INK;

    const STYLE: Style = Style {
        face: Face::Regular,
        size: 10.0,
        lead: 14.0,
        ink: INK,
    };

    fn lines(text: &str, column: f32) -> Vec<String> {
        let told = |line: Vec<Glyph>| line.iter().map(|of| of.character).collect();
        wrap(STYLE, column, text).into_iter().map(told).collect()
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_anywhere_and_nothing_is_lost() {
        assert_eq!(lines("", 50.0), [""]);
        assert_eq!(lines("one two three", 45.0), ["one two", "three"]);
        assert_eq!(lines("one\ntwo", 400.0), ["one", "two"]);
        let long = "x".repeat(400);
        let broken = lines(&long, 100.0);
        assert!(broken.len() > 10 && broken.concat() == long);
        // Even where nothing fits.
        assert_eq!(lines("abc", 0.5), ["a", "b", "c"]);
        let text = "The quick brown fox jumps over the lazy dog again and again";
        for column in 1_u8..200 {
            let words = lines(text, f32::from(column)).concat();
            assert_eq!(words.replace(' ', ""), text.replace(' ', ""), "{column}");
        }
    }

    #[test]
    fn pages_break_and_no_line_is_lost() {
        let mut flow = Flow::new();
        let text = vec!["word"; 20_000].join(" ");
        flow.paragraph(STYLE, &text);
        let sheets = flow.finish();
        assert!(sheets.pages.len() > 10);
        let all = sheets.pages.iter().flatten().map(|item| match &item.drawn {
            Drawn::Text { at, glyphs, .. } => {
                assert!(at.1 > TOP && at.1 <= BOTTOM, "{at:?}");
                glyphs.iter().filter(|of| of.character != ' ').count()
            }
            Drawn::Shape { .. } => 0,
        });
        assert_eq!(all.sum::<usize>(), 80_000);
    }

    #[test]
    fn what_is_cut_off_is_shown_to_be() {
        let cut = wrap_within(STYLE, 60.0, &"word ".repeat(50), 2);
        let told: String = cut[1].iter().map(|of| of.character).collect();
        assert!(cut.len() == 2 && told.ends_with('…') && width(&cut[1], 10.0) <= 60.0);
        assert_eq!(wrap_within(STYLE, 600.0, "short", 2).len(), 1);
    }
}
