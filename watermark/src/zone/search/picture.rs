//! Owns: the picture of a part with its places drawn in, numbered by rank. Must never know: how places are found.

use super::Place;
use crate::mesh::Mesh;
use crate::scan::picture::{HEIGHT, PAPER, SIDES, VIEW, View, WIDTH, around, write};
use crate::vec3::{Vec3, add, dot, scale};
use image::{ImageEncoder, Rgb, RgbImage};

/// The best place, and the others: told apart with every common colour blindness.
const BEST: Rgb<u8> = Rgb([230, 120, 10]);
const OTHER: Rgb<u8> = Rgb([90, 160, 210]);
/// Squares are drawn so much in front of their face, as a share of half the part's diagonal.
const LIFT: f64 = 0.003;
/// Lines of words below the views.
const LINES: usize = 5;

/// The part from four sides as PNG, the places in it as squares with their rank, and in words below.
///
/// # Errors
/// Only where the picture cannot be encoded.
pub fn picture(mesh: &Mesh, places: &[Place]) -> Result<Vec<u8>, image::ImageError> {
    let mut page = RgbImage::from_pixel(WIDTH, HEIGHT, PAPER);
    let (middle, reach) = around(&mesh.triangles);
    for (index, (name, towards, up)) in SIDES.into_iter().enumerate() {
        let corner = [VIEW[0] * (index as u32 % 2), VIEW[1] * (index as u32 / 2)];
        if let Some(mut view) = View::new(middle, reach, towards, up) {
            view.fit(&mesh.triangles);
            view.reference(&mesh.triangles);
            view.put(&mut page, corner);
            for (rank, place) in places.iter().enumerate().rev() {
                draw(&view, &mut page, corner, rank, place);
            }
        }
        write(&mut page, [corner[0] + 20, corner[1] + 16], 2, name);
    }
    for (rank, place) in places.iter().take(LINES).enumerate() {
        let top = 1080 + 28 * rank as u32;
        write(&mut page, [60, top], 2, &words(rank, place));
    }
    let mut png = Vec::new();
    image::codecs::png::PngEncoder::new(&mut png).write_image(
        &page,
        WIDTH,
        HEIGHT,
        image::ExtendedColorType::Rgb8,
    )?;
    Ok(png)
}

fn words(rank: usize, place: &Place) -> String {
    let tenths = |um: u32| format!("{}.{:02}", um / 1000, um % 1000 / 10);
    let kind = place.symbol.kind.name().to_uppercase();
    format!(
        "{}: {kind}, {} mm, MODULES OF {} mm, DEPTH {} mm, SCORE {}",
        rank + 1,
        tenths(place.zone.width_um),
        tenths(place.zone.module_um),
        tenths(place.zone.depth_um),
        place.score
    )
}

/// The square where it is seen, and its rank in its middle.
fn draw(view: &View, page: &mut RgbImage, corner: [u32; 2], rank: usize, place: &Place) {
    let Ok(frame) = place.zone.frame() else {
        return;
    };
    if dot(frame.normal, view.axes[2]) <= 0.0 {
        return;
    }
    let half = f64::from(place.zone.width_um) / 2000.0;
    let lift = scale(frame.normal, view.reach * LIFT);
    let at = |x: f64, y: f64| view.seen(add(frame.world([x * half, y * half, 0.0]), lift));
    let corners: [Vec3; 4] = [at(-1.0, -1.0), at(1.0, -1.0), at(1.0, 1.0), at(-1.0, 1.0)];
    let colour = if rank == 0 { BEST } else { OTHER };
    let [a, b, c, d] = corners;
    for triangle in [[a, b, c], [a, c, d]] {
        View::covered(triangle, |pixel, depth| {
            if depth >= view.behind[pixel].0 {
                let pixel = pixel as u32;
                let at = [corner[0] + pixel % VIEW[0], corner[1] + pixel / VIEW[0]];
                page.put_pixel(at[0], at[1], colour);
            }
        });
    }
    let [x, y, depth] = at(0.0, 0.0);
    let [column, row] = [x, y].map(|c| c.max(0.0) as u32);
    let is_in_view = column < VIEW[0] && row < VIEW[1];
    if is_in_view && depth >= view.behind[(row * VIEW[0] + column) as usize].0 {
        let at = [
            (corner[0] + column).saturating_sub(6),
            (corner[1] + row).saturating_sub(8),
        ];
        write(page, at, 2, &(rank + 1).to_string());
    }
}
