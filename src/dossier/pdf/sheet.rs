//! Pages as lists of what is drawn on them, and what each thing is to a reader who does not see it.
//!
//! Owns the page's measures, in points from its upper left corner, and the list of elements. Must never know what is written,
//! nor how a document is made of it.

use super::face::Glyph;

/// A4.
pub const PAGE: (f32, f32) = (595.276, 841.89);
/// Where text begins and ends.
pub const LEFT: f32 = 48.0;
/// Where text ends on the right.
pub const RIGHT: f32 = PAGE.0 - LEFT;
/// Width of the text.
pub const WIDTH: f32 = RIGHT - LEFT;
/// Where text begins below the head.
pub const TOP: f32 = 62.0;
/// Where text ends above the foot.
pub const BOTTOM: f32 = PAGE.1 - 58.0;

/// A colour.
pub type Ink = [u8; 3];
/// Of text.
pub const INK: Ink = [0x12, 0x18, 0x1f];
/// Of text beside it.
pub const SOFT: Ink = [0x50, 0x5a, 0x65];
/// Of rules.
pub const LINE: Ink = [0xd8, 0xdb, 0xd6];
/// Of the rail beside the life.
pub const RAIL: Ink = [0xc3, 0xc9, 0xcd];
/// Of headings.
pub const STEEL: Ink = [0x1b, 0x4a, 0x70];
/// Behind what stands out.
pub const STEEL_SOFT: Ink = [0xe4, 0xed, 0xf4];
/// Nothing.
pub const PAPER: Ink = [0xff, 0xff, 0xff];
/// What speaks against a part.
pub const STOP: Ink = [0xa3, 0x16, 0x1b];
/// Behind it.
pub const STOP_TINT: Ink = [0xfa, 0xe6, 0xe4];

/// A piece of an outline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Segment {
    /// To a place, without a line.
    Move(f32, f32),
    /// A line.
    Line(f32, f32),
    /// A curve by two control points.
    Curve(f32, f32, f32, f32, f32, f32),
    /// Back to where it began.
    Close,
}

/// Something that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Drawn {
    /// Glyphs from a place on a base line.
    Text {
        /// Left end of the base line.
        at: (f32, f32),
        /// What stands on it.
        glyphs: Vec<Glyph>,
        /// Size of the face.
        size: f32,
        /// Its colour.
        ink: Ink,
    },
    /// An outline, filled or drawn with a pen of a width.
    Shape {
        /// The outline.
        outline: Vec<Segment>,
        /// Colour within.
        fill: Option<Ink>,
        /// Colour and width of the pen.
        pen: Option<(Ink, f32)>,
    },
}

/// What an element is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A heading of this level; it stands in the outline.
    Heading(u16, String),
    /// A paragraph.
    Paragraph,
    /// A table of rows.
    Table,
    /// A row of cells.
    Row,
    /// A cell that names its column.
    Head,
    /// A cell.
    Cell,
    /// A drawing, with what it shows in words.
    Figure(String),
}

/// A node of the tree that a reader who does not see the pages goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// What it is.
    pub kind: Kind,
    /// In which element it stands.
    pub within: Option<usize>,
}

/// Something drawn, as a piece of an element; of none where it only looks nice.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Of which element.
    pub of: Option<usize>,
    /// What is drawn.
    pub drawn: Drawn,
}

/// A heading's place.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The heading.
    pub title: String,
    /// Its page, from 0.
    pub page: usize,
    /// From the top.
    pub y: f32,
}

/// All pages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheets {
    /// What stands on each.
    pub pages: Vec<Vec<Item>>,
    /// The elements in the order of reading.
    pub elements: Vec<Element>,
    /// Where the headings are.
    pub outline: Vec<Place>,
}

/// The outline of a rectangle.
pub fn rectangle(x: f32, y: f32, width: f32, height: f32) -> Vec<Segment> {
    use Segment::{Close, Line, Move};
    let (right, bottom) = (x + width, y + height);
    vec![
        Move(x, y),
        Line(right, y),
        Line(right, bottom),
        Line(x, bottom),
        Close,
    ]
}

/// The outline of a circle.
pub fn circle(x: f32, y: f32, radius: f32) -> Vec<Segment> {
    use Segment::{Close, Curve, Move};
    // As near to a circle as four curves come.
    let k = radius * 0.552_284_8;
    let (left, right, up, down) = (x - radius, x + radius, y - radius, y + radius);
    vec![
        Move(right, y),
        Curve(right, y + k, x + k, down, x, down),
        Curve(x - k, down, left, y + k, left, y),
        Curve(left, y - k, x - k, up, x, up),
        Curve(x + k, up, right, y - k, right, y),
        Close,
    ]
}
