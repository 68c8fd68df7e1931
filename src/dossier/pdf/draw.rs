//! Pages as a PDF: PDF/A-2a for archives, PDF/UA-1 for readers who do not see it (ISO 19005-2, ISO 14289-1).
//!
//! Owns the way from lists of drawn things to the library that writes the file. Equal pages give equal bytes: there is no
//! time and no random number in it but those that are given. Must never know what is told.

use super::face::{self, Glyph};
use super::sheet::{Drawn, Ink, Item, Kind, PAGE, Segment, Sheets};
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{Path, PathBuilder, Point};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, LineCap, LineJoin, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, TableHeaderScope, Tag, TagGroup, TagTree,
};
use krilla::{Document, SerializeSettings};
use std::num::NonZeroU16;
use time::OffsetDateTime;

/// What the file says of itself.
pub struct About {
    /// Its title.
    pub title: String,
    /// What it is.
    pub description: String,
    /// Who wrote it.
    pub producer: String,
    /// When, Unix seconds.
    pub made_at: i64,
    /// Equal for equal files.
    pub id: String,
}

/// The library refuses to write the document; its word for it.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be written: {0}")]
pub struct Unwritable(String);

/// The document.
///
/// # Errors
/// [`Unwritable`]: the standards that it keeps to forbid something in it.
pub fn draw(sheets: &Sheets, about: &About) -> Result<Vec<u8>, Unwritable> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| Unwritable(format!("{error:?}")))?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    let mut pieces: Vec<Vec<Identifier>> = vec![Vec::new(); sheets.elements.len()];
    for items in &sheets.pages {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1);
        let settings = settings.ok_or(Unwritable("a page without size".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        draw_page(&mut surface, items, &mut pieces);
        surface.finish();
        page.finish();
    }
    document.set_outline(outline(sheets));
    document.set_tag_tree(tree(sheets, pieces));
    document.set_metadata(metadata(about));
    document
        .finish()
        .map_err(|error| Unwritable(format!("{error:?}")))
}

/// What follows each other and belongs to one element is one piece of it.
fn draw_page(surface: &mut Surface, items: &[Item], pieces: &mut [Vec<Identifier>]) {
    for group in items.chunk_by(|one, next| one.of == next.of) {
        match group[0].of {
            Some(of) => pieces[of].push(surface.start_tagged(ContentTag::Other)),
            None => {
                let layout = Artifact::with_kind(ArtifactType::Layout);
                surface.start_tagged(ContentTag::Artifact(layout));
            }
        }
        group.iter().for_each(|item| draw_one(surface, &item.drawn));
        surface.end_tagged();
    }
}

fn draw_one(surface: &mut Surface, drawn: &Drawn) {
    match drawn {
        Drawn::Text {
            at,
            glyphs,
            size,
            ink,
        } => draw_text(surface, *at, glyphs, *size, *ink),
        Drawn::Shape { outline, fill, pen } => {
            let Some(path) = path(outline) else {
                return;
            };
            surface.set_fill(fill.map(filled));
            surface.set_stroke(pen.map(|(ink, width)| Stroke {
                paint: colour(ink).into(),
                width,
                line_cap: LineCap::Butt,
                line_join: LineJoin::Round,
                ..Stroke::default()
            }));
            surface.draw_path(&path);
        }
    }
}

fn draw_text(surface: &mut Surface, at: (f32, f32), glyphs: &[Glyph], size: f32, ink: Ink) {
    surface.set_fill(Some(filled(ink)));
    surface.set_stroke(None);
    let mut x = at.0;
    for run in glyphs.chunk_by(|one, next| one.face == next.face) {
        let (text, made) = face::run(run);
        let start = Point::from_xy(x, at.1);
        surface.draw_glyphs(start, &made, run[0].face.font(), &text, size, false);
        x += face::width(run, size);
    }
}

fn filled(ink: Ink) -> Fill {
    Fill {
        paint: colour(ink).into(),
        ..Fill::default()
    }
}

fn colour([red, green, blue]: Ink) -> rgb::Color {
    rgb::Color::new(red, green, blue)
}

fn path(outline: &[Segment]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for segment in outline {
        match *segment {
            Segment::Move(x, y) => path.move_to(x, y),
            Segment::Line(x, y) => path.line_to(x, y),
            Segment::Curve(x1, y1, x2, y2, x, y) => path.cubic_to(x1, y1, x2, y2, x, y),
            Segment::Close => path.close(),
        }
    }
    path.finish()
}

fn outline(sheets: &Sheets) -> Outline {
    let mut outline = Outline::new();
    for place in &sheets.outline {
        let there = XyzDestination::new(place.page, Point::from_xy(0.0, place.y));
        outline.push_child(OutlineNode::new(place.title.clone(), there));
    }
    outline
}

/// Elements stand behind those that they stand in, so the last is always whole.
fn tree(sheets: &Sheets, pieces: Vec<Vec<Identifier>>) -> TagTree {
    let groups = sheets.elements.iter().zip(pieces);
    let mut groups: Vec<(Option<usize>, TagGroup)> = groups
        .map(|(element, pieces)| {
            let mut group = group(&element.kind);
            pieces.into_iter().for_each(|piece| group.push(piece));
            (element.within, group)
        })
        .collect();
    let mut top: Vec<Node> = Vec::new();
    let mut within: Vec<Vec<Node>> = vec![Vec::new(); groups.len()];
    while let Some((outer, mut group)) = groups.pop() {
        let inner = within.pop().unwrap_or_default();
        inner.into_iter().rev().for_each(|node| group.push(node));
        match outer {
            Some(outer) => within[outer].push(group.into()),
            None => top.push(group.into()),
        }
    }
    let mut tree = TagTree::new().with_lang(Some("en".to_owned()));
    top.into_iter().rev().for_each(|node| tree.push(node));
    tree
}

fn group(kind: &Kind) -> TagGroup {
    match kind {
        Kind::Heading(level, title) => {
            let level = NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN);
            TagGroup::new(Tag::Hn(level, Some(title.clone())))
        }
        Kind::Paragraph => TagGroup::new(Tag::P),
        Kind::Table => TagGroup::new(Tag::Table),
        Kind::Row => TagGroup::new(Tag::TR),
        Kind::Head => TagGroup::new(Tag::TH(TableHeaderScope::Column)),
        Kind::Cell => TagGroup::new(Tag::TD),
        Kind::Figure(shows) => TagGroup::new(Tag::Figure(Some(shows.clone()))),
    }
}

fn metadata(about: &About) -> Metadata {
    let mut metadata = Metadata::new()
        .title(about.title.clone())
        .description(about.description.clone())
        .language("en".to_owned())
        .creator(about.producer.clone())
        .producer(about.producer.clone())
        .document_id(about.id.clone());
    if let Some(date) = date(about.made_at) {
        metadata = metadata.creation_date(date);
    }
    metadata
}

/// `None` where no calendar reaches.
fn date(unix: i64) -> Option<DateTime> {
    let time = OffsetDateTime::from_unix_timestamp(unix).ok()?;
    let date = DateTime::new(u16::try_from(time.year()).ok()?);
    let date = date.month(time.month().into()).day(time.day());
    let date = date
        .hour(time.hour())
        .minute(time.minute())
        .second(time.second());
    Some(date.utc_offset_hour(0).utc_offset_minute(0))
}
