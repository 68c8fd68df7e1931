//! Owns: the face of a part around its mark zone, as heights and brightness point by point. Must never know: light.

use super::RenderError;
use super::bvh::Bvh;
use crate::mesh::Mesh;
use crate::vec3::scale;
use crate::zone::Zone;

/// How far around the zone the surface reaches, as a share of its longer side.
const MARGIN: f64 = 0.15;
/// What rises higher above the face is cut off there, in micrometres.
const HIGHEST_UM: f32 = 3_000.0;
/// Where there is no part, the table is this far below the face, in micrometres.
pub(super) const TABLE_UM: f32 = -5_000.0;
const TABLE_ALBEDO: f32 = 0.12;
/// Most points along a side.
const MAX_SIDE: u64 = 4_096;

/// Heights and brightness on a square lattice, as seen from outside: rows from the zone's upper edge, each from the left.
#[derive(Debug, Clone, PartialEq)]
pub struct Surface {
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// From point to point, in micrometres.
    pub(super) pitch_um: f32,
    /// Above the plane of the face, in micrometres.
    pub(super) height_um: Vec<f32>,
    /// Share of light that comes back, 0 to 1.
    pub(super) albedo: Vec<f32>,
    /// Strength of mirrored lamps, where 1 is white.
    pub(super) gloss: f32,
}

impl Surface {
    /// The zone of `mesh` and its surroundings, with a point every `pitch_um` micrometres: a twelfth of a module is fine
    /// enough. Matt, and equally bright everywhere.
    ///
    /// # Errors
    /// [`RenderError::Zone`] and [`RenderError::BadPitch`].
    pub fn of_mesh(mesh: &Mesh, zone: &Zone, pitch_um: f32) -> Result<Self, RenderError> {
        let frame = zone.frame()?;
        let mut surface = Self::flat([zone.width_um, zone.height_um], pitch_um)?;
        let bvh = Bvh::of(&mesh.triangles);
        let down = scale(frame.normal, -1.0);
        let start_um = f64::from(HIGHEST_UM) + 1.0;
        let fallen_to = |[x_um, y_um]: [f64; 2]| {
            let from = frame.world([x_um / 1e3, y_um / 1e3, start_um / 1e3]);
            let met = bvh.nearest(from, down);
            met.map(|(_, mm)| (start_um - mm * 1e3) as f32)
        };
        for at in 0..surface.height_um.len() {
            let place = surface.place(at).map(f64::from);
            // Beside the lattice of the modules, and twice: a ray may slip through between two triangles.
            let tries = [0.013, 0.09].map(|aside| place.map(|c| c + aside * f64::from(pitch_um)));
            let highest = tries
                .into_iter()
                .filter_map(fallen_to)
                .max_by(f32::total_cmp);
            surface.set(at, highest.filter(|&um| um > TABLE_UM));
        }
        Ok(surface)
    }

    /// An even face of this size with its surroundings.
    pub(super) fn flat(size_um: [u32; 2], pitch_um: f32) -> Result<Self, RenderError> {
        let [width, height] = size_um.map(f64::from);
        let margin = 2.0 * MARGIN * width.max(height);
        let points = |um: f64| ((um + margin) / f64::from(pitch_um)) as u64;
        let (columns, rows) = (points(width), points(height));
        let sizes = 1..=MAX_SIDE;
        if !(pitch_um > 0.0 && sizes.contains(&columns) && sizes.contains(&rows)) {
            let max = MAX_SIDE;
            return Err(RenderError::BadPitch { columns, rows, max });
        }
        let count = (columns * rows) as usize;
        Ok(Self {
            columns: columns as usize,
            rows: rows as usize,
            pitch_um,
            height_um: vec![0.0; count],
            albedo: vec![0.6; count],
            gloss: 0.0,
        })
    }

    /// `None` is the table beside the part.
    pub(super) fn set(&mut self, at: usize, height_um: Option<f32>) {
        self.height_um[at] = height_um.unwrap_or(TABLE_UM).min(HIGHEST_UM);
        if height_um.is_none() {
            self.albedo[at] = TABLE_ALBEDO;
        }
    }

    /// With whatever is deeper than half of `depth_um` filled up to the face in another colour: two-coloured prints,
    /// and recesses with paint in them. `albedo` is that of the filling.
    pub fn inlaid(mut self, depth_um: f32, albedo: f32) -> Self {
        for (height, own) in self.height_um.iter_mut().zip(&mut self.albedo) {
            if *height < -depth_um / 2.0 && *height > TABLE_UM {
                (*height, *own) = (0.0, albedo);
            }
        }
        self
    }

    /// Right and up from the middle, in micrometres.
    pub(super) fn place(&self, at: usize) -> [f32; 2] {
        let (column, row) = (at % self.columns, at / self.columns);
        let x = column as f32 + 0.5 - self.columns as f32 / 2.0;
        let y = self.rows as f32 / 2.0 - row as f32 - 0.5;
        [x * self.pitch_um, y * self.pitch_um]
    }

    /// The point at these coordinates from the middle, in micrometres. `None` beside the surface.
    pub(super) fn at(&self, x_um: f32, y_um: f32) -> Option<usize> {
        let column = (x_um / self.pitch_um + self.columns as f32 / 2.0).floor();
        let row = (self.rows as f32 / 2.0 - y_um / self.pitch_um).floor();
        let inside = column >= 0.0
            && row >= 0.0
            && (column as usize) < self.columns
            && (row as usize) < self.rows;
        inside.then(|| row as usize * self.columns + column as usize)
    }

    /// The point so many columns and rows away; at an edge, the last one before it.
    pub(super) fn beside(&self, at: usize, columns: i32, rows: i32) -> usize {
        let moved = |from: usize, by: i32, count: usize| {
            from.saturating_add_signed(by as isize).min(count - 1)
        };
        let column = moved(at % self.columns, columns, self.columns);
        moved(at / self.columns, rows, self.rows) * self.columns + column
    }

    /// Whether the part is there, and not the table.
    pub(super) fn is_part(&self, at: usize) -> bool {
        self.height_um[at] > TABLE_UM
    }

    /// Direction that the surface faces: right, up and out, of length 1.
    pub(super) fn normal(&self, at: usize) -> [f32; 3] {
        let height = |columns, rows| self.height_um[self.beside(at, columns, rows)];
        let x = (height(-1, 0) - height(1, 0)) / (2.0 * self.pitch_um);
        let y = (height(0, 1) - height(0, -1)) / (2.0 * self.pitch_um);
        let length = (x * x + y * y + 1.0).sqrt();
        [x / length, y / length, 1.0 / length]
    }
}
